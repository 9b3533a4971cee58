// SPDX-License-Identifier: Apache-2.0
// Saved views of a table: a name for what the address filters.
import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { t } from "@/i18n";
import type { SavedView } from "@/state/prefs";
import { Icon } from "./icon";
import { Button, Input } from "./parts";

export function Views({ views, current, onPick }: { views: Signal<SavedView[]>; current: string; onPick: (search: string) => void }) {
  const [naming, setNaming] = useState<string | null>(null);
  const save = (e: Event) => {
    e.preventDefault();
    const name = naming?.trim();
    if (name) views.value = [...views.value.filter((v) => v.name !== name), { name, search: current }];
    setNaming(null);
  };
  const here = views.value.find((v) => v.search === current);
  return (
    <div class="views" role="group" aria-label={t("journeys.views")}>
      {views.value.map((v) => (
        <span key={v.name} class={v === here ? "view on" : "view"}>
          <button type="button" onClick={() => onPick(v.search)}>{v.name}</button>
          <button type="button" aria-label={`${t("remove")}: ${v.name}`} onClick={() => (views.value = views.value.filter((x) => x !== v))}><Icon name="close" size={12} /></button>
        </span>
      ))}
      {naming !== null ? (
        <form class="view-name" onSubmit={save}><Input value={naming} onText={setNaming} placeholder={t("journeys.viewName")} aria-label={t("journeys.viewName")} autofocus maxLength={40} /><Button small kind="main" type="submit">{t("save")}</Button></form>
      ) : current && !here && <Button kind="quiet" icon="bookmark" onClick={() => setNaming("")}>{t("journeys.saveView")}</Button>}
    </div>
  );
}
