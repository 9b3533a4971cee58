// SPDX-License-Identifier: Apache-2.0
// Small geometry on the sphere, for drawing and reading off the map. Positions are [lon, lat], distances metres.

export type Position = [number, number];

const RADIUS = 6_371_008.8;
const rad = (deg: number) => (deg * Math.PI) / 180;
const deg = (r: number) => (r * 180) / Math.PI;

export function distance(a: Position, b: Position): number {
  const dLat = rad(b[1] - a[1]);
  const dLon = rad(b[0] - a[0]);
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(rad(a[1])) * Math.cos(rad(b[1])) * Math.sin(dLon / 2) ** 2;
  return 2 * RADIUS * Math.asin(Math.min(1, Math.sqrt(h)));
}

export function bearing(a: Position, b: Position): number {
  const y = Math.sin(rad(b[0] - a[0])) * Math.cos(rad(b[1]));
  const x = Math.cos(rad(a[1])) * Math.sin(rad(b[1])) - Math.sin(rad(a[1])) * Math.cos(rad(b[1])) * Math.cos(rad(b[0] - a[0]));
  return (deg(Math.atan2(y, x)) + 360) % 360;
}

export function offset(from: Position, metres: number, courseDeg: number): Position {
  const d = metres / RADIUS;
  const lat = rad(from[1]);
  const c = rad(courseDeg);
  const lat2 = Math.asin(Math.sin(lat) * Math.cos(d) + Math.cos(lat) * Math.sin(d) * Math.cos(c));
  const lon2 = rad(from[0]) + Math.atan2(Math.sin(c) * Math.sin(d) * Math.cos(lat), Math.cos(d) - Math.sin(lat) * Math.sin(lat2));
  return [deg(lon2), deg(lat2)];
}

export function length(line: readonly Position[]): number {
  let sum = 0;
  for (let i = 1; i < line.length; i++) sum += distance(line[i - 1]!, line[i]!);
  return sum;
}

export interface Nearest { index: number; at: Position; along: number; aside: number }

/** Where on the line a point is nearest: metres along it and aside of it; the part `index` .. `index + 1`. */
export function nearest(line: readonly Position[], p: Position): Nearest | null {
  if (line.length === 0) return null;
  let best: Nearest = { index: 0, at: line[0]!, along: 0, aside: distance(line[0]!, p) };
  let along = 0;
  const k = Math.cos(rad(p[1])); // local plane: good to the pixel, which is all that drawing asks
  for (let i = 1; i < line.length; i++) {
    const [ax, ay] = line[i - 1]!;
    const [bx, by] = line[i]!;
    const dx = (bx - ax) * k;
    const dy = by - ay;
    const size = dx * dx + dy * dy;
    const t = size === 0 ? 0 : Math.min(1, Math.max(0, ((p[0] - ax) * k * dx + (p[1] - ay) * dy) / size));
    const at: Position = [ax + (bx - ax) * t, ay + (by - ay) * t];
    const aside = distance(at, p);
    const part = distance(line[i - 1]!, line[i]!);
    if (aside < best.aside) best = { index: i - 1, at, along: along + part * t, aside };
    along += part;
  }
  return best;
}

/** The travelled part of a route and the rest, cut where the position is nearest. */
export function cut(line: readonly Position[], p: Position): [Position[], Position[]] {
  const n = nearest(line, p);
  if (!n) return [[], []];
  return [[...line.slice(0, n.index + 1), n.at], [n.at, ...line.slice(n.index + 1)]];
}

export type Bounds = [number, number, number, number];

export function bounds(points: Iterable<Position>): Bounds | null {
  let b: Bounds | null = null;
  for (const [x, y] of points) {
    if (!b) b = [x, y, x, y];
    else b = [Math.min(b[0], x), Math.min(b[1], y), Math.max(b[2], x), Math.max(b[3], y)];
  }
  return b;
}

export function circle(centre: Position, radius: number, steps = 64): Position[] {
  const ring: Position[] = [];
  for (let i = 0; i <= steps; i++) ring.push(offset(centre, radius, (i % steps) * (360 / steps)));
  return ring;
}

/** Pixel width at zoom 0 of so many metres at a latitude (512-pixel tiles): the map doubles it with each zoom. */
export function pixelsAtZoom0(metres: number, lat: number): number {
  return (metres * 512) / (2 * Math.PI * 6_378_137 * Math.cos(rad(lat)));
}

export function dms(lat: number, lon: number): string {
  const one = (v: number, plus: string, minus: string) => `${Math.abs(v).toFixed(5)}° ${v < 0 ? minus : plus}`;
  return `${one(lat, "N", "S")} ${one(lon, "E", "W")}`;
}

const POLAR_LAT = -85; // the edge that closes Antarctica along the pole is meant to be long

/** A ring that jumps over the antimeridian, made continuous: longitudes may then lie beyond 180. */
export function unwrap(ring: readonly Position[]): Position[] {
  let shift = 0;
  return ring.map(([x, y], i) => {
    const before = ring[i - 1];
    if (before && y > POLAR_LAT && before[1] > POLAR_LAT && Math.abs(x - before[0]) > 180) shift += x < before[0] ? 360 : -360;
    return [x + shift, y];
  });
}
