// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { announceable, ownDone, ownStep } from "@/lib/own";
import { preAdviceOf } from "@/lib/preadvice";
import { deviation, pointStates, transitMs } from "@/lib/progress";
import { from, verdict } from "@/lib/risk";
import { answers, openUntil } from "@/pages/emergency/model";
import type { DossierStep, Procedure, Visit } from "@/api/model";

describe("how far a journey is", () => {
  test("says what is late and what is early, and nothing of what is not known", () => {
    expect(deviation("2026-03-01T10:30:00Z", "2026-03-01T10:00:00Z")).toBe(1_800_000);
    expect(deviation("2026-03-01T09:30:00Z", "2026-03-01T10:00:00Z")).toBe(-1_800_000);
    expect(deviation("2026-03-01T10:00:40Z", "2026-03-01T10:00:00Z")).toBe(0);
    expect([deviation(null, "2026-03-01T10:00:00Z"), deviation("2026-03-01T10:00:00Z", null)]).toEqual([null, null]);
  });
  test("one point is next: the first behind the last that was passed, whether or not all before it were", () => {
    const p = (passed: string | null) => ({ name: "x", planned: null, passed, expected: null, deviation_minutes: null });
    const at = "2026-03-01T10:00:00Z";
    expect(pointStates([p(at), p(null), p(null)])).toEqual(["passed", "next", "ahead"]);
    expect(pointStates([p(null), p(at), p(null)])).toEqual(["ahead", "passed", "next"]);
    expect(pointStates([p(null)])).toEqual(["next"]);
    expect(pointStates([])).toEqual([]);
  });
  test("the transit time is the platform's, or what has gone by since it left", () => {
    const now = Date.parse("2026-03-01T12:00:00Z");
    expect(transitMs({ departed: "2026-03-01T10:00:00Z", arrived: "2026-03-01T11:00:00Z", transit_minutes: 60 }, now)).toBe(3_600_000);
    expect(transitMs({ departed: "2026-03-01T10:00:00Z", arrived: null, transit_minutes: null }, now)).toBe(7_200_000);
    expect(transitMs({ departed: null, arrived: null, transit_minutes: null }, now)).toBeNull();
    expect(transitMs({ departed: "2026-03-01T13:00:00Z", arrived: null, transit_minutes: null }, now)).toBeNull();
  });
});

describe("an emergency opening", () => {
  const e = { state: "requested", author: "u1" };
  test("takes two people: who asked never approves", () => {
    expect(answers(e, "u2", true, false, false)).toEqual(["approved", "refused"]);
    expect(answers(e, "u1", true, false, false)).toEqual(["refused", "withdrawn"]);
    expect(answers(e, "u1", false, false, true)).toEqual(["withdrawn"]);
    expect(answers(e, "u3", false, false, false)).toEqual([]);
    expect(answers({ ...e, state: "approved" }, "u2", true, true, false)).toEqual([]);
  });
  test("is permitted from the approval on, for half an hour where nothing else was asked", () => {
    const at = Date.parse("2026-03-01T10:00:00Z");
    expect(openUntil({ state: "approved", times: { approved: "2026-03-01T10:00:00Z" }, minutes: 60 })).toBe(at + 3_600_000);
    expect(openUntil({ state: "approved", times: { approved: "2026-03-01T10:00:00Z" }, minutes: null })).toBe(at + 1_800_000);
    expect(openUntil({ state: "refused", times: {}, minutes: 60 })).toBeNull();
  });
});

