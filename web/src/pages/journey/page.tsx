// SPDX-License-Identifier: Apache-2.0
// One journey: its state and next step, the map with its track, time line, readings, parties, messages, audit.
import { useEffect, useMemo, useState } from "preact/hooks";
import { useGet } from "@/api/use";
import { seg } from "@/api/client";
import type { Alarm, AuditEntry, Journey, Page, TimelineItem, Track } from "@/api/model";
import { metres, t, word, type Key } from "@/i18n";
import { container, device, journeyTitle } from "@/lib/names";
import { isOpen } from "@/lib/queue";
import { span, toMs } from "@/lib/time";
import { rowsOf } from "@/lib/track";
import { alarms as liveAlarms } from "@/state/alarms";
import { now } from "@/state/clock";
import { seals as fleet, tick } from "@/state/fleet";
import { on } from "@/state/live";
import { query, setQuery } from "@/state/route";
import { may, role } from "@/state/session";
import { AlarmState, Battery, Grade, GradeMark, JourneyState, Mode, SealState } from "@/ui/badges";
import { Button, Empty, Facts, PageHead, Problem, Section, Skeleton } from "@/ui/parts";
import { Tabs } from "@/ui/tabs";
import { tell } from "@/ui/toast";
import { Time, words } from "@/ui/time";
import { objectLink } from "../audit";
import { Emergencies } from "../emergency/section";
import { Messages } from "../seal/messages";
import { Film } from "./film";
import { JourneyMap } from "./map";
import { Plots } from "./plots";
import { OwnStep } from "./own";
import { Arrival, isGoing, RoutingPoints, Travelled } from "./progress";
import { Steps } from "./steps";
import { PointCard, Timeline } from "./timeline";

