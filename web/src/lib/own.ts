// SPDX-License-Identifier: Apache-2.0
// A carrier's or trader's part in a dossier. Pure.
import type { Dossier, DossierStep, Procedure, Visit } from "@/api/model";

export interface Own { visit: Visit; step: DossierStep }

/** The step that is theirs to do now; null: the others are at work. */
export function ownStep(d: Pick<Dossier, "visits" | "closed">): Own | null {
  if (d.closed) return null;
  for (const visit of [...d.visits].reverse()) {
    const step = visit.steps.find((s) => s.mine && !s.judges && s.state === "next");
    if (step) return { visit, step };
  }
  return null;
}

/** What their side has declared. A step that customs may do as well is not theirs for certain, and is left out. */
export function ownDone(d: Pick<Dossier, "visits">): Own[] {
  return d.visits.flatMap((visit) => visit.steps.filter((s) => s.mine && s.by === "trader" && s.state === "done").map((step) => ({ visit, step })));
}

/** The stages ahead that begin with their declaration, once the vehicle has left where it was. */
export function announceable(d: Pick<Dossier, "visits" | "closed" | "stage" | "scope" | "class" | "mode">, procedures: readonly Procedure[]): ("en-route" | "destination")[] {
  const last = d.visits.at(-1);
  if (d.closed || d.stage === "destination" || !last || !(last.left || last.imported)) return [];
  const begins = (stage: string) => procedures.find((x) => x.scope === d.scope && x.class === d.class && x.mode === d.mode && x.stage === stage)?.steps[0]?.by === "trader";
  return (["en-route", "destination"] as const).filter(begins);
}
