// SPDX-License-Identifier: Apache-2.0
// The journey on the map: corridor to scale, route, what was travelled, every point; the cursor shared with the plots.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Alarm, Journey } from "@/api/model";
import { t } from "@/i18n";
import { bounds, type Position } from "@/lib/geo";
import { countUntil, frameAt } from "@/lib/film";
import { toMs } from "@/lib/time";
import { at, linesOf, type TrackRow } from "@/lib/track";
import { collection, type Chart, type Overlay } from "@/map/chart";
import { MapBox } from "@/map/mapbox";
import { JourneyOverlay, SpotOverlay } from "@/map/paths";

interface Props { journey: Journey; rows: TrackRow[]; alarms: Alarm[]; cursor: number | null; film: boolean; chosen: string | null; onHover: (t: number | null) => void; onPick: (id: string | null) => void }

/** Alarms as rings where they happened. */
const alarmOverlay: Overlay = {
  sources: () => ({ "j-alarms": { type: "geojson", data: collection() } }),
  layers: () => [{ id: "j-alarms", type: "symbol", source: "j-alarms", layout: { "icon-image": ["concat", "ring-", ["to-string", ["get", "grade"]]], "icon-allow-overlap": true, "icon-size": 0.8 } }],
};

export function JourneyMap({ journey: j, rows, alarms, cursor, film, chosen, onHover, onPick }: Props) {
  const overlays = useRef<{ journey: JourneyOverlay; spot: SpotOverlay } | null>(null);
  overlays.current ??= { journey: new JourneyOverlay("j"), spot: new SpotOverlay("j-spot") };
  const [chart, setChart] = useState<Chart | null>(null);
  const latest = useRef({ rows, onHover, onPick });
  latest.current = { rows, onHover, onPick };
  const route = useMemo(() => (j.route?.coordinates ?? []).map((c): Position => [c[0]!, c[1]!]), [j.route]);
  const valid = useMemo(() => rows.filter((r) => r.valid), [rows]);
  const places = [
    ...(j.origin ? [{ place: j.origin, role: "origin" }] : []), ...(j.stops ?? []).map((place) => ({ place, role: "stop" })),
    ...(j.destination ? [{ place: j.destination, role: "destination" }] : []),
  ];
  const whole = () => bounds([...route, ...valid.map((r): Position => [r.lon!, r.lat!]), ...places.map((p): Position => [p.place.lon, p.place.lat])]);

  // In the film, only what was known at the moment is drawn; the track grows with each report, not with each frame.
  const frame = film && cursor !== null ? frameAt(valid, cursor) : null;
  const known = film && cursor !== null ? countUntil(valid, cursor) : valid.length;
  const happened = film && cursor !== null ? alarms.filter((a) => (toMs(a.onset) ?? 0) <= cursor) : alarms;
  useEffect(() => {
    const shown = valid.slice(0, known);
    overlays.current!.journey.show({
      route, corridor: j.corridor_m ?? 0, track: linesOf(shown), places,
      points: shown.map((r, i) => ({ at: [r.lon!, r.lat!], id: r.id, stored: r.stored, i })),
    });
  }, [j.version, valid, known, chart]);
  const fitted = useRef(false);
  useEffect(() => {
    const b = whole();
    if (!chart || !b || fitted.current) return;
    fitted.current = true;
    chart.map.fitBounds(b, { padding: 40, maxZoom: 13, duration: 0 });
  }, [chart, valid]);
  useEffect(() => chart?.setData("j-alarms", collection(happened.filter((a) => a.position).map((a) => ({ type: "Feature", properties: { grade: a.grade }, geometry: { type: "Point", coordinates: [a.position!.lon, a.position!.lat] } })))), [alarms, happened.length, chart]);
  useEffect(() => {
    if (frame) return overlays.current!.spot.show({ at: frame.at, accuracy: frame.reckoned ? null : frame.row.accuracy });
    const r = cursor !== null ? at(valid, cursor) : (valid.find((x) => x.id === chosen) ?? valid.at(-1));
    overlays.current!.spot.show(r ? { at: [r.lon!, r.lat!], accuracy: cursor === null ? r.accuracy : null } : null);
  }, [cursor, chosen, valid, chart]);

  const onOpen = (c: Chart) => {
    setChart(c);
    const hit = (e: { point: { x: number; y: number } }) => {
      const box: [[number, number], [number, number]] = [[e.point.x - 6, e.point.y - 6], [e.point.x + 6, e.point.y + 6]];
      const f = c.map.getLayer("j-points") && c.map.queryRenderedFeatures(box, { layers: ["j-points"] })[0];
      return f ? (latest.current.rows.find((r) => r.id === f.properties["id"]) ?? null) : null;
    };
    c.map.on("mousemove", (e) => {
      const r = hit(e);
      c.map.getCanvas().style.cursor = r ? "pointer" : "";
      latest.current.onHover(r ? r.t : null);
    });
    c.map.on("mouseout", () => latest.current.onHover(null));
    c.map.on("click", (e) => {
      const r = hit(e);
      if (r) latest.current.onPick(r.id);
    });
  };
  return (
    <MapBox class="page-map tall" label={t("map.label")} onOpen={onOpen} onFit={() => { const b = whole(); if (b) chart?.fit(b, 40); }}
      options={() => ({ overlays: [overlays.current!.journey, alarmOverlay, overlays.current!.spot], bounds: whole(), padding: 40, maxZoom: 13 })}>
      {rows.length > 0 && valid.length === 0 && <div class="map-empty">{t("journey.noTrack")}</div>}
    </MapBox>
  );
}
