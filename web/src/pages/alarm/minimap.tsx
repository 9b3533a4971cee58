// SPDX-License-Identifier: Apache-2.0
// Where on its journey the alarm happened: the whole route with the spot.
import { useRef } from "preact/hooks";
import { useEffect } from "preact/hooks";
import type { Alarm } from "@/api/model";
import { t } from "@/i18n";
import { bounds, cut, type Position } from "@/lib/geo";
import { MapBox } from "@/map/mapbox";
import { JourneyOverlay, SpotOverlay } from "@/map/paths";
import { fetchRoute, routes } from "@/state/journeys";

export function MiniMap({ alarm: a }: { alarm: Alarm }) {
  const overlays = useRef<{ journey: JourneyOverlay; spot: SpotOverlay } | null>(null);
  overlays.current ??= { journey: new JourneyOverlay("mini"), spot: new SpotOverlay("mini-spot") };
  const at: Position = [a.position!.lon, a.position!.lat];
  const route = routes.value.get(a.journey);
  useEffect(() => {
    if (!route) void fetchRoute(a.journey);
  }, [a.journey]);
  const line = route?.line ?? [];
  const picture = () => {
    overlays.current!.journey.show({ route: line, corridor: route?.corridor ?? 0, ...(line.length > 1 ? { travelled: cut(line, at)[0] } : {}) });
    overlays.current!.spot.show({ at, grade: a.grade });
  };
  return (
    <MapBox key={`${a.id}${line.length}`} class="mini-map" label={t("alarm.where")}
      options={() => ({ overlays: [overlays.current!.journey, overlays.current!.spot], bounds: bounds([...line, at]), padding: 28, maxZoom: 11 })}
      onOpen={picture} />
  );
}
