// SPDX-License-Identifier: Apache-2.0
// Overlays of lines and places: thin routes of open journeys, one journey in full (corridor to scale, travelled part,
// track, stops), stations, a spot with its accuracy.
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Place, Station } from "@/api/model";
import { circle, pixelsAtZoom0, type Position } from "@/lib/geo";
import type { RouteLine } from "@/state/journeys";
import { collection, empty, type Chart, type Overlay } from "./chart";
import type { Palette } from "./palette";
import { FONT } from "./style";

/** A line as wide as so many metres on the ground: property `px0` is its width in pixels at zoom 0. */
const toScale: ExpressionSpecification = ["interpolate", ["exponential", 2], ["zoom"], 0, ["get", "px0"], 24, ["*", ["get", "px0"], 2 ** 24]];

export const lineFeature = (line: Position[], properties: object = {}): GeoJSON.Feature => ({ type: "Feature", properties, geometry: { type: "LineString", coordinates: line } });

export const corridorFeature = (line: Position[], halfWidth: number): GeoJSON.Feature =>
  lineFeature(line, { px0: pixelsAtZoom0(2 * halfWidth, line[Math.floor(line.length / 2)]?.[1] ?? 0) });

export function placeFeatures(places: { place: Pick<Place, "lat" | "lon" | "radius_m" | "name">; role: string }[]): GeoJSON.Feature[] {
  return places.flatMap(({ place, role }) => {
    const at: Position = [place.lon, place.lat];
    return [
      { type: "Feature" as const, properties: { role, name: "" }, geometry: { type: "Polygon" as const, coordinates: [circle(at, place.radius_m)] } },
      { type: "Feature" as const, properties: { role, name: place.name }, geometry: { type: "Point" as const, coordinates: at } },
    ];
  });
}

function placeLayers(source: string, p: Palette, minzoom: number): LayerSpecification[] {
  const strong = ["match", ["get", "role"], ["origin", "destination"], true, false] as never;
  return [
    { id: `${source}-area`, type: "fill", source, filter: ["==", ["geometry-type"], "Polygon"], minzoom, paint: { "fill-color": p.line, "fill-opacity": 0.06 } },
    { id: `${source}-ring`, type: "line", source, filter: ["==", ["geometry-type"], "Polygon"], minzoom, paint: { "line-color": p.route, "line-width": ["case", strong, 1.6, 1], "line-dasharray": [3, 2] } },
    {
      id: `${source}-dot`, type: "circle", source, filter: ["==", ["geometry-type"], "Point"], minzoom,
      paint: { "circle-radius": ["case", strong, 4, 2.8], "circle-color": ["match", ["get", "role"], "origin", p.surface, p.line], "circle-stroke-color": p.line, "circle-stroke-width": ["match", ["get", "role"], "origin", 2, 0] },
    },
    {
      id: `${source}-name`, type: "symbol", source, filter: ["==", ["geometry-type"], "Point"], minzoom,
      layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 11, "text-offset": [0, 0.8], "text-anchor": "top", "text-max-width": 10, "text-padding": 8 },
      paint: { "text-color": p.dim, "text-halo-color": p.halo, "text-halo-width": 1.4 },
    },
  ];
}

/** Thin lines of open journeys and the stations: the ground of the watch map. */
export class GroundOverlay implements Overlay {
  private chart: Chart | null = null;
  private lines: RouteLine[] = [];
  private places: Station[] = [];
  constructor(private readonly stationsFrom = 6) {}
  sources() {
    return { routes: empty(), stations: empty() };
  }
  layers(p: Palette): LayerSpecification[] {
    return [
      { id: "routes", type: "line", source: "routes", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": p.route, "line-width": ["interpolate", ["linear"], ["zoom"], 4, 0.6, 10, 1.2, 14, 2], "line-opacity": 0.75 } },
      ...placeLayers("stations", p, this.stationsFrom),
    ];
  }
  ready(chart: Chart): void {
    this.chart = chart;
    this.routes(this.lines);
    this.stations(this.places);
  }
  routes(lines: RouteLine[]): void {
    this.lines = lines;
    this.chart?.setData("routes", collection(lines.map((r) => lineFeature(r.line, { id: r.id }))));
  }
  stations(list: Station[]): void {
    this.places = list;
    this.chart?.setData("stations", collection(placeFeatures(list.map((place) => ({ place, role: "station" })))));
  }
}

export interface JourneyPicture {
  route?: Position[];
  corridor?: number;
  travelled?: Position[];
  track?: Position[][];
  points?: { at: Position; id: string; stored: boolean; i: number }[];
  places?: { place: Place; role: string }[];
}

/** One journey in full. */
export class JourneyOverlay implements Overlay {
  private chart: Chart | null = null;
  private picture: JourneyPicture = {};
  constructor(private readonly prefix = "j") {}

