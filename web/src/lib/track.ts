// SPDX-License-Identifier: Apache-2.0
// A track as the platform sends it (compact rows) and as pages use it.
import type { Position } from "./geo";

export interface TrackRow {
  t: number; lat: number | null; lon: number | null; speed: number | null; course: number | null; accuracy: number | null;
  valid: boolean; stored: boolean; percent: number | null; temperature: number | null; state: string | null; id: string; seal: string;
}

type Cell = number | string | null;
interface Compact { tracks: { seal: string; total: number; rows: readonly (readonly unknown[])[] }[] }

/** Rows of all seals in order of time. */
export function rowsOf(track: Compact | null | undefined): TrackRow[] {
  const out: TrackRow[] = [];
  for (const one of track?.tracks ?? []) {
    for (const row of one.rows) {
      const [t, lat, lon, speed, course, accuracy, valid, stored, percent, temperature, state, id] = row as Cell[];
      out.push({
        t: t as number, lat: lat as number | null, lon: lon as number | null, speed: speed as number | null, course: course as number | null,
        accuracy: accuracy as number | null, valid: valid === 1 && lat !== null && lon !== null, stored: stored === 1, percent: percent as number | null,
        temperature: temperature as number | null, state: state as string | null, id: id as string, seal: one.seal,
      });
    }
  }
  return out.sort((a, b) => a.t - b.t);
}

const GAP_MS = 45 * 60_000;

/** The drawn lines: valid fixes of each seal, broken where nothing was heard for long, so that no road is invented. */
export function linesOf(rows: readonly TrackRow[]): Position[][] {
  const lines: Position[][] = [];
  const last = new Map<string, { t: number; line: Position[] }>();
  for (const r of rows) {
    if (!r.valid) continue;
    const at: Position = [r.lon!, r.lat!];
    const open = last.get(r.seal);
    if (open && r.t - open.t <= GAP_MS) open.line.push(at);
    else {
      const line = [at];
      lines.push(line);
      last.set(r.seal, { t: r.t, line });
      continue;
    }
    open.t = r.t;
  }
  return lines;
}

/** The row nearest in time. */
export function at(rows: readonly TrackRow[], t: number): TrackRow | null {
  let lo = 0;
  let hi = rows.length - 1;
  if (hi < 0) return null;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (rows[mid]!.t < t) lo = mid + 1;
    else hi = mid;
  }
  const before = rows[lo - 1];
  return before && t - before.t < rows[lo]!.t - t ? before : rows[lo]!;
}
