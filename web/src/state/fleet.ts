// SPDX-License-Identifier: Apache-2.0
// Live state of all seals: a plain map for speed, a tick signal (at most 5 a second) for whoever draws.
import { signal } from "@preact/signals";
import { get } from "@/api/client";
import type { LiveSeal, LiveSnapshot } from "@/api/model";
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

on("position", (e) => e.seals.forEach(put));
on("seal", (s) => s.live && put(s.live));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && dirty.size) tick.value++;
});
