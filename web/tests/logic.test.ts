// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { asText, dump, fromHex, isText, toHex } from "@/lib/bytes";
import { build, matches, parse } from "@/lib/filters";
import { Chords, takesText } from "@/lib/keys";
import { container, device, journeyTitle, protocol, short } from "@/lib/names";
import { merge, order, step, type Queued } from "@/lib/queue";
import type { Journey } from "@/api/model";
import { fromJourney, toInputBody } from "@/pages/editor/model";
import { at, linesOf, rowsOf } from "@/lib/track";

describe("bytes", () => {
  const raw = "247e287026";
  test("hex there and back", () => {
    expect(toHex(fromHex(raw))).toBe(raw);
    expect(fromHex("24 7E").length).toBe(2);
  });
  test("rows of sixteen", () => {
    const rows = dump(new Uint8Array(33).map((_, i) => i));
    expect(rows.map((r) => [r.offset, r.hex.length])).toEqual([[0, 16], [16, 16], [32, 1]]);
    expect(rows[2]!.text).toBe(" ");
    expect(rows[0]!.text).toBe("·".repeat(16));
  });
  test("text is told from binary", () => {
    expect(isText(new TextEncoder().encode("(7000000001,P45,1)\r\n"))).toBe(true);
    expect(isText(new Uint8Array([0x24, 0, 1, 2, 3, 4]))).toBe(false);
    expect(isText(new Uint8Array())).toBe(false);
    expect(asText(new Uint8Array([0x41, 0x00, 0x42]))).toBe("A·B");
  });
});

describe("filters in the address", () => {
  test("empty values are left out, order is stable", () => {
    expect(build("?state=open&q=x", { q: "", grade: "3,2" })).toBe("?grade=3,2&state=open");
    expect(build("", { a: null })).toBe("");
    expect(parse("?grade=3&x=1&state=", ["grade", "state"])).toEqual({ grade: "3" });
  });
  test("every word must occur, accents and case do not matter", () => {
    expect(matches("nai ksh", ["Naïrobi", "KSH 123"])).toBe(true);
    expect(matches("nai foo", ["Naïrobi", null])).toBe(false);
  });
});

describe("keyboard", () => {
  const key = (k: string, more: object = {}) => ({ key: k, ctrl: false, alt: false, meta: false, typing: false, at: 0, ...more });
  test("chords, and their end", () => {
    const c = new Chords(new Set(["g"]));
    expect(c.strike(key("g"))).toBeNull();
    expect(c.strike(key("j", { at: 400 }))).toBe("g j");
    expect(c.strike(key("j"))).toBe("j");
    expect(c.strike(key("g", { at: 0 }))).toBeNull();
    expect(c.strike(key("j", { at: 5000 }))).toBe("j");
  });
  test("what is typed is not ours, except Escape", () => {
    const c = new Chords(new Set(["g"]));
    expect(c.strike(key("a", { typing: true }))).toBeNull();
    expect(c.strike(key("Escape", { typing: true }))).toBe("Escape");
    expect(c.strike(key("r", { ctrl: true }))).toBeNull();
  });
  test("elements that take text", () => {
    expect(takesText("INPUT", null, false)).toBe(true);
    expect(takesText("INPUT", "checkbox", false)).toBe(false);
    expect(takesText("DIV", null, true)).toBe(true);
    expect(takesText("BUTTON", null, false)).toBe(false);
  });
});

describe("alarm queue", () => {
  const a = (id: string, grade: number, state: string, raised = "2026-01-01T00:00:00Z"): Queued => ({ id, grade, state, onset: raised, raised });
  test("new before those in hand, worse before better, newest first, closed last", () => {
    const list = [a("closed", 3, "resolved"), a("hand", 3, "acknowledged"), a("low", 1, "raised"), a("old", 3, "raised"), a("new", 3, "raised", "2026-01-01T01:00:00Z")];
    expect(list.sort(order).map((x) => x.id)).toEqual(["new", "old", "low", "hand", "closed"]);
  });
  test("steps stop at the ends; from nowhere comes the first", () => {
    const ids = ["a", "b", "c"];
    expect(step(ids, null, 1)).toBe("a");
    expect(step(ids, "a", 1)).toBe("b");
    expect(step(ids, "c", 1)).toBe("c");
    expect(step(ids, "a", -1)).toBe("a");
    expect(step(ids, "gone", 1)).toBe("a");
    expect(step([], "a", 1)).toBeNull();
  });
  test("a held queue keeps its order, whatever arrives", () => {
    const all = [a("x", 1, "raised"), a("y", 3, "acknowledged"), a("z", 3, "raised")];
    expect(merge(["y", "x"], all, true).map((q) => q.id)).toEqual(["z", "y", "x"]);
    expect(merge(["y", "x", "gone"], all, false).map((q) => q.id)).toEqual(["z", "x", "y"]);
  });
});

describe("names", () => {
  test("short forms", () => {
    expect(device("jt701:7000000001")).toBe("7000000001");
    expect(protocol("jt701:7000000001")).toBe("jt701");
    expect(short("01HZX3T2M9Q7V5K8W1")).toBe("…Q7V5K8W1");
    expect(short("J-1")).toBe("J-1");
    expect(container("ABCU1234567")).toBe("ABCU 123456 7");
    expect(container("odd")).toBe("odd");
    expect(journeyTitle({ id: "J", reference: null, vehicle: "AB 1" })).toBe("AB 1");
  });
});

describe("tracks", () => {
  const MIN = 60_000;
  const row = (t: number, lat: number | null, lon: number | null, valid = 1) => [t, lat, lon, 50, 90, null, valid, 0, 80, null, "sealed", `o${t}`];
  const track = { tracks: [{ seal: "p:2", total: 2, rows: [row(2 * MIN, 1, 1), row(90 * MIN, 2, 2), row(91 * MIN, 2, 3)] }, { seal: "p:1", total: 1, rows: [row(MIN, null, null, 0), row(3 * MIN, 9, 9)] }] };
  test("rows of all seals in order of time; a fix without a place is not valid", () => {
    const rows = rowsOf(track);
    expect(rows.map((r) => r.t / MIN)).toEqual([1, 2, 3, 90, 91]);
    expect(rows[0]!.valid).toBe(false);
    expect(rowsOf(null)).toEqual([]);
  });
  test("lines break where nothing was heard and do not join seals", () => {
    expect(linesOf(rowsOf(track))).toEqual([[[1, 1]], [[9, 9]], [[2, 2], [3, 2]]]);
  });
  test("the row nearest in time", () => {
    const rows = rowsOf(track);
    expect(at(rows, 2.4 * MIN)!.t).toBe(2 * MIN);
    expect(at(rows, 1e12)!.t).toBe(91 * MIN);
    expect(at([], 1)).toBeNull();
  });
});

describe("the journey's editor", () => {
  test("keeps what its form does not show", () => {
    const j = {
      id: "J", state: "draft", mode: "road", regime: "transit", seals: [], version: 1, grade: 0, zones: [{ name: "fuel" }], points: [{ name: "gate" }], legs: [], dead_zones: [{ name: "tunnel" }], profile: "cold",
      limits: [{ kind: "temperature", min: 2, max: 8, for_minutes: 10, sensor: "probe-2", change: 3, change_minutes: 15 }],
    } as unknown as Journey;
    const body = toInputBody(fromJourney(j, false));
    expect([body.zones, body.points, body.dead_zones, body.profile]).toEqual([j.zones, j.points, j.dead_zones, "cold"]);
    expect(body.limits).toEqual(j.limits);
  });
});
