// SPDX-License-Identifier: Apache-2.0
// One clock for all relative times; corrected by the server's time where it differs.
import { signal } from "@preact/signals";

let skew = 0;
export const now = signal(Date.now());

export function correct(serverTime: string | null | undefined): void {
  const ms = serverTime ? Date.parse(serverTime) : NaN;
  if (!Number.isFinite(ms)) return;
  const gap = ms - Date.now();
  skew = Math.abs(gap) > 1500 ? gap : 0;
  tick();
}

export const serverNow = () => Date.now() + skew;

function tick(): void {
  now.value = serverNow();
}
setInterval(() => {
  if (!document.hidden) tick();
}, 5000);
document.addEventListener("visibilitychange", tick);
