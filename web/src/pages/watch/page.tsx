// SPDX-License-Identifier: Apache-2.0
// The watch: map left, queue right, detail over the map. Nothing leaves the map.
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "@/api/client";
import type { Alarm, Page, Station } from "@/api/model";
import { t } from "@/i18n";
import { bounds, cut, type Position } from "@/lib/geo";
import { step } from "@/lib/queue";
import type { Chart, View } from "@/map/chart";
import { FleetOverlay } from "@/map/fleet";
import { MapBox } from "@/map/mapbox";
import { GroundOverlay, JourneyOverlay, SpotOverlay } from "@/map/paths";
import { alarms, announcement, open } from "@/state/alarms";
import { seals, tick } from "@/state/fleet";
import { fetchRoute, journeys, routes } from "@/state/journeys";
import { useKeys } from "@/state/keyboard";
import { path, query, setQuery } from "@/state/route";
import { useMedia } from "@/ui/media";
import { AlarmPanel } from "../alarm/panel";
import { Legend } from "./legend";
import { Queue, shownIds } from "./queue";
import { SealCard } from "./sealcard";

function viewOf(text: string | null): View | null {
  const [lat, lon, zoom] = (text ?? "").split(",").map(Number);
  return lat !== undefined && lon !== undefined && zoom !== undefined && [lat, lon, zoom].every(Number.isFinite) && Math.abs(lat) <= 90 ? { lat, lon, zoom } : null;
}

class Layers {
  readonly ground = new GroundOverlay();
  readonly journey = new JourneyOverlay("w");
  readonly fleet = new FleetOverlay();
  readonly spot = new SpotOverlay();
  chart: Chart | null = null;
}

function fleetBounds() {
  const at = [...seals.values()].flatMap((s) => (s.fix && s.journey ? [[s.fix.lon, s.fix.lat] as Position] : []));
  const any = at.length ? at : [...seals.values()].flatMap((s) => (s.fix ? [[s.fix.lon, s.fix.lat] as Position] : []));
  return bounds(any);
}

