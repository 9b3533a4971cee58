// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { bearing, bounds, circle, cut, distance, length, nearest, offset, pixelsAtZoom0, unwrap, type Position } from "@/lib/geo";

const line: Position[] = [[30, 0], [31, 0], [31, 1]];
const degree = 111_195; // metres of one degree on the sphere used

describe("geometry", () => {
  test("a degree on the equator and along a meridian", () => {
    expect(distance([0, 0], [1, 0])).toBeCloseTo(degree, -1);
    expect(distance([10, 50], [10, 51])).toBeCloseTo(degree, -1);
    expect(distance([10, 60], [11, 60])).toBeCloseTo(degree / 2, -2);
  });
  test("offset goes where distance and bearing say", () => {
    for (const course of [0, 45, 90, 200, 359]) {
      const to = offset([36.8, -1.3], 25_000, course);
      expect(distance([36.8, -1.3], to)).toBeCloseTo(25_000, 0);
      expect(bearing([36.8, -1.3], to)).toBeCloseTo(course, 6);
    }
  });
  test("nearest point along and aside of a line", () => {
    const n = nearest(line, [30.5, 0.1])!;
    expect(n.index).toBe(0);
    expect(n.along).toBeCloseTo(degree / 2, -2);
    expect(n.aside).toBeCloseTo(degree / 10, -2);
    expect(nearest(line, [33, 1])!.at).toEqual([31, 1]);
    expect(nearest([], [0, 0])).toBeNull();
    expect(nearest([[5, 5]], [5, 6])!.along).toBe(0);
  });
  test("a line of one point twice divides by nothing", () => {
    expect(nearest([[5, 5], [5, 5]], [5, 6])!.along).toBe(0);
  });
  test("cut keeps the whole length", () => {
    const [done, rest] = cut(line, [31.01, 0.5]);
    expect(length(done) + length(rest)).toBeCloseTo(length(line), 0);
    expect(done.at(-1)).toEqual(rest[0]);
  });
  test("bounds of nothing is nothing", () => {
    expect(bounds([])).toBeNull();
    expect(bounds(line)).toEqual([30, 0, 31, 1]);
  });
  test("a ring over the antimeridian becomes one piece, the edge at the pole stays", () => {
    expect(unwrap([[179, 60], [-179, 61], [-178, 62], [179, 60]])).toEqual([[179, 60], [181, 61], [182, 62], [179, 60]]);
    expect(unwrap([[-180, -89.999], [178, -89.999]])).toEqual([[-180, -89.999], [178, -89.999]]);
  });
  test("a circle is closed and round", () => {
    const ring = circle([36, -1], 500);
    expect(ring[0]).toEqual(ring.at(-1));
    for (const p of ring) expect(distance([36, -1], p)).toBeCloseTo(500, 1);
  });
  test("corridor to scale: the earth's girth is 512 pixels at zoom 0", () => {
    expect(pixelsAtZoom0(40_075_016.7, 0)).toBeCloseTo(512, 1);
    expect(pixelsAtZoom0(1000, 60)).toBeCloseTo(2 * pixelsAtZoom0(1000, 0), 6);
  });
});
