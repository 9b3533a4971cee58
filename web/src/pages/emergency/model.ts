// SPDX-License-Identifier: Apache-2.0
// An emergency opening as the screen shows it. Pure.
import type { Emergency } from "@/api/model";
import { toMs } from "@/lib/time";

const MINUTES = 30; // where nobody said for how long

/** Until when the seal may be opened; null: it is not permitted. */
export function openUntil(e: Pick<Emergency, "state" | "times" | "minutes">): number | null {
  const from = e.state === "approved" ? toMs(e.times["approved"]) : null;
  return from === null ? null : from + (e.minutes ?? MINUTES) * 60_000;
}

export type EmergencyDo = "approved" | "refused" | "withdrawn";

/** What this person may answer. Two people open: who asked never approves. */
export function answers(e: Pick<Emergency, "state" | "author">, me: string, decides: boolean, administers: boolean, ofCarrier: boolean): EmergencyDo[] {
  if (e.state !== "requested") return [];
  const mine = e.author === me || ofCarrier;
  return [...(decides && e.author !== me ? (["approved"] as const) : []), ...(decides ? (["refused"] as const) : []), ...(mine || administers ? (["withdrawn"] as const) : [])];
}