export function JourneyPage({ id }: { id: string }) {
  void tick.value;
  const loaded = useGet<Journey>(`/journeys/${seg(id)}`, true);
  const track = useGet<Track>(`/journeys/${seg(id)}/track?points=4000`, true);
  const line = useGet<Page<TimelineItem>>(may("observe") ? `/journeys/${seg(id)}/timeline` : null, true);
  const past = useGet<Page<Alarm>>(`/journeys/${seg(id)}/alarms?limit=200`, true);
  const [hover, setCursor] = useState<number | null>(null);
  const [filmAt, setFilmAt] = useState<number | null>(null);
  const cursor = hover ?? filmAt;
  const chosen = query.value.get("point");
  const tab = query.value.get("tab") ?? "timeline";

  useEffect(() => on("journey", (e) => e.id === id && loaded.reload()), [id]);
  const heard = Math.max(0, ...(loaded.value?.seals ?? []).map((s) => toMs(fleet.get(s)?.heard) ?? 0));
  useEffect(() => {
    if (!heard || !track.value) return;
    const timer = setTimeout(() => { track.reload(); line.reload(); loaded.reload(); }, 2500);
    return () => clearTimeout(timer);
  }, [heard]);
  const mine = useMemo(() => {
    const all = new Map((past.value?.items ?? []).map((a) => [a.id, a]));
    for (const a of liveAlarms.value.values()) if (a.journey === id) all.set(a.id, { ...all.get(a.id), ...a });
    return [...all.values()].sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || Date.parse(b.onset ?? "") - Date.parse(a.onset ?? ""));
  }, [past.value, liveAlarms.value]);
  const rows = useMemo(() => rowsOf(track.value), [track.value]);
  const valid = useMemo(() => rows.filter((r) => r.valid), [rows]);
  const total = (track.value?.tracks ?? []).reduce((n, x) => n + x.total, 0);

  if (loaded.error?.status === 404) return <main class="page" id="page"><PageHead title={id} back="/journeys" /><Empty icon="route" title={t("journey.notFound")} /></main>;
  const j = loaded.value;
  if (!j) return <main class="page" id="page">{loaded.error ? <Problem error={tell(loaded.error)} retry={loaded.reload} /> : <Skeleton rows={12} />}</main>;
  const standing = mine.filter((a) => a.state !== "withdrawn");
  const moments = standing.map((a) => ({ t: toMs(a.onset) ?? 0, grade: a.grade, what: word("kind", a.kind) }));
  const pick = (row: string | null) => setQuery({ point: row });
  const tabs: [string, string][] = [["timeline", t("journey.timeline")], ["messages", t("journey.messages")], ...(may("observe") ? [["audit", t("journey.audit")] as [string, string]] : [])];
  return (
    <main class="page detail-page" id="page" tabIndex={-1}>
      <PageHead back="/journeys"
        title={<span class="title-row">{journeyTitle(j)}<JourneyState state={j.state} />{j.grade > 0 && <Grade grade={Math.max(0, ...mine.filter(isOpen).map((a) => a.grade))} />}</span>}
        sub={<>{[j.origin?.name, j.destination?.name].map((n) => n ?? "—").join(" – ")}{j.vehicle && <> · <span class="plate">{j.vehicle}</span></>}</>}>
        {may("plan") && <Button kind="quiet" icon="copy" href={`/journeys/new?from=${seg(id)}`}>{t("journey.copy")}</Button>}
        {may("plan") && <Button icon="pencil" href={`/journeys/${seg(id)}/edit`}>{t("journey.edit")}</Button>}
      </PageHead>
      {loaded.error && <Problem error={tell(loaded.error)} retry={loaded.reload} />}
      <Head j={j} etag={loaded.etag} onChanged={loaded.reload} />
      {(role.value === "carrier" || role.value === "trader") && <OwnStep journey={j} onChanged={loaded.reload} />}
      <div class="columns">
        <div class="column main">
          <JourneyMap journey={j} rows={rows} alarms={standing} cursor={cursor} film={filmAt !== null && hover === null} chosen={chosen} onHover={setCursor} onPick={pick} />
          <Film rows={valid} moments={moments} at={filmAt} onAt={setFilmAt} />
          {total > rows.length && <p class="dim note-line">{t("journey.thinned", { n: rows.length, total })}</p>}
          {chosen && <PointCard id={chosen} onClose={() => pick(null)} />}
          {rows.length > 0
            ? <Plots rows={rows} limits={j.limits ?? []} alarms={standing} cursor={cursor} onCursor={setCursor} onPick={pick} />
            : track.value && <Section title={t("journey.plots")}><p class="none">{t("journey.plots.empty")}</p></Section>}
          {may("observe") && (
            <section class="section tabbed">
              <header><Tabs value={tab} options={tabs} onPick={(v) => setQuery({ tab: v === "timeline" ? null : v })} /></header>
              {tab === "timeline" && (line.error ? <Problem error={tell(line.error)} retry={line.reload} /> : line.value ? <Timeline items={line.value.items} cursor={cursor} onHover={setCursor} onPick={pick} /> : <Skeleton rows={5} />)}
              {tab === "messages" && <Messages path={`/journeys/${seg(id)}/observations`} empty={t("journey.messages.empty")} beat={heard ? new Date(heard).toISOString() : null} start={1} />}
              {tab === "audit" && <Audit id={id} version={j.version} />}
            </section>
          )}
        </div>
        <div class="column side">
          <RoutingPoints journey={j} />
          <Section title={t("journey.alarms")}>
            {standing.length === 0 ? <p class="none">{t("journey.alarms.empty")}</p> : <AlarmLinks list={standing} />}
            {mine.length > standing.length && <details><summary>{t("journey.alarms.withdrawn", { n: mine.length - standing.length })}</summary><AlarmLinks list={mine.filter((a) => a.state === "withdrawn")} /></details>}
          </Section>
          <Section title={t("journey.seals")}>
            {j.seals.length === 0 ? <p class="none">{t("edit.noSeals")}</p> : (
              <ul class="seal-list">{j.seals.map((s) => {
                const live = fleet.get(s);
                return <li key={s}><a class="strong num" href={`/seals/${seg(s)}`}>{device(s)}</a><SealState state={live?.state.seal} proof={live?.knowledge} tampered={live?.tampered} /><Battery value={live?.percent ?? null} charging={live?.charging ?? null} /></li>;
              })}</ul>
            )}
          </Section>
          {may("urgent") && <Emergencies journey={j} />}
          <Parties j={j} />
        </div>
      </div>
    </main>
  );
}

