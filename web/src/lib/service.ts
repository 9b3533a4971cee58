// SPDX-License-Identifier: Apache-2.0
// Service times of applications: from being sent to the answer, and to the end. Pure.
interface Served { state: string; created: string | null; times: Record<string, string | null> }

const between = (from: string | null | undefined, to: string | null | undefined): number | null => {
  const ms = Date.parse(to ?? "") - Date.parse(from ?? "");
  return Number.isFinite(ms) ? ms : null;
};

export const answeredAfter = (a: Served): number | null => between(a.created, a.times["accepted"] ?? a.times["refused"]);
export const servedAfter = (a: Served): number | null => between(a.created, a.times["done"]);

export function median(list: readonly (number | null)[]): number | null {
  const known = list.filter((x): x is number => x !== null).sort((a, b) => a - b);
  if (known.length === 0) return null;
  const mid = known.length >> 1;
  return known.length % 2 ? known[mid]! : (known[mid - 1]! + known[mid]!) / 2;
}
