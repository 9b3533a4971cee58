// SPDX-License-Identifier: Apache-2.0
// A day run again: what is otherwise, as it stands in the address, and what came of it, journey by journey. Pure.

/** "signal_lost.limit:60,route_deviation.corridor:800" -> figures by name; what cannot be read is left out. */
export function figuresFrom(text: string | null): Map<string, string> {
  const pairs = (text ?? "").split(",").map((p) => p.split(":") as [string, string?]);
  return new Map(pairs.flatMap(([name, value]) => (/^[a-z_]+\.[a-z_0-9]+$/.test(name) ? [[name, value ?? ""] as const] : [])));
}
export const figuresTo = (figures: ReadonlyMap<string, string>): string | null => [...figures].map(([n, v]) => `${n}:${v.replace(/[,:]/g, "")}`).join(",") || null;

/** Those that are numbers, as the platform takes them. */
export function numbersOf(figures: ReadonlyMap<string, string>): Record<string, number> {
  return Object.fromEntries([...figures].flatMap(([n, v]) => (v.trim() && Number.isFinite(Number(v)) ? [[n, Number(v)]] : [])));
}

/** "2026-03-01" of a moment, by this machine's clock. */
export function dayOf(ms: number): string {
  const d = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}

/** "+03:00": how far this machine's midnight of that day is before that of UTC. */
export function zoneOf(day: string): string {
  const [y, m, d] = day.split("-").map(Number) as [number, number, number];
  const minutes = -new Date(y, m - 1, d).getTimezoneOffset();
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

export type Which = "both" | "only-then" | "only-now";
interface Item { which: Which; journey: string; onset: string | null }
interface Side { journey: string; reference: string | null; vehicle: string | null }
export interface Beside<T> { journey: string; title: string; items: T[] }

/** The journeys with what is to be shown of them, those that differ first; the items of each in order of onset. */
export function beside<T extends Item>(sides: readonly Side[], items: readonly T[], which: Which | null): Beside<T>[] {
  const of = new Map<string, T[]>();
  for (const i of items) if (!which || i.which === which) of.set(i.journey, [...(of.get(i.journey) ?? []), i]);
  const named = new Map(sides.map((s) => [s.journey, s]));
  const list = [...of].map(([journey, own]) => {
    const s = named.get(journey);
    return { journey, title: s?.reference || s?.vehicle || journey, items: own.sort((a, b) => Date.parse(a.onset ?? "") - Date.parse(b.onset ?? "")) };
  });
  const differs = (b: Beside<T>) => b.items.filter((i) => i.which !== "both").length;
  return list.sort((a, b) => differs(b) - differs(a));
}
