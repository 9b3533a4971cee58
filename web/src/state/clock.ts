// SPDX-License-Identifier: Apache-2.0
// One clock for all relative times; corrected by the server's time where it differs.
import { signal } from "@preact/signals";

const CLOSE_MS = 1500; // nearer than this, the machine's own clock is taken for right
let base = { server: Date.now(), own: Date.now(), speed: 1 };
export const now = signal(Date.now());
/** How many times as fast a training's clock runs; null: it is no training. */
export const training = signal<number | null>(null);

export function follow(clock: { now: string | null; speed: number; training: boolean }): void {
  const server = clock.now ? Date.parse(clock.now) : NaN;
  if (!Number.isFinite(server)) return;
  const own = Date.now();
  base = clock.speed === 1 && Math.abs(server - own) < CLOSE_MS ? { server: own, own, speed: 1 } : { server, own, speed: clock.speed };
  training.value = clock.training ? clock.speed : null;
  tick();
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
