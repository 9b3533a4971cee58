// SPDX-License-Identifier: Apache-2.0
// Open journeys by id, for names in the queue and for the thin lines on the map.
import { signal } from "@preact/signals";
import { get, seg } from "@/api/client";
import type { Journey, JourneySummary, Page } from "@/api/model";
import type { Position } from "@/lib/geo";
import { on } from "./live";

export const journeys = signal<ReadonlyMap<string, JourneySummary>>(new Map());
export interface RouteLine { id: string; line: Position[]; corridor: number }
export const routes = signal<ReadonlyMap<string, RouteLine>>(new Map());

const ROUTES_MAX = 150;
const asked = new Set<string>();

export async function load(): Promise<void> {
  const next = new Map<string, JourneySummary>();
  let cursor: string | null = null;
  do {
    const page: Page<JourneySummary> = await get(`/journeys?state=open&limit=1000${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    for (const j of page.items) next.set(j.id, j);
    cursor = page.next;
  } while (cursor && next.size < 20_000);
  journeys.value = next;
  void loadRoutes();
}

async function loadRoutes(): Promise<void> {
  const wanted = [...journeys.value.values()].filter((j) => j.state !== "draft" && !asked.has(j.id)).slice(0, Math.max(0, ROUTES_MAX - asked.size));
  for (const j of wanted) asked.add(j.id);
  const lane = async () => {
    for (let j = wanted.pop(); j; j = wanted.pop()) await fetchRoute(j.id);
  };
  await Promise.all([lane(), lane(), lane()]);
}

export async function fetchRoute(id: string): Promise<void> {
  try {
    keepRoute(await get<Journey>(`/journeys/${seg(id)}`));
  } catch {
    asked.delete(id); // asked again when somebody looks
  }
}

export function keepRoute(j: Journey): void {
  asked.add(j.id);
  if (!j.route) return;
  const next = new Map(routes.value);
  next.set(j.id, { id: j.id, line: j.route.coordinates.map((c) => [c[0]!, c[1]!]), corridor: j.corridor_m ?? 0 });
  routes.value = next;
}

export function clear(): void {
  journeys.value = new Map();
  routes.value = new Map();
  asked.clear();
}

on("journey", (event) => {
  const old = journeys.value.get(event.id);
  if (old && old.version === event.version) return;
  void get<Journey>(`/journeys/${seg(event.id)}`).then((j) => {
    const next = new Map(journeys.value);
    if (j.state === "released" || j.state === "cancelled") next.delete(j.id);
    else next.set(j.id, j);
    journeys.value = next;
    keepRoute(j);
  }, () => undefined);
});