  sources() {
    const s = this.prefix;
    return { [`${s}-corridor`]: empty(), [`${s}-route`]: empty(), [`${s}-travelled`]: empty(), [`${s}-track`]: empty(), [`${s}-points`]: empty(), [`${s}-places`]: empty() };
  }
  layers(p: Palette): LayerSpecification[] {
    const s = this.prefix;
    const round = { "line-join": "round", "line-cap": "round" } as const;
    return [
      { id: `${s}-corridor`, type: "line", source: `${s}-corridor`, layout: round, paint: { "line-color": p.corridor, "line-opacity": 0.13, "line-width": toScale } },
      { id: `${s}-route`, type: "line", source: `${s}-route`, layout: round, paint: { "line-color": p.route, "line-width": 1.6 } },
      { id: `${s}-travelled`, type: "line", source: `${s}-travelled`, layout: round, paint: { "line-color": p.track, "line-width": 3, "line-opacity": 0.45 } },
      ...placeLayers(`${s}-places`, p, 0),
      { id: `${s}-track`, type: "line", source: `${s}-track`, layout: round, paint: { "line-color": p.track, "line-width": 2.4 } },
      {
        id: `${s}-points`, type: "circle", source: `${s}-points`, minzoom: 9,
        paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 1.6, 13, 3.4], "circle-color": ["case", ["get", "stored"], p.surface, p.track], "circle-stroke-color": ["case", ["get", "stored"], p.track, p.surface], "circle-stroke-width": 1 },
      },
    ];
  }
  ready(chart: Chart): void {
    this.chart = chart;
    this.show(this.picture);
  }
  show(picture: JourneyPicture): void {
    this.picture = picture;
    const c = this.chart;
    if (!c) return;
    const s = this.prefix;
    const route = picture.route && picture.route.length > 1 ? picture.route : null;
    c.setData(`${s}-corridor`, collection(route && (picture.corridor ?? 0) > 0 ? [corridorFeature(route, picture.corridor!)] : []));
    c.setData(`${s}-route`, collection(route ? [lineFeature(route)] : []));
    c.setData(`${s}-travelled`, collection(picture.travelled && picture.travelled.length > 1 ? [lineFeature(picture.travelled)] : []));
    c.setData(`${s}-track`, collection((picture.track ?? []).filter((l) => l.length > 1).map((l) => lineFeature(l))));
    c.setData(`${s}-points`, collection((picture.points ?? []).map((q) => ({ type: "Feature", properties: { id: q.id, stored: q.stored, i: q.i }, geometry: { type: "Point", coordinates: q.at } }))));
    c.setData(`${s}-places`, collection(placeFeatures(picture.places ?? [])));
  }
}

export interface Spot { at: Position; accuracy?: number | null; grade?: number; label?: string }

/** Where something is: a mark with its accuracy circle and, for alarms, the grade's ring. */
export class SpotOverlay implements Overlay {
  private chart: Chart | null = null;
  private spot: Spot | null = null;
  constructor(private readonly prefix = "spot") {}
  sources() {
    return { [this.prefix]: empty() };
  }
  layers(p: Palette): LayerSpecification[] {
    const s = this.prefix;
    return [
      { id: `${s}-accuracy`, type: "fill", source: s, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": p.accent, "fill-opacity": 0.12, "fill-outline-color": p.accent } },
      { id: `${s}-mark`, type: "symbol", source: s, filter: ["all", ["==", ["geometry-type"], "Point"], [">", ["get", "grade"], 0]], layout: { "icon-image": ["concat", "ring-", ["to-string", ["get", "grade"]]], "icon-allow-overlap": true, "icon-size": 1.25 } },
      { id: `${s}-dot`, type: "circle", source: s, filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 4.5, "circle-color": p.line, "circle-stroke-color": p.surface, "circle-stroke-width": 2 } },
    ];
  }
  ready(chart: Chart): void {
    this.chart = chart;
    this.show(this.spot);
  }
  show(spot: Spot | null): void {
    this.spot = spot;
    const features: GeoJSON.Feature[] = [];
    if (spot) {
      if (spot.accuracy) features.push({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [circle(spot.at, spot.accuracy)] } });
      features.push({ type: "Feature", properties: { grade: spot.grade ?? 0 }, geometry: { type: "Point", coordinates: spot.at } });
    }
    this.chart?.setData(this.prefix, collection(features));
  }
}
