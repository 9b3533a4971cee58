// SPDX-License-Identifier: Apache-2.0
// One seal: its state with proof, where it is, commands with verdicts, and everything it said.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useGet } from "@/api/use";
import { qs, seg } from "@/api/client";
import type { Seal, Track } from "@/api/model";
import { metres, quantity, t, word } from "@/i18n";
import { bounds, dms } from "@/lib/geo";
import { device, journeyTitle } from "@/lib/names";
import { linesOf, rowsOf } from "@/lib/track";
import type { Chart } from "@/map/chart";
import { MapBox } from "@/map/mapbox";
import { JourneyOverlay, SpotOverlay } from "@/map/paths";
import { serverNow } from "@/state/clock";
import { grades, open } from "@/state/alarms";
import { seals, tick } from "@/state/fleet";
import { journeys } from "@/state/journeys";
import { may } from "@/state/session";
import { Battery, Grade, GradeMark, SealState } from "@/ui/badges";
import { Icon } from "@/ui/icon";
import { Button, Empty, Facts, PageHead, Problem, Section, Skeleton } from "@/ui/parts";
import { tell } from "@/ui/toast";
import { Time } from "@/ui/time";
import { Commands } from "./commands";
import { Messages } from "./messages";
import { SealDialog } from "./record";

const DAY = 86_400_000;

export function SealPage({ id }: { id: string }) {
  void tick.value;
  const record = useGet<Seal>(`/seals/${seg(id)}`, true);
  const [editing, setEditing] = useState(false);
  const since = useMemo(() => new Date(serverNow() - DAY).toISOString(), [id]);
  const track = useGet<Track>(may("observe") ? `/seals/${seg(id)}/track${qs({ from: since, points: 2000 })}` : null);
  const live = seals.get(id) ?? record.value?.live ?? null;
  const overlays = useRef({ track: new JourneyOverlay("s"), spot: new SpotOverlay("s-spot") });
  const [chart, setChart] = useState<Chart | null>(null);
  const fix = live?.fix ?? null;
  const grade = grades.value.get(id) ?? 0;

  const rows = useMemo(() => rowsOf(track.value), [track.value]);
  useEffect(() => {
    overlays.current.track.show({ track: linesOf(rows), points: rows.filter((r) => r.valid).map((r, i) => ({ at: [r.lon!, r.lat!], id: r.id, stored: r.stored, i })) });
    const b = bounds([...rows.filter((r) => r.valid).map((r) => [r.lon!, r.lat!] as [number, number]), ...(fix ? [[fix.lon, fix.lat] as [number, number]] : [])]);
    if (b && chart) chart.map.fitBounds(b, { padding: 40, maxZoom: 13, duration: 0 });
  }, [rows, chart]);
  useEffect(() => overlays.current.spot.show(fix ? { at: [fix.lon, fix.lat], accuracy: fix.accuracy_m ?? null, grade } : null), [fix?.time, grade, chart]);

  if (record.error?.status === 404) return <main class="page" id="page"><PageHead title={device(id)} back="/seals" /><Empty icon="lock" title={t("seal.notFound")} /></main>;
  const s = record.value;
  const journey = (s?.journey ?? live?.journey) || null;
  const j = journey ? journeys.value.get(journey) : undefined;
  const mine = open.value.filter((a) => a.seal === id);
  return (
    <main class="page detail-page" id="page" tabIndex={-1}>
      <PageHead back="/seals" title={<span class="title-row"><span class="num">{device(id)}</span>{live && <SealState state={live.state.seal} proof={live.knowledge} tampered={live.tampered} />}{live?.tampered && live.state.seal !== "sealed" && <span class="badge tampered" title={t("proof.tampered.about")}><Icon name="warning" size={13} />{t("proof.tampered")}</span>}</span>}
        sub={<>{[s?.label, s && word("class", s.class), s?.model, s && word("life", s.life)].filter(Boolean).join(" · ")}</>}>
        {s && may("stock") && <Button icon="pencil" onClick={() => setEditing(true)}>{t("seal.record")}</Button>}
      </PageHead>
      {record.error && <Problem error={tell(record.error)} retry={record.reload} />}
      <div class="columns">
        <div class="column main">
          <MapBox class="page-map" label={t("seal.lastPosition")} onOpen={setChart}
            options={() => ({ overlays: [overlays.current.track, overlays.current.spot], ...(fix ? { view: { lat: fix.lat, lon: fix.lon, zoom: 11 } } : {}) })} >
            {live && !fix && <div class="map-empty">{t("map.noFix")}</div>}
          </MapBox>
          {may("observe") && <Messages path={`/seals/${seg(id)}/observations`} empty={t("seal.messages.empty")} beat={live?.heard ?? null} />}
        </div>
        <div class="column side">
          {mine.length > 0 && <Section title={t("journey.alarms")}><ul class="similar">{mine.map((a) => <li key={a.id}><a href={`/watch?alarm=${seg(a.id)}`}><GradeMark grade={a.grade} size={13} /><span>{word("kind", a.kind)}</span><Time at={a.onset} /></a></li>)}</ul></Section>}
          <Section title={t("seal.state")}>
            {!live && !s ? <Skeleton rows={4} /> : (
              <Facts rows={[
                ...(["shackle", "motor", "cover", "door"] as const).filter((p) => live?.state[p]).map((p) => [t(`part.${p}`), word(p, live!.state[p])] as [string, string]),
                [t("seal.heard"), <><Time at={live?.heard} /> <span class="dim">· {t(live?.connected ? "seal.connected" : "seal.notConnected")}</span></>],
                [t("battery"), <Battery value={live?.percent ?? null} charging={live?.charging ?? null} />],
                !!fix && [t("position"), <span>{dms(fix.lat, fix.lon)}{fix.accuracy_m ? <span class="dim"> ± {metres(fix.accuracy_m)}</span> : null}</span>],
                !!fix && [t("seal.lastPosition"), <Time at={fix.time} />],
                fix?.speed_kmh !== null && fix?.speed_kmh !== undefined && [t("speed"), quantity(fix.speed_kmh, "km/h")],
                [t("alarm.journey"), journey ? <a href={`/journeys/${seg(journey)}`}>{j ? journeyTitle(j) : journey}</a> : <span class="none">{t("seal.free")}</span>],
                grade > 0 && [t("col.alarm"), <Grade grade={grade} />],
              ]} />
            )}
          </Section>
          {may("plan") && <Commands seal={id} />}
        </div>
      </div>
      {editing && s && <SealDialog seal={s} etag={record.etag} onClose={() => setEditing(false)} onSaved={() => { setEditing(false); record.reload(); }} />}
    </main>
  );
}
