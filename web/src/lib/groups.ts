// SPDX-License-Identifier: Apache-2.0
// Alarms of one cause as one row of the queue: the root on top, the others behind it. Pure.
import { isOpen, type Queued } from "./queue";

export interface Cause { cause: string; members: readonly string[] } // ids, the root first

/** A row: what it is ordered by, under a name that stays while alarms join and leave it. */
export interface Row<T> extends Queued { cause: string; root: T; rest: T[]; journeys: number; waiting: T[] }

/**
 * For each alarm the name of its row. A group keeps the name that it had while its members come and go and its root changes, so that
 * what is read stays where it is; a part that broke off gets the name of its root.
 */
export function namesOf(before: ReadonlyMap<string, string>, causes: readonly Cause[]): Map<string, string> {
  const taken = new Set<string>();
  const chosen = new Map<Cause, string>();
  const claim = (c: Cause, name: string) => {
    if (chosen.has(c) || taken.has(name)) return;
    taken.add(name);
    chosen.set(c, name);
  };
  for (const c of causes) for (const id of c.members) if (before.get(id) === id) claim(c, id);
  for (const c of causes) for (const id of c.members) if (before.has(id)) claim(c, before.get(id)!);
  for (const c of causes) for (const id of c.members) claim(c, id);
  return new Map(causes.flatMap((c) => c.members.map((id) => [id, chosen.get(c) ?? c.members[0]!] as const)));
}

const rank: Record<string, number> = { raised: 0, acknowledged: 1, dispatched: 2 };

interface Of { id: string; grade: number; state: string; onset: string; raised: string; journey: string }

/** A row of alarms, the root first: as grave as its worst, as new as its oldest, waiting while one of them waits. */
export function rowOf<T extends Of>(name: string, cause: string, list: readonly T[]): Row<T> {
  const root = list[0]!;
  const least = list.reduce((a, b) => ((rank[b.state] ?? 9) < (rank[a.state] ?? 9) ? b : a));
  return {
    id: name, cause, root, rest: list.slice(1), grade: Math.max(...list.map((a) => a.grade)), state: least.state, onset: root.onset,
    raised: list.reduce((a, b) => (b.raised < a ? b.raised : a), root.raised),
    journeys: new Set(list.map((a) => a.journey)).size, waiting: list.filter((a) => a.state === "raised"),
  };
}

/** Every open alarm in one row; what is in no group yet stands alone, unless it is `withheld` until its group is known. */
export function rowsOf<T extends Of>(causes: readonly Cause[], names: ReadonlyMap<string, string>, alarms: ReadonlyMap<string, T>, withheld: ReadonlySet<string>): Row<T>[] {
  const rows: Row<T>[] = [];
  const seen = new Set<string>();
  for (const c of causes) {
    const list = c.members.flatMap((id) => {
      const a = alarms.get(id);
      return a && isOpen(a) ? [a] : [];
    });
    for (const a of list) seen.add(a.id);
    if (list.length > 0) rows.push(rowOf(names.get(c.members[0]!) ?? c.members[0]!, list.length > 1 ? c.cause : "alone", list));
  }
  for (const a of alarms.values()) if (isOpen(a) && !seen.has(a.id) && !withheld.has(a.id)) rows.push(rowOf(a.id, "alone", [a]));
  return rows;
}

/** The ids in the order in which j and k walk through them: roots, and what is unfolded. */
export function walk<T extends { id: string }>(rows: readonly { id: string; root: T; rest: readonly T[] }[], unfolded: ReadonlySet<string>): string[] {
  return rows.flatMap((r) => [r.root.id, ...(unfolded.has(r.id) ? r.rest.map((a) => a.id) : [])]);
}
