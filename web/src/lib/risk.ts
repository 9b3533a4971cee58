// SPDX-License-Identifier: Apache-2.0
// The trial of the risk score in words that can be read. Pure.
import type { RiskBacktest } from "@/api/model";

export type Verdict = "good" | "some" | "none";

/** How well the score tells journeys with a violation from those without: 0.5 is chance. */
export function verdict(auc: number): Verdict {
  return auc >= 0.75 ? "good" : auc >= 0.6 ? "some" : "none";
}

/** What is caught from a score on: violations among them, and how many journeys that are. Scores are counted in tens. */
export function from(tenths: RiskBacktest["tenths"], score: number): { score: number; journeys: number; caught: number } {
  const start = Math.floor(score / 10) * 10;
  const above = tenths.filter((x) => x.from >= start);
  return { score: start, journeys: above.reduce((n, x) => n + x.journeys, 0), caught: above.reduce((n, x) => n + x.with_violation, 0) };
}
