// SPDX-License-Identifier: Apache-2.0
// Live state of all seals: a plain map for speed, a tick signal (at most 5 a second) for whoever draws.
import { effect, signal } from "@preact/signals";
import { get } from "@/api/client";
import type { LiveSeal, LiveSnapshot } from "@/api/model";
import { grades, ready } from "./alarms";
import { on } from "./live";

export const seals = new Map<string, LiveSeal>();
export const tick = signal(0);
export const loaded = signal(false);
const dirty = new Set<string>();
let timer = 0;

const COALESCE_MS = 200;

function put(seal: LiveSeal): void {
  const old = seals.get(seal.seal);
  if (old && old.change > seal.change) return;
  seals.set(seal.seal, seal);
  dirty.add(seal.seal);
  if (timer === 0) timer = window.setTimeout(flush, COALESCE_MS);
}

function flush(): void {
  timer = 0;
  if (document.hidden) return; // drawn when looked at again
  tick.value++;
}

/** The seals changed since somebody last asked; one drawer only. */
export function takeDirty(): string[] {
  const names = [...dirty];
  dirty.clear();
  return names;
}

export async function load(): Promise<number> {
  const shot = await get<LiveSnapshot>("/live/seals");
  seals.clear();
  for (const s of shot.seals) seals.set(s.seal, s);
  for (const s of shot.seals) dirty.add(s.seal);
  loaded.value = true;
  tick.value++;
  return shot.event;
}

export function clear(): void {
  seals.clear();
  dirty.clear();
  loaded.value = false;
  tick.value++;
}

/** The worst open grade of a seal: by the queue once it is there. */
export const gradeOf = (s: LiveSeal) => (ready.peek() ? (grades.peek().get(s.seal) ?? 0) : s.grade);

let ringed: ReadonlyMap<string, number> = new Map();
effect(() => {
  const next = grades.value;
  for (const name of new Set([...ringed.keys(), ...next.keys()])) if (ringed.get(name) !== next.get(name)) dirty.add(name);
  ringed = next;
  if (dirty.size && timer === 0) timer = window.setTimeout(flush, COALESCE_MS);
});
effect(() => {
  if (!ready.value) return;
  for (const name of seals.keys()) dirty.add(name); // the queue's word replaces the snapshot's
  if (dirty.size && timer === 0) timer = window.setTimeout(flush, COALESCE_MS);
});

on("position", (e) => e.seals.forEach(put));
on("seal", (s) => s.live && put(s.live));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && dirty.size) tick.value++;
});
