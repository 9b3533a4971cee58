// SPDX-License-Identifier: Apache-2.0
// An alarm that an officer defines: conditions joined by all or any, as a form holds them and as a sentence says them. Pure.

export type Leaf = { field: string; op: string; value: unknown };
export type Joined = { all: Node[] } | { any: Node[] };
export type Node = Leaf | Joined;

export type Kind = "number" | "place" | "zone" | "hours" | "state" | "event" | "text" | "mode" | "regime";
const NUMBER_OPS = [">", ">=", "<", "<="] as const;
const OPS: Record<Kind, readonly string[]> = {
  number: NUMBER_OPS, place: ["inside", "outside"], zone: ["inside", "outside"], hours: ["between"], state: ["is", "is-not"], event: ["is"], text: ["is", "is-not", "contains", "begins"], mode: ["is", "is-not"], regime: ["is", "is-not"],
};
/** Fields by what their value is, and the unit of a number. */
export const FIELDS: Record<string, [Kind, string]> = {
  speed: ["number", "km/h"], place: ["place", ""], zone: ["zone", ""], time_of_day: ["hours", "UTC"], battery: ["number", "%"], state: ["state", ""], event: ["event", ""], silence: ["number", "min"], stay: ["number", "min"], off_route: ["number", "m"],
  sealed_for: ["number", "h"], cargo: ["text", ""], hs: ["text", ""], carrier: ["text", ""], mode: ["mode", ""], regime: ["regime", ""], temperature: ["number", "°C"], humidity: ["number", "%"], light: ["number", "lx"], tilt: ["number", "°"], shock: ["number", "g"],
  pressure: ["number", "kPa"], voc: ["number", "ppm"], oil: ["number", "l"], acceleration: ["number", "g"],
};
export const STATES = ["sealed", "open", "unlocked-closed", "unknown"] as const;
export const MODES = ["road", "rail", "vessel", "multimodal"] as const;
export const REGIMES = ["internal", "import", "export", "cross-border", "transit"] as const;

export const kindOf = (field: string): Kind => FIELDS[field]?.[0] ?? "number";
export const unitOf = (field: string): string => FIELDS[field]?.[1] ?? "";
export const opsOf = (field: string): readonly string[] => OPS[kindOf(field)];
export const isLeaf = (n: Node): n is Leaf => "field" in n;
export const joinOf = (n: Joined): "all" | "any" => ("all" in n ? "all" : "any");
export const partsOf = (n: Joined): Node[] => ("all" in n ? n.all : n.any);
export const joined = (join: "all" | "any", parts: Node[]): Joined => (join === "all" ? { all: parts } : { any: parts });
/** What stands alone is a list of one. */
export const asGroup = (n: Node): Joined => (isLeaf(n) ? { all: [n] } : n);

/** Another field keeps the operator where it fits, and never the old value. */
export function withField(field: string, old: Leaf): Leaf {
  const ops = opsOf(field);
  const same = kindOf(field) === kindOf(old.field);
  return { field, op: ops.includes(old.op) ? old.op : ops[0]!, value: same ? old.value : "" };
}

/** As the platform takes it: numbers as numbers. What is no number goes as typed: the platform says what it expected. */
export function toSend(n: Node): Node {
  if (!isLeaf(n)) return joined(joinOf(n), partsOf(n).map(toSend));
  const text = String(n.value ?? "").trim();
  return { ...n, value: kindOf(n.field) === "number" && text !== "" && Number.isFinite(Number(text)) ? Number(text) : typeof n.value === "string" ? text : n.value };
}

export const isComplete = (n: Node): boolean => (isLeaf(n) ? (typeof n.value === "object" && n.value !== null) || String(n.value ?? "").trim() !== "" : partsOf(n).length > 0 && partsOf(n).every(isComplete));
export const depthOf = (n: Node): number => (isLeaf(n) ? 0 : 1 + Math.max(0, ...partsOf(n).map(depthOf)));
