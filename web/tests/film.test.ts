// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { countUntil, frameAt, momentFrom, step } from "../src/lib/film";
import type { TrackRow } from "../src/lib/track";

const row = (t: number, lat: number, lon: number): TrackRow => ({
  t, lat, lon, speed: null, course: null, accuracy: null, valid: true, stored: false, percent: null, temperature: null, state: null, id: `o${t}`, seal: "jt701:1",
});
const minute = 60_000;

describe("the film of a journey", () => {
  const rows = [row(0, 50, 4), row(10 * minute, 50.2, 4.4), row(80 * minute, 51, 5)];

  it("shows nothing before the first report", () => expect(frameAt(rows, -1)).toBeNull());
  it("is where a report says at its moment", () => expect(frameAt(rows, 0)).toMatchObject({ at: [4, 50], reckoned: false, silent: false }));
  it("reckons between two reports and says so", () => {
    const f = frameAt(rows, 5 * minute)!;
    expect(f.at[0]).toBeCloseTo(4.2);
    expect(f.at[1]).toBeCloseTo(50.1);
    expect(f.reckoned).toBe(true);
    expect(f.row.t).toBe(0);
  });
  it("invents no road over a long silence", () => {
    expect(frameAt(rows, 40 * minute)).toMatchObject({ at: [4.4, 50.2], reckoned: false, silent: false });
    expect(frameAt(rows, 70 * minute)).toMatchObject({ at: [4.4, 50.2], reckoned: false, silent: true });
  });
  it("counts what is known at a moment", () => {
    expect(countUntil(rows, -1)).toBe(0);
    expect(countUntil(rows, 10 * minute)).toBe(2);
    expect(countUntil(rows, Infinity)).toBe(3);
  });
  it("goes from event to event, both ways", () => {
    const moments = [30, 10, 20];
    expect(momentFrom(moments, 10, true)).toBe(20);
    expect(momentFrom(moments, 10, false)).toBeNull();
    expect(momentFrom(moments, 25, false)).toBe(20);
    expect(momentFrom(moments, 30, true)).toBeNull();
  });
  it("ends at the end", () => {
    expect(step(0, 16, 60, 10_000)).toBe(960);
    expect(step(9_900, 16, 60, 10_000)).toBe(10_000);
  });
});
