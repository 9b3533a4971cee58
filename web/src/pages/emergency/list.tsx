// SPDX-License-Identifier: Apache-2.0
// Every emergency opening: those that wait for an answer, and, if wanted, those answered.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Emergency } from "@/api/model";
import { usePages } from "@/api/use";
import { t } from "@/i18n";
import { device, journeyTitle, short } from "@/lib/names";
import { journeys } from "@/state/journeys";
import { on } from "@/state/live";
import { query, setQuery } from "@/state/route";
import { Life } from "@/ui/badges";
import { Empty, PageHead, Select } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Table, type Column } from "@/ui/table";
import { Time } from "@/ui/time";
import { OneEmergency, tone, Until } from "./dialogs";

const journeyOf = (e: Emergency) => journeys.value.get(e.journey ?? "");
const columns: Column<Emergency>[] = [
  { key: "state", head: () => t("col.state"), cell: (e) => <Life group="emergencyState" value={e.state} tone={tone(e.state)} />, width: "120px" },
  { key: "journey", head: () => t("col.journey"), cell: (e) => <span class="clip">{[journeyOf(e)?.vehicle, journeyOf(e) ? journeyTitle(journeyOf(e)!) : short(e.journey ?? "")].filter(Boolean).join(" · ")}</span>, width: "220px" },
  { key: "reason", head: () => t("emergency.reason"), cell: (e) => <strong class="clip">{e.reason}</strong> },
  { key: "seal", head: () => t("emergency.seal"), cell: (e) => <span class="num">{e.seal ? device(e.seal) : "—"}</span>, width: "150px", minor: true },
  { key: "author", head: () => t("emergency.author"), cell: (e) => <span class="clip">{e.author_name ?? "—"}</span>, width: "170px", minor: true },
  { key: "since", head: () => t("emergency.since"), cell: (e) => <Time at={e.created} />, width: "100px", label: t("emergency.since") },
  { key: "until", head: () => t("emergency.answer"), cell: (e) => (e.state === "approved" ? <Until e={e} /> : <span class="clip dim">{e.answer ?? "—"}</span>), width: "200px" },
];

export function EmergencyList({ choice }: { choice: ComponentChildren }) {
  const q = query.value;
  const all = q.get("state") === "all";
  const list = usePages<Emergency>("/emergencies", { state: all ? null : "requested" }, 200);
  const [chosen, setChosen] = useState<string | null>(q.get("id"));
  useEffect(() => on("notice", (n) => n.about === "emergency" && list.reload()), [list.reload]);
  const text = (q.get("q") ?? "").toLowerCase();
  const rows = list.items.filter((e) => !text || [journeyOf(e)?.vehicle, journeyOf(e)?.reference, e.seal, e.reason, e.author_name].join(" ").toLowerCase().includes(text));
  const one = list.items.find((e) => e.id === chosen);
  return (
    <>
      <PageHead title={t("emergencies.title")}>{choice}</PageHead>
      <div class="filters">
        <SearchBox value={q.get("q") ?? ""} placeholder={t("emergency.search")} onText={(x) => setQuery({ q: x.trim() || null })} />
        <Select label={t("applications.state")} value={all ? "all" : ""} onPick={(v) => setQuery({ state: v || null })} options={[["", t("emergency.open")], ["all", t("emergency.all")]]} />
      </div>
      <Table columns={columns} rows={rows} id={(e) => e.id} onRow={(e) => setChosen(e.id)} list={list} current={chosen}
        empty={text ? <Empty icon="search" title={t("search.none")} /> : <Empty icon="lock-open" title={t("emergencies.empty")}>{t("emergencies.empty.about")}</Empty>} />
      {one && <OneEmergency e={one} onClose={() => setChosen(null)} onChanged={list.reload} />}
    </>
  );
}
