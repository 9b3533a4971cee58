// SPDX-License-Identifier: Apache-2.0
// What raises an alarm: the built-in rules, and those that officers define and try before they hold.
import { useState } from "preact/hooks";
import { t } from "@/i18n";
import { query, setQuery } from "@/state/route";
import { may } from "@/state/session";
import { Button, PageHead } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Tabs } from "@/ui/tabs";
import { BuiltIn } from "./builtin";
import { DayAgain } from "./day";
import { Own } from "./own";

export function RulesPage() {
  const asked = query.value.get("tab");
  const tab = asked === "own" || (asked === "day" && may("places")) ? asked : "builtin";
  const [making, setMaking] = useState(false);
  return (
    <main class="page" id="page" tabIndex={-1}>
      <PageHead title={t("rules.title")} sub={t("rules.about")}>
        <Tabs value={tab} options={[["builtin", t("rules.builtin")], ["own", t("rules.own")], ...(may("places") ? [["day", t("day.tab")] as const] : [])]} onPick={(v) => setQuery({ tab: v === "builtin" ? null : v, q: null })} />
        {may("places") && <Button kind="main" icon="plus" onClick={() => { setQuery({ tab: "own" }); setMaking(true); }}>{t("rule.new")}</Button>}
      </PageHead>
      {tab !== "day" && <div class="filters"><SearchBox value={query.value.get("q") ?? ""} placeholder={t("rules.search")} onText={(x) => setQuery({ q: x.trim() || null })} /></div>}
      {tab === "day" ? <DayAgain /> : tab === "builtin" ? <BuiltIn /> : <Own making={making} onMade={() => setMaking(false)} />}
    </main>
  );
}
