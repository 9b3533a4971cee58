// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { namesOf, rowOf, rowsOf, walk } from "@/lib/groups";

const a = (id: string, grade = 2, state = "raised", minute = 0, journey = `j-${id}`) => ({ id, grade, state, journey, onset: `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`, raised: `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z` });
const map = (...list: ReturnType<typeof a>[]) => new Map(list.map((x) => [x.id, x]));
const g = (...members: string[]) => ({ cause: "episode", members });

describe("groups of the queue", () => {
  test("a group is as grave as its worst, as new as its oldest, and waits while one of it waits", () => {
    const r = rowOf("n", "episode", [a("root", 2, "acknowledged", 5, "j"), a("cut", 3, "raised", 9, "j"), a("old", 1, "dispatched", 1, "k")]);
    expect([r.root.id, r.grade, r.state, r.onset, r.raised, r.journeys]).toEqual(["root", 3, "raised", "2026-01-01T00:05:00Z", "2026-01-01T00:01:00Z", 2]);
    expect(r.waiting.map((x) => x.id)).toEqual(["cut"]);
    expect(rowOf("n", "episode", [a("x", 1, "dispatched"), a("y", 1, "acknowledged")]).state).toBe("acknowledged");
  });
  test("every open alarm is in one row: of its group, or alone; closed ones in none", () => {
    const rows = rowsOf([g("r", "m", "closed"), g("gone"), g("s", "resolved")], new Map(), map(a("r"), a("m"), a("closed", 2, "resolved"), a("new"), a("s"), a("resolved", 3, "withdrawn"), a("held")), new Set(["held", "r"]));
    expect(rows.map((r) => [r.cause, r.root.id, ...r.rest.map((x) => x.id)])).toEqual([["episode", "r", "m"], ["alone", "s"], ["alone", "new"]]);
  });
  test("a row keeps its name while others join, its root leaves, or another becomes the root", () => {
    let names = namesOf(new Map(), [g("a"), g("b")]);
    expect([...names]).toEqual([["a", "a"], ["b", "b"]]);
    names = namesOf(names, [g("c", "a"), g("b", "d")]);
    expect([...names]).toEqual([["c", "a"], ["a", "a"], ["b", "b"], ["d", "b"]]);
    names = namesOf(names, [g("c"), g("d", "e")]); // a and b are closed
    expect([...names]).toEqual([["c", "a"], ["d", "b"], ["e", "b"]]);
  });
  test("two that become one have one name; a part that breaks off has another", () => {
    let names = namesOf(new Map(), [g("a"), g("b")]);
    names = namesOf(names, [g("b", "a")]);
    expect(new Set(names.values())).toEqual(new Set(["b"]));
    names = namesOf(names, [g("a", "x"), g("b")]);
    expect([names.get("b"), names.get("a"), names.get("x")]).toEqual(["b", "a", "a"]);
  });
  test("names never collide", () => {
    const names = namesOf(new Map([["a", "z"], ["b", "z"], ["c", "a"]]), [g("a"), g("b"), g("c")]);
    expect(new Set(names.values()).size).toBe(3);
  });
  test("keys walk through roots, and through what is unfolded", () => {
    const rows = [rowOf("1", "episode", [a("r"), a("m"), a("n")]), rowOf("s", "alone", [a("s")])];
    expect(walk(rows, new Set())).toEqual(["r", "s"]);
    expect(walk(rows, new Set(["1"]))).toEqual(["r", "m", "n", "s"]);
  });
});
