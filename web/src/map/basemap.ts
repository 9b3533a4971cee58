// SPDX-License-Identifier: Apache-2.0
// The offline base map: land, coast, borders and country names from world-atlas (Natural Earth, public domain).
// Replaceable: whatever gives these four collections will do.
import type { Feature, FeatureCollection, GeoJsonProperties, MultiLineString, Point, Position } from "geojson";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { unwrap } from "@/lib/geo";
import atlas from "world-atlas/countries-50m.json?url";

export interface Basemap {
  land: FeatureCollection;
  coast: Feature<MultiLineString>;
  borders: Feature<MultiLineString>;
  names: FeatureCollection<Point, { name: string; size: number }>;
  grid: Feature<MultiLineString>;
}

type Atlas = Topology<{ countries: GeometryCollection<{ name: string }> }>;

function ringArea(ring: Position[]): { area: number; x: number; y: number } {
  let a = 0;
  let x = 0;
  let y = 0;
  for (let i = 1; i < ring.length; i++) {
    const [x0, y0] = ring[i - 1]! as [number, number];
    const [x1, y1] = ring[i]! as [number, number];
    const w = x0 * y1 - x1 * y0;
    a += w;
    x += (x0 + x1) * w;
    y += (y0 + y1) * w;
  }
  return a === 0 ? { area: 0, x: 0, y: 0 } : { area: Math.abs(a / 2), x: x / (3 * a), y: y / (3 * a) };
}

/** A name stands in the middle of its country's largest piece. */
function nameOf(f: Feature): Feature<Point, { name: string; size: number }> | null {
  const g = f.geometry;
  if (!g || (g.type !== "Polygon" && g.type !== "MultiPolygon")) return null;
  const pieces = (g.type === "Polygon" ? [g.coordinates] : g.coordinates).map((p) => ringArea(p[0]!));
  const best = pieces.reduce((a, b) => (b.area > a.area ? b : a));
  const name = (f.properties as { name?: string } | null)?.name;
  if (!name || best.area === 0) return null;
  return { type: "Feature", properties: { name, size: Math.sqrt(best.area) }, geometry: { type: "Point", coordinates: [best.x, best.y] } };
}

function graticule(): Feature<MultiLineString> {
  const lines: Position[][] = [];
  for (let lon = -180; lon < 180; lon += 10) lines.push(Array.from({ length: 33 }, (_, i) => [lon, -80 + i * 5]));
  for (let lat = -80; lat <= 80; lat += 10) lines.push(Array.from({ length: 73 }, (_, i) => [-180 + i * 5, lat]));
  return line(lines);
}

const line = (coordinates: Position[][]): Feature<MultiLineString> => ({ type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates } });

type Position2 = [number, number];

/** Rings that jump from 180 to -180 would be filled across the world. */
function whole(land: FeatureCollection): FeatureCollection {
  const rings = (polygon: Position[][]) => polygon.map((ring) => unwrap(ring as Position2[]));
  for (const { geometry: g } of land.features) {
    if (g.type === "Polygon") g.coordinates = rings(g.coordinates);
    else if (g.type === "MultiPolygon") g.coordinates = g.coordinates.map(rings);
  }
  return land;
}

let loading: Promise<Basemap> | null = null;

export function basemap(): Promise<Basemap> {
  loading ??= fetch(atlas)
    .then((r) => {
      if (!r.ok) throw new Error(`base map: HTTP ${r.status}`);
      return r.json() as Promise<Atlas>;
    })
    .then((topology) => {
      const countries = topology.objects.countries;
      const land = whole(feature(topology, countries) as FeatureCollection<Feature["geometry"], GeoJsonProperties>);
      return {
        land,
        coast: line(mesh(topology, countries, (a, b) => a === b).coordinates.map((l) => unwrap(l as Position2[]))),
        borders: line(mesh(topology, countries, (a, b) => a !== b).coordinates),
        names: { type: "FeatureCollection" as const, features: land.features.map(nameOf).filter((n) => n !== null) },
        grid: graticule(),
      };
    })
    .catch((e: unknown) => {
      loading = null; // the next map tries again
      throw e;
    });
  return loading;
}
