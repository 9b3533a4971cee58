// SPDX-License-Identifier: Apache-2.0
// Tasks as the centre sees them. Pure.
import type { PaperEntry, Task, TaskState } from "@/api/model";

export const LIFE = ["open", "accepted", "under-way", "arrived", "reported", "closed"] as const satisfies readonly TaskState[];

export const isOpenTask = (t: Pick<Task, "state">) => t.state !== "closed" && t.state !== "withdrawn";

/** How far it is: index in LIFE; a withdrawn one stopped where its times end. */
export function reached(t: Pick<Task, "state" | "times">): number {
  const at = LIFE.indexOf(t.state as (typeof LIFE)[number]);
  if (at >= 0) return at;
  return LIFE.reduce((most, s, i) => (t.times[s] ? i : most), 0);
}

export const timeOf = (t: Pick<Task, "created" | "times">, state: TaskState) => (state === "open" ? t.created : (t.times[state] ?? null));

/** The report that stands: the last one. */
export const reportOf = (t: Pick<Task, "log">): PaperEntry | null => [...(t.log ?? [])].reverse().find((e) => e.state === "reported") ?? null;

export interface Findings { seal_state?: string; finding?: string; container?: string; plate?: string; cargo?: string }
export const findingsOf = (e: PaperEntry | null): Findings => (e?.findings ?? {}) as Findings;

/** What the plan of an alarm's kind means for a task. */
export const kindOfPlan = (plan: string | null): "patrol" | "deployment" => (plan === "deployment" ? "deployment" : "patrol");

/** Late: it should have been on the spot by now. */
export function isLate(t: Pick<Task, "state" | "due">, now: number): boolean {
  const due = Date.parse(t.due ?? "");
  return Number.isFinite(due) && now > due && (t.state === "open" || t.state === "accepted" || t.state === "under-way");
}

/** Choices for "on the spot by", in minutes: what the policy gives is among them. */
export function dueChoices(policy: number | null): number[] {
  return [...new Set([30, 60, 120, 240, ...(policy ? [policy] : [])])].sort((a, b) => a - b);
}
