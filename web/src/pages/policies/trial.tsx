// SPDX-License-Identifier: Apache-2.0
// What a policy of goods would have asked of the dossiers there are, before it is saved.
import { useEffect, useState } from "preact/hooks";
import { post, seg } from "@/api/client";
import type { DutyTrial } from "@/api/model";
import { number, t, type Key } from "@/i18n";
import type { Body } from "@/lib/policy";
import { Button } from "@/ui/parts";
import { sayError } from "@/ui/toast";

const ROWS = ["compulsory", "active", "excepted", "none"] as const;

export function Trial({ policy, body }: { policy: string; body: Body }) {
  const [tried, setTried] = useState<DutyTrial | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => setTried(null), [JSON.stringify(body)]);
  const run = async () => {
    setBusy(true);
    try {
      setTried(await post<DutyTrial>(`/policies/${seg(policy)}/trial`, { body }));
    } catch (e) {
      sayError(e);
    }
    setBusy(false);
  };
  return (
    <div class="trial" aria-live="polite">
      <Button small icon="play" busy={busy} onClick={() => void run()}>{t("policy.trial")}</Button>
      {tried && (tried.journeys === 0 ? <p class="none">{t("policy.trial.none")}</p> : (
        <>
          <p>{tried.changed ? t("policy.trial.changed", { changed: number(tried.changed), n: number(tried.journeys) }) : t("policy.trial.same", { n: number(tried.journeys) })}{tried.refused > 0 && <strong> {t("policy.trial.refused", { n: tried.refused })}</strong>}</p>
          <table class="table small">
            <thead><tr><th>{t("policy.trial.sealing")}</th><th class="end">{t("policy.trial.before")}</th><th class="end">{t("policy.trial.after")}</th></tr></thead>
            <tbody>{ROWS.map((k) => <tr key={k}><td>{t(`duty.${k}` as Key)}</td><td class="end">{number(tried.before[k])}</td><td class="end">{number(tried.after[k])}</td></tr>)}</tbody>
          </table>
          {tried.items.length > 0 && <ul class="trial-list">{tried.items.slice(0, 10).map((i) => <li key={i.journey}><a href={`/journeys/${seg(i.journey)}`}>{i.journey}</a><span class="dim">{i.why}</span></li>)}</ul>}
        </>
      ))}
    </div>
  );
}
