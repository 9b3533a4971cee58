// SPDX-License-Identifier: Apache-2.0
// The dossier as the screen shows it. Pure.
import type { Compared, Dossier, DossierStep, Visit } from "@/api/model";

export const STAGES = ["departure", "en-route", "destination"] as const;

/** The visit that is looked at: the one with the next step, else the last. */
export function currentVisit(d: Dossier): Visit | null {
  return d.visits.find((v) => v.number === d.next?.visit) ?? d.visits.at(-1) ?? null;
}

export function nextStep(d: Dossier): DossierStep | null {
  const visit = currentVisit(d);
  return visit?.steps.find((s) => s.id === d.next?.step && s.state === "next") ?? visit?.steps.find((s) => s.state === "next") ?? null;
}

/** Differences first, then what nobody has read yet, then what agrees. */
export function sortedComparison(list: readonly Compared[]): Compared[] {
  const rank = (c: Compared) => (c.equal === false ? 0 : c.equal === null ? 1 : 2);
  return [...list].sort((a, b) => rank(a) - rank(b) || a.field.localeCompare(b.field));
}

/** What must still be filled in before the step can be done. */
export function missing(step: DossierStep, values: Record<string, string>): string[] {
  return step.fields.filter((f) => f.required && !(values[f.name] ?? f.value ?? "").trim()).map((f) => f.name);
}

/** A step that ends in one of two branches: the seal is as it should be, or there is suspicion. */
export const isJudgement = (step: DossierStep, visit: Visit) =>
  visit.steps.some((s) => s.branch === "suspect" && s.state !== "done") && visit.steps.some((s) => s.branch === "clean") && step.branch === null && /check|read|verify|compare|inspect/.test(step.id);

/** How far a stage is: for the three marks above the steps. */
export function stageState(d: Dossier, stage: string): "done" | "current" | "ahead" {
  const at = STAGES.indexOf(d.stage as (typeof STAGES)[number]);
  const it = STAGES.indexOf(stage as (typeof STAGES)[number]);
  return d.closed || it < at ? "done" : it === at ? "current" : "ahead";
}
