// SPDX-License-Identifier: Apache-2.0
// How far a journey is, against what was planned. Pure.
import { toMs, type Instant } from "./time";

/** Smaller than this is on time: people plan in minutes. */
const SLACK_MS = 60_000;

/** Expected after (positive) or before (negative) what was planned; 0: on time; null: one of the two is not known. */
export function deviation(at: Instant, planned: Instant): number | null {
  const a = toMs(at);
  const p = toMs(planned);
  if (a === null || p === null) return null;
  return Math.abs(a - p) < SLACK_MS ? 0 : a - p;
}

export interface RoutingPoint { name: string; planned?: string | null; passed?: string | null; expected?: string | null; deviation_minutes: number | null }
export type PointState = "passed" | "next" | "ahead";

/** Passed, the one that is next, or further ahead: points are in the order of the route, and one may be missed. */
export function pointStates(points: readonly RoutingPoint[]): PointState[] {
  const last = points.reduce((n, p, i) => (p.passed ? i : n), -1);
  return points.map((p, i) => (p.passed ? "passed" : i === last + 1 ? "next" : "ahead"));
}

/** How long it took, or has taken until `now`; null: it has not left. */
export function transitMs(p: { departed?: string | null; arrived?: string | null; transit_minutes: number | null }, now: number): number | null {
  if (p.transit_minutes !== null) return p.transit_minutes * 60_000;
  const left = toMs(p.departed);
  return left === null || now < left ? null : now - left;
}
