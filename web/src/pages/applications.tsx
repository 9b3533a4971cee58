// SPDX-License-Identifier: Apache-2.0
// Requests of carriers and traders for placing and removing seals: asked, answered, served, with the time that each took.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { newKey, post, seg } from "@/api/client";
import type { Application, ApplicationInput, JourneySummary, Page, Station } from "@/api/model";
import { useGet, usePages } from "@/api/use";
import { number, t, word } from "@/i18n";
import { journeyTitle } from "@/lib/names";
import { answeredAfter, median, servedAfter } from "@/lib/service";
import { fromInput, span } from "@/lib/time";
import { now } from "@/state/clock";
import { asked } from "@/state/emergencies";
import { journeys } from "@/state/journeys";
import { useKeys } from "@/state/keyboard";
import { on } from "@/state/live";
import { draft } from "@/state/prefs";
import { query, setQuery } from "@/state/route";
import { may, role, session } from "@/state/session";
import { Life } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Button, Empty, Facts, Field, Input, PageHead, Problem, Select } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Table, type Column } from "@/ui/table";
import { Tabs } from "@/ui/tabs";
import { Time, words } from "@/ui/time";
import { say } from "@/ui/toast";
import { EmergencyList } from "./emergency/list";
import { Log } from "./papers/log";
import { Steps, type StepOf } from "./papers/step";

const tone = (s: string) => (s === "submitted" ? "warn" : s === "accepted" ? "live" : "done") as "warn" | "live" | "done";
const isOpen = (a: Application) => a.state === "submitted" || a.state === "accepted";
const age = (ms: number | null) => (ms === null ? "—" : span(Math.max(ms, 60_000), words()));

function Service({ a }: { a: Application }) {
  if (a.state === "submitted") return <span class="dim">{t("application.waiting")} {age(now.value - Date.parse(a.created ?? ""))}</span>;
  const ms = servedAfter(a) ?? answeredAfter(a);
  return ms === null ? <span class="none">—</span> : <span>{age(ms)}</span>;
}

export function ApplicationsPage() {
  const tab = may("urgent") && query.value.get("tab") === "emergencies" ? "emergencies" : "requests";
  const waiting = asked.value.length;
  const choice = may("urgent") && <Tabs value={tab} options={[["requests", t("applications.tab")], ["emergencies", `${t("emergencies.tab")}${waiting ? ` · ${number(waiting)}` : ""}`]]} onPick={(v) => setQuery({ tab: v === "requests" ? null : v, q: null, state: null, station: null, id: null })} />;
  return <main class="page table-page" id="page" tabIndex={-1}>{tab === "requests" ? <Requests choice={choice} /> : <EmergencyList choice={choice} />}</main>;
}

