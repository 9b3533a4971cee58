// SPDX-License-Identifier: Apache-2.0
// A policy's members as a form shows them, from the document itself; what differs between two documents. Pure.

export interface Phase { from: string; mode?: string; hs?: string[]; class?: string }
export type Value = number | string | boolean | string[] | Phase[];
export type Body = Record<string, unknown>;
export type Shape = "number" | "flag" | "word" | "choices" | "codes" | "phases";

const VERDICTS = ["release", "inspect"] as const;
const PLANS = ["field-check", "deployment", "inform"] as const;

/** Words of the members that are words, and what may be chosen from in those that are lists. */
export const SEAL_CLASSES = ["any", "active"] as const;
const WORDS: Record<string, readonly string[]> = { "grade-table": VERDICTS, handling: PLANS, "goods-compulsory": SEAL_CLASSES };
const CHOICES: Record<string, readonly string[]> = {
  classes: ["mechanical", "passive", "semi-active", "active", "smart-container"], modes: ["road", "rail", "vessel", "multimodal"],
  regimes: ["internal", "import", "export", "cross-border", "transit"],
};
export const MODES = ["any", ...CHOICES["modes"]!];

export const wordsOf = (policy: string): readonly string[] => WORDS[policy] ?? [];
export const choicesOf = (member: string): readonly string[] => CHOICES[member] ?? [];

export function shapeOf(member: string, value: unknown): Shape {
  if (typeof value === "boolean") return "flag";
  if (typeof value === "number") return "number";
  if (typeof value === "string") return "word";
  return member === "phases" ? "phases" : CHOICES[member] ? "choices" : "codes";
}

/** Where a group of members begins, so that a long policy can be read. */
export function groupOf(member: string, shape: Shape): "points" | "limits" | "lists" {
  if (shape === "codes" || shape === "choices" || shape === "phases") return "lists";
  return member.endsWith("_from") ? "limits" : "points";
}

export const unitOf = (policy: string, member: string): "minutes" | "points" | null => (member.endsWith("_minutes") ? "minutes" : policy === "risk" && !member.endsWith("_from") ? "points" : null);

export const parseCodes = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).filter(Boolean))];

/** A document as it holds: what a version does not say comes from the default. */
export const whole = (body: Body, defaults: Body): Body => ({ ...defaults, ...body });

/** The policies whose other version can be tried on the dossiers there are. */
export const isTried = (policy: string): boolean => ["goods-excepted", "goods-compulsory", "phasing"].includes(policy);

export interface Difference { member: string; was: unknown; is: unknown }
export function differences(was: Body, is: Body): Difference[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names.filter((m) => JSON.stringify(was[m]) !== JSON.stringify(is[m])).map((m) => ({ member: m, was: was[m], is: is[m] }));
}