export function WatchPage() {
  const layers = useRef<Layers | null>(null);
  layers.current ??= new Layers();
  const l = layers.current;
  const [chart, setChart] = useState<Chart | null>(null);
  const narrow = useMedia("(max-width: 760px)");
  const alarmId = query.value.get("alarm");
  const sealId = query.value.get("seal");
  const tab = query.value.get("tab") ?? "alarms";
  const alarm = alarmId ? alarms.value.get(alarmId) : undefined;
  const located = useRef<string | null>(null);
  const fitted = useRef(query.value.get("at") !== null);

  const padding = () => ({ top: 40, bottom: 40, left: 40, right: alarmId && !narrow ? Math.min(520, innerWidth * 0.4) : 40 });
  const fitAll = () => {
    const b = fleetBounds();
    if (b) chart?.fit(b, padding(), 12);
  };
  const show = (a: Alarm) => {
    const at = a.position ?? (a.seal ? seals.get(a.seal)?.fix : null); // without its own place: where the seal is now
    if (at) chart?.fly([at.lon, at.lat], 11, padding());
    else fitAll();
  };
  const close = () => setQuery({ alarm: null, seal: null });
  const move = (by: 1 | -1) => () => setQuery({ alarm: step(shownIds.current, alarmId, by), seal: null });

  useKeys([
    { stroke: "j", label: "key.next", act: move(1) },
    { stroke: "k", label: "key.previous", act: move(-1) },
    { stroke: "0", label: "key.map", act: fitAll },
  ], [alarmId, chart]);

  const onOpen = (c: Chart) => {
    l.chart = c;
    setChart(c);
    let timer = 0;
    c.map.on("moveend", () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        if (path.value !== "/watch") return;
        const v = c.view();
        setQuery({ at: `${v.lat.toFixed(4)},${v.lon.toFixed(4)},${v.zoom.toFixed(2)}` });
      }, 300);
    });
    c.map.on("click", (e) => {
      const box: [[number, number], [number, number]] = [[e.point.x - 8, e.point.y - 8], [e.point.x + 8, e.point.y + 8]];
      const hit = c.map.queryRenderedFeatures(box, { layers: ["seals", "clusters"] })[0];
      if (!hit) return setQuery({ seal: null });
      if (hit.properties["point_count"]) return c.fly((hit.geometry as GeoJSON.Point).coordinates as Position, c.map.getZoom() + 2.2);
      setQuery({ seal: String(hit.properties["id"]), alarm: null }, true);
    });
    for (const layer of ["seals", "clusters"]) {
      c.map.on("mouseenter", layer, () => (c.map.getCanvas().style.cursor = "pointer"));
      c.map.on("mouseleave", layer, () => (c.map.getCanvas().style.cursor = ""));
    }
    void get<Page<Station>>("/stations?limit=1000").then((p) => l.ground.stations(p.items), () => undefined);
    return () => clearTimeout(timer);
  };

  const beat = tick.value;
  useEffect(() => {
    l.fleet.draw();
    if (!fitted.current && chart && seals.size > 0 && !alarmId) {
      fitted.current = true;
      const b = fleetBounds();
      if (b) chart.map.fitBounds(b, { padding: 64, maxZoom: 12, duration: 0 });
    }
  }, [beat, chart]);
  useEffect(() => l.ground.routes([...routes.value.values()]), [routes.value, chart]);

  // The alarm or seal that is looked at: its journey's corridor and the travelled part.
  const seal = sealId ? seals.get(sealId) : alarm?.seal ? seals.get(alarm.seal) : undefined;
  const journeyId = alarm?.journey ?? seal?.journey ?? null;
  const route = journeyId ? routes.value.get(journeyId) : undefined;
  useEffect(() => {
    if (journeyId && !route) void fetchRoute(journeyId);
  }, [journeyId]);
  useEffect(() => {
    const j = journeyId ? journeys.value.get(journeyId) : undefined;
    const here: Position | null = seal?.fix ? [seal.fix.lon, seal.fix.lat] : null;
    l.journey.show(route ? {
      route: route.line, corridor: route.corridor, ...(here ? { travelled: cut(route.line, here)[0] } : {}),
      places: [...(j?.origin ? [{ place: j.origin, role: "origin" }] : []), ...(j?.destination ? [{ place: j.destination, role: "destination" }] : [])],
    } : {});
    l.spot.show(alarm?.position ? { at: [alarm.position.lon, alarm.position.lat], grade: alarm.grade } : seal?.fix ? { at: [seal.fix.lon, seal.fix.lat], accuracy: seal.fix.accuracy_m ?? null } : null);
  }, [journeyId, route, alarm?.id, alarm?.position, sealId, seal?.fix?.time, chart]);
  useEffect(() => {
    if (!chart || !alarm || located.current === alarm.id) return;
    located.current = alarm.id;
    fitted.current = true;
    show(alarm);
  }, [alarm?.id, chart]);

  return (
    <main class={`watch tab-${tab}${alarmId ? " with-panel" : ""}`} id="page">
      <h1 class="sr">{t("watch.title")}</h1>
      <div class="watch-map">
        <MapBox label={t("map.label")} onFit={fitAll} onOpen={onOpen}
          options={() => ({ view: viewOf(query.value.get("at")), bounds: fleetBounds(), overlays: [l.ground, l.journey, l.spot, l.fleet], padding: 64, maxZoom: 12 })}>
          <Legend />
          {sealId && !alarmId && <SealCard id={sealId} onClose={close} />}
        </MapBox>
        {alarmId && <div class="over" key="panel"><AlarmPanel key={alarmId} id={alarmId} onClose={close} onShow={show} mini={true} /></div>}
      </div>
      <Queue selected={alarmId} />
      <div class="sr" role="status" aria-live="assertive">{announcement.value && `${t("queue.new")}: ${announcement.value.kind}`}</div>
      {narrow && (
        <div class="watch-tabs" role="tablist">
          <button type="button" role="tab" aria-selected={tab === "map"} onClick={() => setQuery({ tab: "map" })}>{t("queue.tab.map")}</button>
          <button type="button" role="tab" aria-selected={tab !== "map"} onClick={() => setQuery({ tab: null })}>{t("queue.tab.alarms")} · {open.value.length}</button>
        </div>
      )}
    </main>
  );
}