describe("a pre-advice file", () => {
  const file = { format: "bulla-pre-advice-1", made: "2026-03-01T10:00:00Z", journey: { id: "J1", reference: "T1", vehicle: "KDB 418Q", origin: { name: "A" }, destination: null }, seals: [{ id: "jt701:1" }, {}], entries: [{}, {}] };
  test("is told from what is none", () => {
    expect(preAdviceOf("Dear colleagues")).toBeNull();
    expect(preAdviceOf('{"format":"other-2"}')).toEqual({ expected: "bulla-pre-advice-1", got: "other-2" });
    for (const text of ["[]", "7", "null", "{}"]) expect(preAdviceOf(text)).toEqual({ expected: "bulla-pre-advice-1", got: null });
  });
  test("says what stands in it, whatever is missing", () => {
    expect(preAdviceOf(JSON.stringify(file))).toEqual({ gist: { journey: "J1", reference: "T1", vehicle: "KDB 418Q", from: "A", to: null, seals: ["jt701:1"], made: "2026-03-01T10:00:00Z", entries: 2 } });
    expect(preAdviceOf('{"format":"bulla-pre-advice-1"}')).toMatchObject({ gist: { journey: "—", entries: 0, seals: [] } });
  });
});

describe("the trial of the risk score", () => {
  const tenths = [40, 30, 20, 5, 3, 2, 0, 0, 0, 0].map((journeys, i) => ({ from: i * 10, until: i * 10 + 10, journeys, with_violation: Math.min(journeys, i) }));
  test("counts from the tenth that holds the score", () => {
    expect(from(tenths, 30)).toEqual({ score: 30, journeys: 10, caught: 8 });
    expect(from(tenths, 35)).toEqual({ score: 30, journeys: 10, caught: 8 });
    expect(from(tenths, 60)).toEqual({ score: 60, journeys: 0, caught: 0 });
    expect(from(tenths, 0).journeys).toBe(100);
  });
  test("has a word for how well it told", () => expect([0.9, 0.65, 0.5, 0.2].map(verdict)).toEqual(["good", "some", "none", "none"]));
});

describe("a carrier's or trader's own part", () => {
  const step = (id: string, more: Partial<DossierStep>) => ({ id, title: id, by: "checkpoint-officer", mine: false, state: "waiting", branch: null, needs: [], fields: [], outcome: null, user: null, user_name: null, time: null, reason: null, files: [], automatic: false, judges: false, ...more }) as DossierStep;
  const visit = (steps: DossierStep[], more: Partial<Visit> = {}) => ({ number: 1, stage: "departure", procedure: "WCO-8-X-MD-P", station: null, station_name: null, arrived: null, left: null, steps, ...more }) as Visit;
  test("is the one step that is theirs and next", () => {
    const own = step("export-declaration", { by: "trader", mine: true, state: "next" });
    expect(ownStep({ closed: null, visits: [visit([own, step("check-declaration", { state: "waiting" })])] })?.step.id).toBe("export-declaration");
    expect(ownStep({ closed: null, visits: [visit([{ ...own, state: "done" }, step("check-declaration", { state: "next" })])] })).toBeNull();
    expect(ownStep({ closed: "2026-03-01T10:00:00Z", visits: [visit([own])] })).toBeNull();
    expect(ownDone({ visits: [visit([{ ...own, state: "done" }, step("lock-seal", { mine: true, state: "done" })])] }).map((x) => x.step.id)).toEqual(["export-declaration"]);
  });
  test("what begins before the arrival can be announced once the vehicle has left", () => {
    const d = { closed: null, stage: "departure" as const, scope: "cross-border" as const, class: "passive" as const, mode: "multimodal" as const };
    const p = (stage: string, by: string) => ({ scope: "cross-border", class: "passive", mode: "multimodal", stage, steps: [{ by }] }) as unknown as Procedure;
    const both = [p("en-route", "trader"), p("destination", "trader")];
    const left = [visit([], { left: "2026-03-01T10:00:00Z" })];
    expect(announceable({ ...d, visits: left }, both)).toEqual(["en-route", "destination"]);
    expect(announceable({ ...d, visits: [visit([])] }, both)).toEqual([]);
    expect(announceable({ ...d, visits: left }, [p("destination", "checkpoint-officer")])).toEqual([]);
    expect(announceable({ ...d, stage: "destination", visits: left }, both)).toEqual([]);
  });
});