function AlarmLinks({ list }: { list: Alarm[] }) {
  return <ul class="similar">{list.map((a) => <li key={a.id}><a href={`/watch?alarm=${seg(a.id)}`}><GradeMark grade={a.grade} size={13} solid={a.state === "raised"} /><span>{word("kind", a.kind)}</span><Time at={a.onset} /><AlarmState state={a.state} /></a></li>)}</ul>;
}

function Head({ j, etag, onChanged }: { j: Journey; etag: string | null; onChanged: () => void }) {
  const due = toMs(j.arrive_by);
  return (
    <section class="journey-head">
      <div class="journey-step">
        <span class="dim">{t(role.value === "carrier" || role.value === "trader" ? "own.stages" : "journey.step")}</span>
        <strong>{t(`${role.value === "carrier" || role.value === "trader" ? "own" : "journey"}.step.${j.state}` as Key, { to: j.destination?.name ?? "—" })}</strong>
      </div>
      <Travelled journey={j} />
      <Arrival journey={j} />
      {due !== null && (
        <div class="journey-due">
          <span class="dim">{t("journey.arriveBy")}</span>
          <strong><Time at={j.arrive_by} exact /></strong>
          {isGoing(j) && <span class={now.value > due ? "late" : "dim"}>{t(now.value > due ? "journey.overdue" : "journey.left", { span: span(due - now.value, words()) })}</span>}
        </div>
      )}
      {may("plan") && <Steps journey={j} etag={etag} onChanged={onChanged} />}
    </section>
  );
}

function Parties({ j }: { j: Journey }) {
  const minutes = (n: number | null | undefined) => (n === -1 ? t("none") : n ? span(n * 60_000, words()) : <span class="none">{t("edit.default")}</span>);
  return (
    <Section title={t("journey.parties")}>
      <Facts rows={[
        [t("journey.mode"), <Mode mode={j.mode} words />], [t("journey.regime"), word("regime", j.regime)],
        !!j.carrier_name && [t("col.carrier"), j.carrier_name], !!j.driver && [t("journey.driver"), j.driver], !!j.cargo && [t("journey.cargo"), j.cargo],
        !!j.containers?.length && [t("journey.containers"), j.containers.map((c) => <div key={c} class="num">{container(c)}</div>)],
        !!j.sealed_at && [t("journey.sealedAt"), <Time at={j.sealed_at} exact />], !!j.depart_by && [t("journey.departBy"), <Time at={j.depart_by} exact />],
        !!j.arrived_at && [t("journey.arrivedAt"), <Time at={j.arrived_at} exact />], !!j.unsealed_at && [t("journey.ended"), <Time at={j.unsealed_at} exact />],
        !!j.route && [t("journey.corridor"), j.corridor_m === -1 ? t("none") : j.corridor_m ? `± ${metres(j.corridor_m)}` : <span class="none">{t("edit.default")}</span>],
        [t("journey.silence"), minutes(j.silence_minutes)], [t("journey.stay"), minutes(j.stay_minutes)],
        !!j.stops?.length && [t("journey.stops"), j.stops.map((s, i) => <div key={i}>{s.name}{s.max_minutes ? <span class="dim"> · {span(s.max_minutes * 60_000, words())}</span> : null}</div>)],
        !!j.limits?.length && [t("journey.limits"), j.limits.map((l, i) => <div key={i}>{word("sensor", l.kind)} {l.min ?? "…"} – {l.max ?? "…"}</div>)],
        [t("raw.id"), <span class="dim">{j.id}</span>],
      ]} />
    </Section>
  );
}

function Audit({ id, version }: { id: string; version: number }) {
  const list = useGet<Page<AuditEntry>>(`/audit?limit=100&object=${seg(id)}`, true);
  useEffect(() => list.reload(), [version]);
  if (list.error) return <Problem error={tell(list.error)} retry={list.reload} />;
  if (!list.value) return <Skeleton rows={4} />;
  if (list.value.items.length === 0) return <p class="none">{t("audit.empty")}</p>;
  return <ol class="steps">{list.value.items.map((e) => <li key={e.seq}><Time at={e.time} exact seconds /><span>{word("action", e.action)}{objectLink(e) === null && e.object !== id ? ` ${e.object ?? ""}` : ""}</span><em>{e.user_name}</em></li>)}</ol>;
}
