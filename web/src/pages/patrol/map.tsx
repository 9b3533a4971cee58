// SPDX-License-Identifier: Apache-2.0
// The vehicle and its last hours, its route, and this phone; how far and in which direction.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { seg } from "@/api/client";
import type { Journey, Task, Track } from "@/api/model";
import { useGet } from "@/api/use";
import { metres, t } from "@/i18n";
import { bearing, bounds, distance, type Position } from "@/lib/geo";
import { linesOf, rowsOf } from "@/lib/track";
import type { Chart } from "@/map/chart";
import { MapBox } from "@/map/mapbox";
import { JourneyOverlay, SpotOverlay } from "@/map/paths";
import { seals as fleet } from "@/state/fleet";
import { kept } from "@/state/outbox";
import { Icon } from "@/ui/icon";
import { Time } from "@/ui/time";
import { here, whereAmI } from "./where";

const POINTS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"] as const;
export const compass = (degrees: number) => POINTS[Math.round((((degrees % 360) + 360) % 360) / 45) % 8]!;

/** The track from the platform, or as last seen. */
function useTrack(journey: string | null) {
  const loaded = useGet<Track>(journey ? `/journeys/${seg(journey)}/track?points=500` : null, true);
  const [old, setOld] = useState<Track | null>(null);
  useEffect(() => {
    const name = `track.${journey ?? ""}`;
    if (loaded.value) void kept.write(name, loaded.value);
    else void kept.read<Track>(name).then((x) => setOld(x ?? null));
  }, [loaded.value]);
  return { track: loaded.value ?? old, reload: loaded.reload };
}

export function PatrolMap({ task, journey }: { task: Task; journey: Journey | null }) {
  const overlays = useRef<{ journey: JourneyOverlay; vehicle: SpotOverlay; me: SpotOverlay } | null>(null);
  overlays.current ??= { journey: new JourneyOverlay("p"), vehicle: new SpotOverlay("p-vehicle"), me: new SpotOverlay("p-me") };
  const [chart, setChart] = useState<Chart | null>(null);
  const { track, reload } = useTrack(task.journey ?? null);
  const heard = Math.max(0, ...(journey?.seals ?? []).map((s) => Date.parse(fleet.get(s)?.heard ?? "") || 0));
  useEffect(() => reload(), [heard]);
  useEffect(() => void whereAmI(), []);
  const rows = useMemo(() => rowsOf(track).filter((r) => r.valid), [track]);
  const last = rows.at(-1);
  const at: Position | null = last ? [last.lon!, last.lat!] : null;
  const me: Position | null = here.value ? [here.value.lon, here.value.lat] : null;
  const route = useMemo(() => (journey?.route?.coordinates ?? []).map((c): Position => [c[0]!, c[1]!]), [journey]);
  useEffect(() => {
    overlays.current!.journey.show({ route, track: linesOf(rows) });
    overlays.current!.vehicle.show(at ? { at, accuracy: last!.accuracy, grade: task.grade ?? 0 } : null);
    overlays.current!.me.show(me ? { at: me, accuracy: here.value!.accuracy } : null);
  }, [rows, route, me?.[0], me?.[1], chart]);
  const frame = () => bounds([...(at ? [at] : route), ...(me ? [me] : [])]);
  useEffect(() => {
    const b = frame();
    if (chart && b) chart.fit(b, 60);
  }, [chart, at === null, me === null]);
  return (
    <div class="patrol-map">
      <MapBox class="page-map" label={t("map.label")} onOpen={(c) => setChart(c)} onFit={() => { const b = frame(); if (b) chart?.fit(b, 60); }}
        options={() => ({ overlays: [overlays.current!.journey, overlays.current!.vehicle, overlays.current!.me], bounds: frame(), padding: 60, maxZoom: 13 })} />
      <p class="patrol-where">
        {at && me ? <strong><Icon name="arrow" class="course" /> {t("patrol.away", { far: metres(distance(me, at)), where: compass(bearing(me, at)) })}</strong> : <span class="dim">{t("patrol.noPlace")}</span>}
        {last && <span class="dim">{t("seal.lastPosition")} <Time at={last.t} /></span>}
      </p>
    </div>
  );
}