function Requests({ choice }: { choice: ComponentChildren }) {
  const q = query.value;
  const all = q.get("state") === "all";
  const list = usePages<Application>("/applications", { state: all ? null : "open", station: q.get("station") }, 200);
  const stations = useGet<Page<Station>>("/stations?limit=500", true);
  const [making, setMaking] = useState(false);
  const [chosen, setChosen] = useState<string | null>(q.get("id"));
  useEffect(() => on("notice", (n) => n.about === "application" && list.reload()), [list.reload]);
  useKeys([{ stroke: "n", label: "applications.new", act: () => (may("apply") ? setMaking(true) : false) }]);
  const stationName = (id: string | null | undefined) => stations.value?.items.find((s) => s.id === id)?.name ?? id ?? "—";
  const text = (q.get("q") ?? "").toLowerCase();
  const rows = list.items.filter((a) => !text || [a.vehicle, a.container, a.reason, a.goods, a.author_name, stationName(a.station)].join(" ").toLowerCase().includes(text));
  const one = list.items.find((a) => a.id === chosen);
  const own = role.value === "carrier" || role.value === "trader";
  const answer = median(list.items.map(answeredAfter));
  const done = median(list.items.map(servedAfter));
  const columns: Column<Application>[] = [
    { key: "kind", head: () => t("application.kind"), cell: (a) => <strong>{word("applicationKind", a.kind)}</strong>, width: "170px" },
    { key: "state", head: () => t("col.state"), cell: (a) => <Life group="applicationState" value={a.state} tone={tone(a.state)} />, width: "120px" },
    { key: "what", head: () => t("col.about"), cell: (a) => <span class="clip">{[a.vehicle, a.container, a.reason].filter(Boolean).join(" · ")}</span> },
    { key: "station", head: () => t("application.station"), cell: (a) => <span class="clip">{stationName(a.station)}</span>, width: "170px" },
    { key: "wanted", head: () => t("application.wanted"), cell: (a) => (a.wanted_at ? <Time at={a.wanted_at} /> : <span class="none">—</span>), width: "110px", label: t("application.wanted") },
    ...(own ? [] : [{ key: "author", head: () => t("application.author"), cell: (a: Application) => <span class="clip">{a.author_name ?? "—"}</span>, width: "160px", minor: true }]),
    { key: "service", head: () => t("application.service"), cell: (a) => <Service a={a} />, width: "130px" },
  ];
  return (
    <>
      <PageHead title={t("applications.title")} sub={answer === null && done === null ? undefined : t("application.median", { answer: age(answer), done: age(done) })}>
        {choice}
        {may("apply") && <Button kind="main" icon="plus" hint="n" onClick={() => setMaking(true)}>{t("applications.new")}</Button>}
      </PageHead>
      <div class="filters">
        <SearchBox value={q.get("q") ?? ""} placeholder={t("applications.search")} onText={(x) => setQuery({ q: x.trim() || null })} />
        <Select label={t("applications.state")} value={all ? "all" : ""} onPick={(v) => setQuery({ state: v || null })} options={[["", t("applications.open")], ["all", t("applications.every")]]} />
        {!own && <Select label={t("application.station")} value={q.get("station") ?? ""} onPick={(v) => setQuery({ station: v || null })} options={[["", `${t("application.station")}: ${t("all")}`], ...(stations.value?.items ?? []).map((s) => [s.id, s.name] as const)]} />}
      </div>
      <Table columns={columns} rows={rows} id={(a) => a.id} onRow={(a) => setChosen(a.id)} list={list} current={chosen}
        empty={text ? <Empty icon="search" title={t("search.none")} /> : <Empty icon="inbox" title={t("applications.empty")}>{t(own ? "applications.empty.own" : "applications.empty.about")}</Empty>} />
      {making && <NewApplication stations={stations.value?.items ?? []} onClose={() => setMaking(false)} onSaved={() => { setMaking(false); list.reload(); }} />}
      {one && <OneApplication a={one} where={stationName(one.station)} onClose={() => setChosen(null)} onChanged={() => { list.reload(); }} />}
    </>
  );
}

function stepsOf(a: Application): StepOf[] {
  const officer = may("plan");
  const mine = a.author === session.value?.user.id || role.value === "carrier" || role.value === "trader";
  return [
    ...(officer && a.state === "submitted" ? [{ to: "accepted", label: t("application.accept"), icon: "check" as const, main: true, asks: "note" as const }] : []),
    ...(officer && a.state === "accepted" ? [{ to: "done", label: t("application.done"), icon: "check" as const, main: true, asks: "note" as const }] : []),
    ...(officer && isOpen(a) ? [{ to: "refused", label: t("application.refuse"), icon: "close" as const, asks: "reason" as const, about: t("application.refuse.about") }] : []),
    ...(mine && isOpen(a) ? [{ to: "withdrawn", label: t("application.withdraw"), icon: "undo" as const, asks: "note" as const }] : []),
  ];
}

function OneApplication({ a, where, onClose, onChanged }: { a: Application; where: string; onClose: () => void; onChanged: () => void }) {
  const j = a.journey ? journeys.value.get(a.journey) : undefined;
  return (
    <Dialog title={word("applicationKind", a.kind)} onClose={onClose} wide>
      <div class="dialog-body">
        <p class="paper-state"><Life group="applicationState" value={a.state} tone={tone(a.state)} /><Service a={a} /></p>
        <Facts rows={[
          [t("application.reason"), a.reason], [t("application.station"), where], !!a.wanted_at && [t("application.wanted"), <Time at={a.wanted_at} exact />],
          !!a.vehicle && [t("application.vehicle"), <span class="plate">{a.vehicle}</span>], !!a.container && [t("application.container"), <span class="num">{a.container}</span>], !!a.goods && [t("application.goods"), a.goods], !!a.seals && [t("application.seals"), a.seals],
          !!a.journey && [t("application.journey"), <a href={may("plan") ? `/checkpoint/${seg(a.journey)}` : `/journeys/${seg(a.journey)}`}>{j ? journeyTitle(j) : a.journey}</a>],
          !!a.answer && [t("emergency.answer"), a.answer],
          answeredAfter(a) !== null && [t("application.answered"), age(answeredAfter(a))], servedAfter(a) !== null && [t("application.served"), age(servedAfter(a))],
        ]} />
        <Log paper={a} group="applicationState" first="submitted" />
        <Steps path="/applications" paper={a} steps={stepsOf(a)} told={(s) => t("toast.application", { state: word("applicationState", s) })} onDone={onChanged} onRace={onChanged} key={a.version} />
      </div>
    </Dialog>
  );
}

