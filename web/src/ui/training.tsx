// SPDX-License-Identifier: Apache-2.0
// Nobody should take a training for the real thing: this stands on every page, before signing in as well.
import { useEffect } from "preact/hooks";
import { locale, t } from "@/i18n";
import { full } from "@/lib/time";
import { following, now, training } from "@/state/clock";
import { Icon } from "./icon";

export function Training({ alone }: { alone?: boolean }) {
  const on = training.value !== null;
  useEffect(() => {
    document.title = on ? `${t("training")} · ${t("app.name")}` : t("app.name");
  }, [on]);
  if (training.value === null) return null;
  return (
    <div class={alone ? "training alone-page" : "training"} role="status">
      <Icon name="flag" size={16} /><strong>{t("training")}</strong><span>{t("training.about", { n: training.value })}</span>
      {following.value && <time title={full(now.value, locale.value)}>{new Date(now.value).toLocaleString(locale.value, { dateStyle: "medium", timeStyle: "medium" })}</time>}
    </div>
  );
}
