// SPDX-License-Identifier: Apache-2.0
// Drawing on the map: click to add, drag to move, drag the middle of a part to bend it, right-click to remove; the
// corridor's edge is a handle.
import type { LayerSpecification, MapMouseEvent, MapTouchEvent } from "maplibre-gl";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "@/i18n";
import { bearing, bounds, nearest, offset, type Position } from "@/lib/geo";
import { collection, empty, type Chart, type Overlay } from "@/map/chart";
import { MapBox } from "@/map/mapbox";
import type { Palette } from "@/map/palette";
import { JourneyOverlay } from "@/map/paths";
import { gripsFrom, insertAt, middles, type Draft, type PlaceDraft } from "./model";

export type Tool = { kind: "none" } | { kind: "draw" } | { kind: "place"; role: "origin" | "destination" | "stop"; index: number };
interface Props { draft: Draft; stations: { lat: number; lon: number }[]; tool: Tool; onRoute: (route: Position[]) => void; onCorridor: (metres: number) => void; onPlace: (role: "origin" | "destination" | "stop", index: number, at: Position) => void }

type Grip = { kind: "vertex" | "middle"; index: number } | { kind: "edge" } | { kind: "place"; role: "origin" | "destination" | "stop"; index: number };

class Grips implements Overlay {
  private chart: Chart | null = null;
  private draft: Draft | null = null;
  sources() {
    return { "e-middles": empty(), "e-vertices": empty(), "e-edge": empty(), "e-places-grip": empty() };
  }
  layers(p: Palette): LayerSpecification[] {
    return [
      { id: "e-middles", type: "circle", source: "e-middles", minzoom: 5, paint: { "circle-radius": 4, "circle-color": p.surface, "circle-stroke-color": p.route, "circle-stroke-width": 1.5, "circle-opacity": 0.9 } },
      { id: "e-vertices", type: "circle", source: "e-vertices", paint: { "circle-radius": 5.5, "circle-color": p.track, "circle-stroke-color": p.surface, "circle-stroke-width": 2 } },
      { id: "e-edge", type: "circle", source: "e-edge", paint: { "circle-radius": 6, "circle-color": p.surface, "circle-stroke-color": p.track, "circle-stroke-width": 2.5 } },
      { id: "e-places-grip", type: "circle", source: "e-places-grip", paint: { "circle-radius": 12, "circle-color": p.track, "circle-opacity": 0.01 } },
    ];
  }
  ready(chart: Chart): void {
    this.chart = chart;
    if (this.draft) this.show(this.draft);
  }
  show(d: Draft): void {
    this.draft = d;
    const points = (list: Position[]) => collection(list.map((at, i) => ({ type: "Feature", properties: { i }, geometry: { type: "Point", coordinates: at } })));
    const from = gripsFrom(d.route.length); // a long line shows its points only when one looks closely
    this.chart?.map.setLayerZoomRange("e-vertices", from, 24);
    this.chart?.map.setLayerZoomRange("e-middles", Math.max(5, from + 1), 24);
    this.chart?.setData("e-vertices", points(d.route));
    this.chart?.setData("e-middles", points(middles(d.route)));
    const edge = edgeOf(d.route, d.corridor);
    this.chart?.setData("e-edge", points(edge ? [edge] : []));
    const places = placesOf(d);
    this.chart?.setData("e-places-grip", collection(places.map((p) => ({ type: "Feature", properties: { role: p.role, i: p.index }, geometry: { type: "Point", coordinates: [p.place.lon, p.place.lat] } }))));
  }
}

/** Where one takes the corridor's edge: beside the middle of the route's middle part. */
function edgeOf(route: Position[], corridor: number): Position | null {
  if (route.length < 2) return null;
  const i = Math.floor((route.length - 1) / 2);
  const a = route[i]!;
  const b = route[i + 1]!;
  return offset([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], corridor, bearing(a, b) + 90);
}

function placesOf(d: Draft): { place: PlaceDraft; role: "origin" | "destination" | "stop"; index: number }[] {
  return [
    ...(d.origin ? [{ place: d.origin, role: "origin" as const, index: 0 }] : []),
    ...d.stops.map((place, index) => ({ place, role: "stop" as const, index })),
    ...(d.destination ? [{ place: d.destination, role: "destination" as const, index: 0 }] : []),
  ];
}