interface Draft { kind: string; station: string; journey: string; vehicle: string; container: string; goods: string; seals: string; wanted: string; reason: string }

function NewApplication({ stations, onClose, onSaved }: { stations: Station[]; onClose: () => void; onSaved: () => void }) {
  const mine = useGet<Page<JourneySummary>>("/journeys?state=open&limit=200");
  const form = useForm<Draft>(draft.read<Draft>("application") ?? { kind: "placing", station: session.value?.user.station ?? "", journey: "", vehicle: "", container: "", goods: "", seals: "1", wanted: "", reason: "" }, (v) => draft.write("application", v));
  const v = form.value;
  const pick = (id: string) => {
    const j = mine.value?.items.find((x) => x.id === id);
    form.all({ ...v, journey: id, ...(j ? { vehicle: j.vehicle ?? v.vehicle, container: j.containers?.[0] ?? v.container } : {}) });
  };
  const send = (e: Event) => {
    e.preventDefault();
    void form.run(async () => {
      const words = (["journey", "vehicle", "container", "goods"] as const).filter((k) => v[k].trim()).map((k) => [k, v[k].trim()]);
      const body: ApplicationInput = { kind: v.kind as ApplicationInput["kind"], station: v.station, reason: v.reason.trim(), ...Object.fromEntries(words), ...(v.seals.trim() ? { seals: Number(v.seals) } : {}), ...(fromInput(v.wanted) ? { wanted_at: fromInput(v.wanted)! } : {}) };
      await post<Application>("/applications", body, { key: newKey() });
      draft.write("application", null);
      say(t("application.sent"));
      onSaved();
    });
  };
  return (
    <Dialog title={t("applications.new")} onClose={onClose} wide>
      <form onSubmit={send} noValidate>
        <fieldset class="choices two">
          <legend>{t("application.kind")}</legend>
          {(["placing", "removal"] as const).map((k) => <label key={k} class={v.kind === k ? "choice on" : "choice"}><input type="radio" name="kind" value={k} autofocus={v.kind === k} checked={v.kind === k} onChange={() => form.set("kind", k)} /><strong>{word("applicationKind", k)}</strong></label>)}
        </fieldset>
        <div class="grid2">
          <Field label={t("application.station")} error={form.wrong("station")}><Select value={v.station} onPick={(x) => form.set("station", x)} options={[["", t("application.pick")], ...stations.map((s) => [s.id, s.name] as const)]} /></Field>
          <Field label={`${t("application.wanted")} (${t("optional")})`} error={form.wrong("wanted_at")}><input type="datetime-local" value={v.wanted} onInput={(e) => form.set("wanted", e.currentTarget.value)} /></Field>
          <Field label={`${t("application.journey")} (${t("optional")})`} error={form.wrong("journey")}><Select value={v.journey} onPick={pick} options={[["", t("application.noJourney")], ...(mine.value?.items ?? []).map((j) => [j.id, [journeyTitle(j), j.vehicle].filter((x, i, all) => x && all.indexOf(x) === i).join(" · ")] as const)]} /></Field>
          <Field label={t("application.seals")} error={form.wrong("seals")}><Input name="seals" value={v.seals} onText={(x) => form.set("seals", x)} inputMode="numeric" maxLength={2} /></Field>
          <Field label={`${t("application.vehicle")} (${t("optional")})`} error={form.wrong("vehicle")}><Input name="vehicle" value={v.vehicle} onText={(x) => form.set("vehicle", x)} maxLength={31} /></Field>
          <Field label={`${t("application.container")} (${t("optional")})`} error={form.wrong("container")}><Input name="container" value={v.container} onText={(x) => form.set("container", x)} maxLength={31} /></Field>
        </div>
        <Field label={`${t("application.goods")} (${t("optional")})`} error={form.wrong("goods")}><Input name="goods" value={v.goods} onText={(x) => form.set("goods", x)} maxLength={199} /></Field>
        <Field label={t("application.reason")} error={form.wrong("reason")}><Input name="reason" value={v.reason} onText={(x) => form.set("reason", x)} maxLength={199} /></Field>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" icon="send" busy={form.busy} disabled={!v.station || !v.reason.trim()}>{t("application.send")}</Button></footer>
      </form>
    </Dialog>
  );
}
