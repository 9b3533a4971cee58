// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { clock, fromInput, full, relative, span, toInput, toMs } from "@/lib/time";

const now = Date.parse("2026-03-10T12:00:00Z"); // a Tuesday
const at = (text: string) => Date.parse(text);

describe("times", () => {
  test("fresh times are relative, older ones are not", () => {
    expect(relative(now - 3_000, now, "en-GB")).toBe("now");
    expect(relative(now - 40_000, now, "en-GB")).toBe("40 sec ago");
    expect(relative(now - 59 * 60_000, now, "en-GB")).toBe("59 min ago");
    expect(relative(now + 5 * 60_000, now, "en-GB")).toBe("in 5 min");
    expect(relative(now - 60 * 60_000, now, "en-GB")).toBeNull();
  });
  test("a device's clock a little ahead is not the future", () => {
    expect(relative(now + 4_000, now, "en-GB")).toBe("now");
  });
  test("clock time names the day only when it is another one", () => {
    expect(clock(at("2026-03-10T09:05:00Z"), now, "en-GB", "UTC")).toBe("09:05");
    expect(clock(at("2026-03-09T23:05:00Z"), now, "en-GB", "UTC")).toBe("Mon 23:05");
    expect(clock(at("2026-01-02T03:04:00Z"), now, "en-GB", "UTC")).toBe("2 Jan 03:04");
    expect(clock(at("2025-01-02T03:04:05Z"), now, "en-GB", "UTC", true)).toBe("2 Jan 2025 03:04:05");
  });
  test("the day is the local one", () => {
    expect(clock(at("2026-03-09T22:30:00Z"), now, "en-GB", "Africa/Nairobi")).toBe("01:30");
  });
  test("midnight is 00, not 24", () => {
    expect(clock(at("2026-03-10T00:00:00Z"), now, "en-GB", "UTC")).toBe("00:00");
  });
  test("the hover holds zone and UTC", () => {
    const text = full(at("2026-03-10T09:05:06Z"), "en-GB", "Africa/Nairobi");
    expect(text).toContain("12:05:06");
    expect(text).toContain("GMT+3");
    expect(text).toContain("2026-03-10T09:05:06Z");
  });
  test("spans", () => {
    expect(span(40_400)).toBe("40 s");
    expect(span(-12 * 60_000)).toBe("12 min");
    expect(span(4 * 3_600_000 + 5 * 60_000)).toBe("4 h 05 min");
    expect(span(51 * 3_600_000)).toBe("2 d 3 h");
  });
  test("what is no time is null", () => {
    expect(toMs("")).toBeNull();
    expect(toMs(undefined)).toBeNull();
    expect(toMs("yesterday")).toBeNull();
    expect(toMs("2026-03-10T12:00:00Z")).toBe(now);
  });
  test("input fields come back as they went", () => {
    const text = "2026-07-01T08:30:00Z";
    expect(fromInput(toInput(text))).toBe(text);
    expect(fromInput("")).toBeNull();
    expect(toInput(null)).toBe("");
  });
});
