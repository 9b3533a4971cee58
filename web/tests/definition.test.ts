// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { asGroup, depthOf, FIELDS, isComplete, opsOf, toSend, withField, type Node } from "@/lib/definition";

describe("a defined alarm", () => {
  const node: Node = { all: [{ field: "speed", op: "<", value: "5" }, { any: [{ field: "place", op: "outside", value: "ST1" }, { field: "time_of_day", op: "between", value: "22:00-06:00" }] }] };
  test("goes as the platform takes it", () => {
    expect(toSend(node)).toEqual({ all: [{ field: "speed", op: "<", value: 5 }, { any: [{ field: "place", op: "outside", value: "ST1" }, { field: "time_of_day", op: "between", value: "22:00-06:00" }] }] });
    expect(toSend({ field: "battery", op: "<", value: "low" })).toEqual({ field: "battery", op: "<", value: "low" });
  });
  test("is complete when every condition has its value", () => {
    expect(isComplete(node)).toBe(true);
    expect(isComplete({ all: [] })).toBe(false);
    expect(isComplete({ all: [{ field: "speed", op: ">", value: " " }] })).toBe(false);
  });
  test("another field keeps what fits", () => {
    expect(withField("battery", { field: "speed", op: "<=", value: "20" })).toEqual({ field: "battery", op: "<=", value: "20" });
    expect(withField("place", { field: "speed", op: "<=", value: "20" })).toEqual({ field: "place", op: "inside", value: "" });
  });
  test("every field has operators", () => expect(Object.keys(FIELDS).filter((f) => opsOf(f).length === 0)).toEqual([]));
  test("what stands alone is a list of one", () => expect([depthOf(node), asGroup({ field: "stay", op: ">", value: 30 })]).toEqual([2, { all: [{ field: "stay", op: ">", value: 30 }] }]));
});
