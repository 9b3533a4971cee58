// SPDX-License-Identifier: Apache-2.0
// A journey as a film: what was known at a moment, and the moments worth stopping at.
import type { Position } from "./geo";
import type { TrackRow } from "./track";

/** Longer without a report than this, and nobody can say where it was: the film holds the last place. */
const KNOWN_MS = 45 * 60_000;

export const SPEEDS = [60, 300, 1200, 3600] as const;

export interface Frame {
  /** The last report at or before the moment. */
  row: TrackRow;
  at: Position;
  /** Between two reports: the place is reckoned, not told. */
  reckoned: boolean;
  /** Nothing was heard for so long that the place is only the last one known. */
  silent: boolean;
}

/** How many rows are at or before a moment. */
export function countUntil(rows: readonly TrackRow[], t: number): number {
  let lo = 0;
  let hi = rows.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (rows[mid]!.t <= t) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** What is shown at a moment: `rows` are the valid ones, in order of time. Null before the first. */
export function frameAt(rows: readonly TrackRow[], t: number): Frame | null {
  const n = countUntil(rows, t);
  const row = rows[n - 1];
  if (!row) return null;
  const here: Position = [row.lon!, row.lat!];
  const next = rows[n];
  const gap = next ? next.t - row.t : Infinity;
  if (!next || gap > KNOWN_MS) return { row, at: here, reckoned: false, silent: t - row.t > KNOWN_MS };
  const part = (t - row.t) / gap;
  if (part === 0) return { row, at: here, reckoned: false, silent: false };
  return { row, at: [here[0] + (next.lon! - here[0]) * part, here[1] + (next.lat! - here[1]) * part], reckoned: true, silent: false };
}

/** The next moment after `t`, or the one before it; null when there is none. */
export function momentFrom(moments: readonly number[], t: number, forward: boolean): number | null {
  let best: number | null = null;
  for (const m of moments) {
    if (forward ? m > t : m < t) best = best === null ? m : forward ? Math.min(best, m) : Math.max(best, m);
  }
  return best;
}

/** Where the film goes on: a frame later, at the end at most. */
export function step(t: number, elapsedMs: number, speed: number, until: number): number {
  return Math.min(until, t + elapsedMs * speed);
}
