// SPDX-License-Identifier: Apache-2.0
// Journeys: search as one types, filters in the address, saved views.
import { useEffect, useRef, useState } from "preact/hooks";
import { usePages } from "@/api/use";
import { get, qs, seg } from "@/api/client";
import type { JourneySummary, Page } from "@/api/model";
import { t, word } from "@/i18n";
import { device, journeyTitle } from "@/lib/names";
import { deviation } from "@/lib/progress";
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

const FRESH_MS = 60_000;
const closed = (j: JourneySummary) => j.state === "released" || j.state === "cancelled";

function Due({ j }: { j: JourneySummary }) {
  const due = toMs(j.arrive_by);
  const late = due !== null && !closed(j) && j.state !== "arrived" && now.value > due;
  return <span class={late ? "late" : ""}><Time at={j.arrive_by} /></span>;
}

/** When it will be there, as far as that is known; marked when that is too late. */
function Eta({ j }: { j: JourneySummary }) {
  if (!j.eta) return <span class="none">—</span>;
  return <span class={(deviation(j.eta, j.arrive_by) ?? 0) > 0 ? "late" : ""}><Time at={j.eta} exact /></span>;
}

const columns: Column<JourneySummary>[] = [
  { key: "alarm", head: () => t("col.alarm"), cell: (j) => <Grade grade={j.grade} short />, width: "114px" },
  { key: "reference", head: () => t("col.reference"), cell: (j) => <a class="strong" href={`/journeys/${seg(j.id)}`}>{journeyTitle(j)}</a>, width: "158px" },
  { key: "state", head: () => t("col.state"), cell: (j) => <JourneyState state={j.state} />, width: "108px" },
  { key: "vehicle", head: () => t("col.vehicle"), cell: (j) => <span class="vehicle"><Mode mode={j.mode} /><span class="plate">{j.vehicle ?? "—"}</span></span>, width: "140px" },
  { key: "route", head: () => t("col.route"), cell: (j) => <span class="clip">{[j.origin?.name, j.destination?.name].map((n) => n ?? "—").join(" – ")}</span> },
  { key: "seals", head: () => t("col.seals"), cell: (j) => <span class="clip">{j.seals.length === 0 ? "—" : device(j.seals[0]!)}{j.seals.length > 1 && ` +${j.seals.length - 1}`}</span>, width: "136px", minor: true },
  { key: "carrier", head: () => t("col.carrier"), cell: (j) => <span class="clip">{j.carrier_name ?? "—"}</span>, width: "132px", minor: true },
  { key: "heard", head: () => t("col.heard"), cell: (j) => <Time at={j.heard} />, width: "92px", label: t("col.heard") },
  { key: "eta", head: () => t("col.eta"), cell: (j) => <Eta j={j} />, width: "92px", label: t("col.eta") },
  { key: "due", head: () => t("col.arriveBy"), cell: (j) => <Due j={j} />, width: "112px", label: t("col.arriveBy") },
];

const states = ["open", "draft", "sealed", "under-way", "arrived", "released", "cancelled"];

export function JourneysPage() {
  const q = query.value;
  const asked = { search: q.get("q"), state: q.get("state"), grade: q.get("grade"), carrier: q.get("carrier"), eta: "true" };
  const list = usePages<JourneySummary>("/journeys", asked);
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
  // What is expected changes while one looks on; the rows stay where they are.
  useEffect(() => {
    const timer = setInterval(() => void get<Page<JourneySummary>>(`/journeys${qs({ ...asked, limit: 100 })}`).then((page) => {
      const fresh = new Map(page.items.map((j) => [j.id, j]));
      latest.current.patch((rows) => rows.map((r) => { const f = fresh.get(r.id); return f ? { ...r, eta: f.eta ?? null, heard: f.heard ?? null, grade: f.grade } : r; }));
    }, () => undefined), FRESH_MS);
    return () => clearInterval(timer);
  }, [search.value]);
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
