// SPDX-License-Identifier: Apache-2.0
// Journeys: search as one types, filters in the address, saved views.
import { useEffect, useRef, useState } from "preact/hooks";
import { usePages } from "@/api/use";
import { seg } from "@/api/client";
import type { JourneySummary } from "@/api/model";
import { t, word } from "@/i18n";
import { device, journeyTitle } from "@/lib/names";
import { toMs } from "@/lib/time";
import { now } from "@/state/clock";
import { useKeys } from "@/state/keyboard";
import { on } from "@/state/live";
import { journeyViews } from "@/state/prefs";
import { go, query, search, setQuery } from "@/state/route";
import { may } from "@/state/session";
import { Grade, JourneyState, Mode } from "@/ui/badges";
import { Button, Empty, PageHead, Select } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Table, type Column } from "@/ui/table";
import { Time } from "@/ui/time";
import { Views } from "@/ui/views";

const closed = (j: JourneySummary) => j.state === "released" || j.state === "cancelled";

function Due({ j }: { j: JourneySummary }) {
  const due = toMs(j.arrive_by);
  const late = due !== null && !closed(j) && j.state !== "arrived" && now.value > due;
  return <span class={late ? "late" : ""}><Time at={j.arrive_by} /></span>;
}

const columns: Column<JourneySummary>[] = [
  { key: "alarm", head: () => t("col.alarm"), cell: (j) => <Grade grade={j.grade} short />, width: "114px" },
  { key: "reference", head: () => t("col.reference"), cell: (j) => <a class="strong" href={`/journeys/${seg(j.id)}`}>{journeyTitle(j)}</a>, width: "158px" },
  { key: "state", head: () => t("col.state"), cell: (j) => <JourneyState state={j.state} />, width: "108px" },
  { key: "vehicle", head: () => t("col.vehicle"), cell: (j) => <span class="vehicle"><Mode mode={j.mode} /><span class="plate">{j.vehicle ?? "—"}</span></span>, width: "140px" },
  { key: "route", head: () => t("col.route"), cell: (j) => <span class="clip">{[j.origin?.name, j.destination?.name].map((n) => n ?? "—").join(" – ")}</span> },
  { key: "seals", head: () => t("col.seals"), cell: (j) => <span class="clip">{j.seals.length === 0 ? "—" : device(j.seals[0]!)}{j.seals.length > 1 && ` +${j.seals.length - 1}`}</span>, width: "156px", minor: true },
  { key: "carrier", head: () => t("col.carrier"), cell: (j) => <span class="clip">{j.carrier_name ?? "—"}</span>, width: "160px", minor: true },
  { key: "heard", head: () => t("col.heard"), cell: (j) => <Time at={j.heard} />, width: "92px", label: t("col.heard") },
  { key: "due", head: () => t("col.arriveBy"), cell: (j) => <Due j={j} />, width: "112px", label: t("col.arriveBy") },
];

const states = ["open", "draft", "sealed", "under-way", "arrived", "released", "cancelled"];

export function JourneysPage() {
  const q = query.value;
  const list = usePages<JourneySummary>("/journeys", { search: q.get("q"), state: q.get("state"), grade: q.get("grade"), carrier: q.get("carrier") });
  const [unseen, setUnseen] = useState<ReadonlySet<string>>(new Set());
  const latest = useRef(list);
  latest.current = list;
  const reload = () => {
    setUnseen(new Set());
    latest.current.reload();
  };
  useEffect(() => on("journey", (e) => {
    const { items, patch } = latest.current;
    if (items.some((r) => r.id === e.id)) patch((rows) => rows.map((r) => (r.id === e.id ? { ...r, state: e.state } : r)));
    else setUnseen((old) => new Set([...old, e.id])); // offered, not pushed in under the pointer
  }), []);
  const empty = list.items.length === 0;
  useEffect(() => {
    if (!empty || unseen.size === 0) return;
    const timer = setTimeout(reload, 500);
    return () => clearTimeout(timer);
  }, [empty, unseen]);
  useKeys([{ stroke: "n", label: "key.newJourney", act: () => (may("plan") ? go("/journeys/new") : false) }]);
  const filtered = ["q", "state", "grade", "carrier"].some((k) => q.get(k));
  return (
    <main class="page table-page" id="page" tabIndex={-1}>
      <PageHead title={t("journeys.title")}>
        {may("plan") && <Button kind="main" icon="plus" href="/journeys/new">{t("journeys.new")}</Button>}
      </PageHead>
      <div class="filters">
        <SearchBox value={q.get("q") ?? ""} placeholder={t("journeys.search")} onText={(x) => setQuery({ q: x.trim() || null })} />
        <Select label={t("col.state")} value={q.get("state") ?? ""} onPick={(v) => setQuery({ state: v })} options={[["", `${t("col.state")}: ${t("all")}`], ...states.map((s) => [s, word("journeyState", s)] as const)]} />
        <Select label={t("col.alarm")} value={q.get("grade") ?? ""} onPick={(v) => setQuery({ grade: v })} options={[["", `${t("col.alarm")}: ${t("all")}`], ...["3", "2", "1"].map((g) => [g, word("grade", g)] as const)]} />
        {filtered && <Button kind="quiet" icon="close" onClick={() => go("/journeys")}>{t("journeys.clear")}</Button>}
        {!empty && unseen.size > 0 && <Button kind="plain" icon="refresh" onClick={reload}>{t("journeys.changed", { n: unseen.size })}</Button>}
        <Views views={journeyViews} current={search.value} onPick={(s) => go(`/journeys${s}`)} />
      </div>
      <Table columns={columns} rows={list.items} id={(j) => j.id} href={(j) => `/journeys/${seg(j.id)}`} list={list}
        empty={filtered ? <Empty icon="search" title={t("journeys.noHit")}>{t("journeys.noHit.about")}</Empty> : <Empty icon="route" title={t("journeys.empty")}>{t("journeys.empty.about")}</Empty>} />
    </main>
  );
}
