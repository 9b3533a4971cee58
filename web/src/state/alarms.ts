// SPDX-License-Identifier: Apache-2.0
// Open alarms, and those closed while one looked on. The queue's order is held while somebody reads it.
import { computed, signal } from "@preact/signals";
import { get, seg } from "@/api/client";
import type { Alarm, Page } from "@/api/model";
import { isOpen } from "@/lib/queue";
import { on } from "./live";
import { ring } from "./sound";

export const alarms = signal<ReadonlyMap<string, Alarm>>(new Map());
export const ready = signal(false);
/** Ids that came in live and slide in; emptied as they have been seen. */
export const fresh = signal<ReadonlySet<string>>(new Set());
export const announcement = signal<Alarm | null>(null);

export const open = computed(() => [...alarms.value.values()].filter(isOpen));
export const unheld = computed(() => open.value.filter((a) => a.state === "raised"));
export const worst = computed(() => open.value.reduce((g, a) => Math.max(g, a.grade), 0));

/** Worst open grade of each seal: what the map's rings show, so that map and queue always agree. */
export const grades = computed(() => {
  const worstOf = new Map<string, number>();
  for (const a of open.value) if (a.seal) worstOf.set(a.seal, Math.max(worstOf.get(a.seal) ?? 0, a.grade));
  return worstOf;
});

export function put(alarm: Alarm): void {
  const old = alarms.value.get(alarm.id);
  if (old?.version !== undefined && alarm.version !== undefined && alarm.version < old.version) return;
  const next = new Map(alarms.value);
  next.set(alarm.id, { ...old, ...alarm, ...(alarm.state === "raised" ? {} : { waits: null }) }); // who is taken care of does not wait
  alarms.value = next;
}

export async function load(): Promise<void> {
  const next = new Map<string, Alarm>();
  let cursor: string | null = null;
  do {
    const page: Page<Alarm> = await get(`/alarms?state=open&limit=1000${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    for (const a of page.items) next.set(a.id, a);
    cursor = page.next;
  } while (cursor && next.size < 5000);
  alarms.value = next;
  ready.value = true;
}

export function clear(): void {
  alarms.value = new Map();
  ready.value = false;
}

on("alarm", (alarm) => {
  const isNew = !alarms.value.has(alarm.id) && alarm.state === "raised";
  put(alarm);
  if (!isNew) return;
  fresh.value = new Set([...fresh.value, alarm.id]);
  announcement.value = alarm;
  ring(alarm.grade);
  setTimeout(() => {
    const left = new Set(fresh.value);
    left.delete(alarm.id);
    fresh.value = left;
  }, 4000);
});

// What went up because nobody took it: the platform says so, and since when it waits.
on("notice", (n) => {
  const id = n.about === "escalation" ? n.id?.replace(/^up-/, "") : undefined;
  if (id && alarms.value.has(id)) void get<Alarm>(`/alarms/${seg(id)}`).then(put, () => undefined); // the list says it too, at the next start
});
