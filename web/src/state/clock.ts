// SPDX-License-Identifier: Apache-2.0
// One clock for all relative times; corrected by the server's time where it differs.
import { signal } from "@preact/signals";
import { stored } from "./prefs";

const CLOSE_MS = 1500; // nearer than this, the machine's own clock is taken for right
let base = { server: Date.now(), own: Date.now(), speed: 1 };
export const now = signal(Date.now());
/** How many times as fast a training's clock runs; null: it is no training. Known also to a phone that starts without a network. */
export const training = stored<number | null>("training", null);
/** Whether the clock below is the platform's, which one learns by signing in. */
export const following = signal(false);

export function follow(clock: { now: string | null; speed: number; training: boolean }): void {
  const server = clock.now ? Date.parse(clock.now) : NaN;
  if (!Number.isFinite(server)) return;
  const own = Date.now();
  base = clock.speed === 1 && Math.abs(server - own) < CLOSE_MS ? { server: own, own, speed: 1 } : { server, own, speed: clock.speed };
  training.value = clock.training ? clock.speed : null;
  following.value = true;
  tick();
}

/** Before anybody has signed in: every answer of a training says that it is one. */
export async function askTraining(): Promise<void> {
  try {
    const said = Number((await fetch("/healthz", { cache: "no-store" })).headers.get("Bulla-Training"));
    training.value = said > 0 ? said : null;
  } catch {
    // not reached: what was known last
  }
}

export const serverNow = () => base.server + (Date.now() - base.own) * base.speed;

function tick(): void {
  now.value = serverNow();
}
let ticks = 0;
setInterval(() => {
  ticks++;
  if (!document.hidden && (training.value !== null || ticks % 5 === 0)) tick();
}, 1000);
document.addEventListener("visibilitychange", tick);
