// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { beside, dayOf, figuresFrom, figuresTo, numbersOf, zoneOf } from "@/lib/dayrun";

describe("a day run again", () => {
  test("other figures stand in the address, there and back", () => {
    const figures = figuresFrom("signal_lost.limit:60,route_deviation.corridor:,bad name:3,x:1");
    expect([...figures]).toEqual([["signal_lost.limit", "60"], ["route_deviation.corridor", ""]]);
    expect(figuresTo(figures)).toBe("signal_lost.limit:60,route_deviation.corridor:");
    expect(figuresTo(new Map([["a.b", "1,5:x"]]))).toBe("a.b:15x");
    expect(figuresTo(figuresFrom(null))).toBeNull();
    expect(numbersOf(new Map([["a.b", "60"], ["a.c", ""], ["a.d", "many"], ["a.e", "0.5"]]))).toEqual({ "a.b": 60, "a.e": 0.5 });
  });
  test("a day and its midnight are this machine's", () => {
    expect(dayOf(new Date(2026, 2, 1, 0, 0, 1).getTime())).toBe("2026-03-01");
    expect(dayOf(new Date(2026, 10, 30, 23, 59).getTime())).toBe("2026-11-30");
    expect(zoneOf("2026-03-01")).toMatch(/^[+-]\d\d:\d\d$/);
    const sign = zoneOf("2026-03-01");
    expect(Date.parse(`2026-03-01T00:00:00${sign}`)).toBe(new Date(2026, 2, 1).getTime());
  });
  test("journey by journey, those that differ first, in order of onset; named by what is known", () => {
    const i = (journey: string, which: "both" | "only-then" | "only-now", onset: string) => ({ journey, which, onset });
    const sides = [{ journey: "a", reference: "T1", vehicle: "V" }, { journey: "b", reference: null, vehicle: "V 2" }];
    const items = [i("a", "both", "2026-01-01T02:00:00Z"), i("a", "both", "2026-01-01T01:00:00Z"), i("b", "only-now", "2026-01-01T01:00:00Z"), i("c", "only-then", "2026-01-01T01:00:00Z"), i("c", "only-now", "2026-01-01T00:00:00Z")];
    expect(beside(sides, items, null).map((b) => [b.title, b.items.length])).toEqual([["c", 2], ["V 2", 1], ["T1", 2]]);
    expect(beside(sides, items, null)[2]!.items[0]!.onset).toBe("2026-01-01T01:00:00Z");
    expect(beside(sides, items, "only-now").map((b) => b.journey)).toEqual(["b", "c"]);
    expect(beside(sides, [], null)).toEqual([]);
  });
});
