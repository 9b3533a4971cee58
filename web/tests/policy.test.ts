// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { differences, groupOf, parseCodes, shapeOf, unitOf, whole, wordsOf } from "@/lib/policy";
import { dueChoices, isLate, kindOfPlan, reached, reportOf } from "@/pages/tasks/model";

describe("a policy's form", () => {
  test("takes each member's shape from the document", () => {
    expect(shapeOf("violation", 12)).toBe("number");
    expect(shapeOf("enabled", false)).toBe("flag");
    expect(shapeOf("check", "inspect")).toBe("word");
    expect(shapeOf("classes", [])).toBe("choices");
    expect(shapeOf("watched_hs", ["2402"])).toBe("codes");
    expect(shapeOf("phases", [])).toBe("phases");
  });
  test("knows units, groups and words", () => {
    expect([unitOf("escalation", "check_minutes"), unitOf("risk", "violation"), unitOf("risk", "high_from")]).toEqual(["minutes", "points", null]);
    expect([groupOf("violation", "number"), groupOf("high_from", "number"), groupOf("hs", "codes")]).toEqual(["points", "limits", "lists"]);
    expect(wordsOf("handling")).toContain("deployment");
    expect(wordsOf("risk")).toEqual([]);
  });
  test("codes are typed with commas, blanks or lines, each once", () => expect(parseCodes("2402, 2403;2402\n 9801 ")).toEqual(["2402", "2403", "9801"]));
  test("says what differs, member by member", () => {
    expect(differences({ a: 1, b: ["x"], c: true }, { a: 1, b: ["x", "y"], d: 2 })).toEqual([
      { member: "b", was: ["x"], is: ["x", "y"] }, { member: "c", was: true, is: undefined }, { member: "d", was: undefined, is: 2 },
    ]);
    expect(differences({ hs: ["1"] }, { hs: ["1"] })).toEqual([]);
  });
  test("what a version does not say is the default's", () => expect(whole({ a: 2 }, { a: 1, b: 3 })).toEqual({ a: 2, b: 3 }));
});

describe("a task", () => {
  const log = [{ state: "accepted", user: "u", time: null }, { state: "reported", user: "u", time: null, note: "first" }, { state: "open", user: "w", time: null, reason: "look again" }, { state: "reported", user: "u", time: null, note: "second" }];
  test("is as far as its state, a withdrawn one as far as it came", () => {
    expect(reached({ state: "arrived", times: {} })).toBe(3);
    expect(reached({ state: "withdrawn", times: { accepted: "2026-01-01T00:00:00Z" } })).toBe(1);
  });
  test("shows the report that stands", () => expect(reportOf({ log })?.note).toBe("second"));
  test("is late only while nobody is there", () => {
    const due = "2026-01-01T00:00:00Z";
    const after = Date.parse(due) + 1;
    expect([isLate({ state: "under-way", due }, after), isLate({ state: "arrived", due }, after), isLate({ state: "open", due }, after - 2), isLate({ state: "open", due: null }, after)]).toEqual([true, false, false, false]);
  });
  test("follows the plan of the kind, and the policy's time is offered", () => {
    expect([kindOfPlan("deployment"), kindOfPlan("field-check"), kindOfPlan(null)]).toEqual(["deployment", "patrol", "patrol"]);
    expect(dueChoices(90)).toEqual([30, 60, 90, 120, 240]);
    expect(dueChoices(60)).toEqual([30, 60, 120, 240]);
  });
});
