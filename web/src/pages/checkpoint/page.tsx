// SPDX-License-Identifier: Apache-2.0
// The checkpoint: who is expected or here, and one journey at a time with its next step as the only large button.
import { useEffect, useState } from "preact/hooks";
import { seg } from "@/api/client";
import type { Dossier, Journey, JourneySummary, Station, Page } from "@/api/model";
import { useGet, usePages } from "@/api/use";
import { t, word } from "@/i18n";
import { journeyTitle } from "@/lib/names";
import { on } from "@/state/live";
import { query, setQuery } from "@/state/route";
import { session } from "@/state/session";
import { Grade, JourneyState, Mode } from "@/ui/badges";
import { Button, Empty, PageHead, Problem, Select, Skeleton } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { tell } from "@/ui/toast";
import { Time } from "@/ui/time";
import { DossierView, OpenDossier } from "./dossier";
import { stationHere } from "./here";
import { GetPreAdvice, TakePreAdvice } from "./preadvice";

/** It is still here, and what counts is when it has to leave. */
const waits = (j: JourneySummary) => !!j.depart_by && (j.state === "draft" || j.state === "sealed");

export function CheckpointPage({ id }: { id: string | null }) {
  return id ? <OneJourney id={id} /> : <Lane />;
}

function Lane() {
  const q = query.value;
  const stations = useGet<Page<Station>>("/stations?limit=500", true);
  const station = stationHere.value || (session.value?.user.station ?? "");
  const list = usePages<JourneySummary>("/journeys", { search: q.get("q"), state: q.get("state") ?? "open" }, 200);
  const [taking, setTaking] = useState(false);
  useEffect(() => on("journey", () => list.reload()), []);
  const here = list.items.filter((j) => !station || q.get("q") || q.get("all") || j.origin?.station === station || j.destination?.station === station);
  return (
    <main class="page checkpoint-lane" id="page" tabIndex={-1}>
      <PageHead title={t("checkpoint.title")}>
        <Button icon="upload" onClick={() => setTaking(true)}>{t("preAdvice.take")}</Button>
        <Select label={t("checkpoint.station")} value={station} onPick={(v) => (stationHere.value = v)} options={[["", t("checkpoint.everyStation")], ...(stations.value?.items ?? []).map((s) => [s.id, s.name] as const)]} />
      </PageHead>
      <div class="filters"><SearchBox value={q.get("q") ?? ""} placeholder={t("checkpoint.search")} onText={(x) => setQuery({ q: x.trim() || null })} /></div>
      {list.error && <Problem error={tell(list.error)} retry={list.reload} />}
      {here.length === 0 ? (list.loading ? <Skeleton rows={6} /> : <Empty icon="station" title={t("checkpoint.none")}>{t("checkpoint.none.about")}</Empty>) : (
        <ul class="lane">
          {here.map((j) => (
            <li key={j.id}>
              <a class="lane-card" href={`/checkpoint/${seg(j.id)}`}>
                <span class="plate big">{j.vehicle ?? "—"}</span>
                <span class="lane-who"><strong>{journeyTitle(j)}</strong><span class="dim">{[j.origin?.name, j.destination?.name].map((n) => n ?? "—").join(" – ")}</span></span>
                <span class="lane-state"><Mode mode={j.mode} /><JourneyState state={j.state} />{j.grade > 0 && <Grade grade={j.grade} short />}</span>
                <span class="lane-due"><span class="dim">{t(waits(j) ? "journey.departBy" : "col.arriveBy")}</span><Time at={waits(j) ? j.depart_by : j.arrive_by} /></span>
              </a>
            </li>
          ))}
        </ul>
      )}
      {taking && <TakePreAdvice onClose={() => setTaking(false)} />}
    </main>
  );
}

function OneJourney({ id }: { id: string }) {
  const journey = useGet<Journey>(`/journeys/${seg(id)}`, true);
  const dossier = useGet<Dossier>(journey.value?.dossier ? `/journeys/${seg(id)}/dossier` : null, true);
  useEffect(() => on("journey", (e) => { if (e.id === id) { journey.reload(); dossier.reload(); } }), [id]);
  useEffect(() => on("alarm", (a) => a.journey === id && dossier.reload()), [id]);
  const j = journey.value;
  if (!j) return <main class="page" id="page">{journey.error ? <Problem error={tell(journey.error)} retry={journey.reload} /> : <Skeleton rows={10} />}</main>;
  const none = j.dossier === false;
  return (
    <main class="page checkpoint" id="page" tabIndex={-1}>
      <PageHead back="/checkpoint"
        title={<span class="title-row"><span class="plate big">{j.vehicle ?? "—"}</span>{journeyTitle(j)}<JourneyState state={j.state} />{j.grade > 0 && <Grade grade={j.grade} />}</span>}
        sub={<>{[j.origin?.name, j.destination?.name].map((n) => n ?? "—").join(" – ")} · {word("regime", j.regime)} · <Mode mode={j.mode} words /></>}>
        {j.dossier && <GetPreAdvice journey={j} />}
        <Button kind="quiet" icon="route" href={`/journeys/${seg(id)}`}>{t("alarm.openJourney")}</Button>
      </PageHead>
      {dossier.error && <Problem error={tell(dossier.error)} retry={dossier.reload} />}
      {none ? <OpenDossier journey={j} onOpened={journey.reload} />
        : dossier.value ? <DossierView journey={j} dossier={dossier.value} onChanged={(d) => { if (d) dossier.set(d); dossier.reload(); journey.reload(); }} /> : <Skeleton rows={10} />}
    </main>
  );
}
