// SPDX-License-Identifier: Apache-2.0
// Where this phone is. Asked for when it is needed, never followed; without leave or a fix the report goes without it.
import { signal } from "@preact/signals";

export interface Here { lat: number; lon: number; accuracy: number; at: number }
export const here = signal<Here | null>(null);

const WAIT_MS = 6000;
const FRESH_MS = 60_000;

export function whereAmI(): Promise<Here | null> {
  if (!("geolocation" in navigator)) return Promise.resolve(null);
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      (p) => {
        here.value = { lat: p.coords.latitude, lon: p.coords.longitude, accuracy: p.coords.accuracy, at: p.timestamp };
        resolve(here.value);
      },
      () => resolve(null),
      { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: FRESH_MS },
    );
  });
}
