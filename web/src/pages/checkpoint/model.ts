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
  return step.fields.filter((f) => f.required && !(values[f.name] ?? "").trim()).map((f) => f.name);
}

/** A step in which somebody looks for himself: what is already known is not filled in, or it would only agree with itself. */
export const looks = (step: Pick<DossierStep, "id">) => /^(read-|check-seal|check-platform|lock-seal|hang-lock)/.test(step.id);

/** What is declared or on record, so that nobody types it again. */
export function known(step: DossierStep, comparison: readonly Compared[], journey: { vehicle?: string | null | undefined; driver?: string | null | undefined; cargo?: string | null | undefined; reference?: string | null | undefined; containers?: readonly string[] | undefined }): Record<string, string> {
  const record: Record<string, string | null | undefined> = { plate: journey.vehicle, driver: journey.driver, goods: journey.cargo, container: journey.containers?.[0], transit_document: journey.reference, declaration_number: journey.reference };
  const said = (name: string) => record[name] ?? comparison.find((c) => c.field === name)?.declared?.value ?? "";
  return Object.fromEntries(step.fields.map((f) => [f.name, f.kind === "note" || looks(step) ? "" : said(f.name)]));
}

/** Stages that may open after the one that is. */
export function ahead(d: Pick<Dossier, "stage">): ("en-route" | "destination")[] {
  return d.stage === "destination" ? [] : ["en-route", "destination"];
}

/** The departure is over, or the last stay is: somebody may arrive next. */
export const leaves = (d: Dossier): boolean => !d.closed && d.stage !== "destination" && nextStep(d) === null && d.blocked.length === 0;

/** How far a stage is: for the three marks above the steps. */
export function stageState(d: Dossier, stage: string): "done" | "current" | "ahead" {
  const at = STAGES.indexOf(d.stage as (typeof STAGES)[number]);
  const it = STAGES.indexOf(stage as (typeof STAGES)[number]);
  return d.closed || it < at ? "done" : it === at ? "current" : "ahead";
}