export function EditorMap(props: Props) {
  const overlays = useRef<{ journey: JourneyOverlay; grips: Grips } | null>(null);
  overlays.current ??= { journey: new JourneyOverlay("e"), grips: new Grips() };
  const [chart, setChart] = useState<Chart | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { draft, tool } = props;

  useEffect(() => {
    overlays.current!.journey.show({
      route: draft.route, corridor: draft.corridor,
      places: placesOf(draft).map((p) => ({ role: p.role, place: { name: p.place.name, lat: p.place.lat, lon: p.place.lon, radius_m: p.place.radius } })),
    });
    overlays.current!.grips.show(draft);
  }, [draft.route, draft.corridor, draft.origin, draft.destination, draft.stops, chart]);
  useEffect(() => {
    if (chart) chart.map.getCanvas().style.cursor = tool.kind === "none" ? "" : "crosshair";
  }, [tool.kind, chart]);

  const whole = () => bounds([...draft.route, ...placesOf(draft).map((p): Position => [p.place.lon, p.place.lat])]);

  // An empty journey begins where the stations are, not with the whole world; what is drawn is never moved.
  const placed = useRef(false);
  useEffect(() => {
    if (!chart || placed.current || !props.stations.length) return;
    placed.current = true;
    const b = whole() ? null : bounds(props.stations.map((s): Position => [s.lon, s.lat]));
    if (b) chart.map.fitBounds(b, { padding: 60, maxZoom: 13, duration: 0 });
  }, [chart, props.stations]);
  const onOpen = (c: Chart) => {
    setChart(c);
    c.whenReady(() => listen(c, latest));
    const b = whole();
    if (b) c.map.fitBounds(b, { padding: 60, maxZoom: 13, duration: 0 });
  };
  return (
    <MapBox class="editor-map" label={t("edit.route")} onOpen={onOpen} onFit={() => { const b = whole(); if (b) chart?.fit(b, 60); }}
      options={() => ({ overlays: [overlays.current!.journey, overlays.current!.grips], bounds: whole(), padding: 60, maxZoom: 13 })} />
  );
}

function listen(c: Chart, latest: { current: Props }): void {
  const map = c.map;
  let grip: Grip | null = null;
  let moved = false;
  let press = 0;

  const under = (point: { x: number; y: number }, reach: number): Grip | null => {
    const box: [[number, number], [number, number]] = [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]];
    const f = map.queryRenderedFeatures(box, { layers: ["e-edge", "e-vertices", "e-middles", "e-places-grip"] })[0];
    if (!f) return null;
    const index = Number(f.properties["i"]);
    if (f.layer.id === "e-edge") return { kind: "edge" };
    if (f.layer.id === "e-vertices") return { kind: "vertex", index };
    if (f.layer.id === "e-middles") return { kind: "middle", index };
    return { kind: "place", role: f.properties["role"] as "origin", index };
  };
  const remove = (g: Grip | null) => {
    if (g?.kind === "vertex") latest.current.onRoute(latest.current.draft.route.filter((_, i) => i !== g.index));
  };
  const drag = (at: Position) => {
    const { draft, onRoute, onCorridor, onPlace } = latest.current;
    if (grip?.kind === "middle") {
      onRoute(insertAt(draft.route, grip.index + 1, at));
      grip = { kind: "vertex", index: grip.index + 1 };
    } else if (grip?.kind === "vertex") {
      const i = grip.index;
      onRoute(draft.route.map((p, k) => (k === i ? at : p)));
    } else if (grip?.kind === "edge") {
      const n = nearest(draft.route, at);
      if (n) onCorridor(Math.max(50, Math.min(20_000, Math.round(n.aside / 10) * 10)));
    } else if (grip?.kind === "place") onPlace(grip.role, grip.index, at);
  };
  const begin = (e: MapMouseEvent | MapTouchEvent, reach: number) => {
    if (latest.current.tool.kind === "place") return;
    grip = under(e.point, reach);
    moved = false;
    if (!grip) return;
    e.preventDefault();
    map.dragPan.disable();
    const held = grip;
    press = window.setTimeout(() => { if (!moved && "originalEvent" in e && e.type === "touchstart") { remove(held); end(); } }, 600);
  };
  const move = (e: MapMouseEvent | MapTouchEvent) => {
    if (!grip) {
      if (latest.current.tool.kind === "none") map.getCanvas().style.cursor = under(e.point, 3) ? "move" : "";
      return;
    }
    moved = true;
    drag([e.lngLat.lng, e.lngLat.lat]);
  };
  const end = () => {
    clearTimeout(press);
    grip = null;
    map.dragPan.enable();
  };
  map.on("mousedown", (e) => e.originalEvent.button === 0 && begin(e, 3));
  map.on("touchstart", (e) => e.points.length === 1 && begin(e, 14));
  map.on("mousemove", move);
  map.on("touchmove", move);
  map.on("mouseup", end);
  map.on("touchend", end);
  map.on("contextmenu", (e) => { e.preventDefault(); remove(under(e.point, 4)); });
  map.on("click", (e) => {
    if (moved) {
      moved = false;
      return;
    }
    const { tool, draft, onRoute, onPlace } = latest.current;
    const at: Position = [e.lngLat.lng, e.lngLat.lat];
    if (tool.kind === "place") onPlace(tool.role, tool.index, at);
    else if (tool.kind === "draw" && under(e.point, 2)?.kind !== "vertex") onRoute([...draft.route, at]);
  });
}
