// SPDX-License-Identifier: Apache-2.0
// The alarm queue: what needs somebody comes first. Pure.

export interface Queued { id: string; grade: number; state: string; onset: string; raised: string; ended?: string | null }

const weight: Record<string, number> = { raised: 0, acknowledged: 1, dispatched: 2, resolved: 3, withdrawn: 4 };

export const isOpen = (a: { state: string }) => a.state !== "resolved" && a.state !== "withdrawn";

/** Open before closed, unacknowledged first, worse grade first, then newest. */
export function order(a: Queued, b: Queued): number {
  const open = Number(isOpen(b)) - Number(isOpen(a));
  if (open) return open;
  if (isOpen(a)) {
    const fresh = Number(a.state !== "raised") - Number(b.state !== "raised");
    if (fresh) return fresh;
    if (a.grade !== b.grade) return b.grade - a.grade;
    if (a.state !== b.state) return (weight[a.state] ?? 9) - (weight[b.state] ?? 9);
  }
  return Date.parse(b.raised) - Date.parse(a.raised) || (a.id < b.id ? -1 : 1);
}

/** The neighbour of `id` in the list; from nowhere, the first. */
export function step(ids: readonly string[], id: string | null, by: 1 | -1): string | null {
  if (ids.length === 0) return null;
  const at = id === null ? -1 : ids.indexOf(id);
  if (at < 0) return ids[0]!;
  return ids[Math.min(ids.length - 1, Math.max(0, at + by))]!;
}

/**
 * Live updates must not move what one reads: keeps the order that is shown, drops what left, and puts what is new
 * where `order` wants it only if that is above everything shown; else at its place among the rest.
 */
export function merge<T extends Queued>(shown: readonly string[], all: readonly T[], held: boolean): T[] {
  const sorted = [...all].sort(order);
  if (!held) return sorted;
  const byId = new Map(sorted.map((a) => [a.id, a]));
  const kept = shown.filter((id) => byId.has(id)).map((id) => byId.get(id)!);
  const seen = new Set(shown);
  const fresh = sorted.filter((a) => !seen.has(a.id));
  return [...fresh, ...kept];
}
