// SPDX-License-Identifier: Apache-2.0
// The live stream: one EventSource while signed in, resumed by Last-Event-ID, with silence taken as offline.
import { signal } from "@preact/signals";
import type { Alarm, Command, JourneyEvent, LiveSeal, Seal } from "@/api/model";

export type LiveStatus = "connecting" | "live" | "offline";
export const status = signal<LiveStatus>("connecting");
export const lostAt = signal<number | null>(null);

interface Events {
  position: { seals: LiveSeal[] };
  seal: Seal;
  alarm: Alarm;
  journey: JourneyEvent;
  command: Command;
  notice: { text: string; about?: string; id?: string };
  reset: null;
}
type Listener<K extends keyof Events> = (value: Events[K]) => void;
const listeners = new Map<keyof Events, Set<Listener<never>>>();

export function on<K extends keyof Events>(name: K, act: Listener<K>): () => void {
  const set = listeners.get(name) ?? new Set();
  listeners.set(name, set);
  set.add(act as Listener<never>);
  return () => set.delete(act as Listener<never>);
}

function tell<K extends keyof Events>(name: K, value: Events[K]): void {
  for (const act of listeners.get(name) ?? []) (act as Listener<K>)(value);
}

let source: EventSource | null = null;
let last: string | null = null;
let retry = 0;
let timer = 0;

function lose(): void {
  if (status.value !== "offline") lostAt.value = Date.now();
  status.value = "offline";
}

function open(): void {
  source?.close();
  clearTimeout(timer);
  source = new EventSource(last === null ? "/api/v1/live" : `/api/v1/live?last=${encodeURIComponent(last)}`);
  source.onopen = () => {
    const was = status.value;
    retry = 0;
    status.value = "live";
    lostAt.value = null;
    if (was === "offline" && last === null) tell("reset", null);
  };
  source.onerror = () => {
    lose();
    source?.close();
    const wait = Math.min(15_000, 500 * 2 ** retry++) * (0.75 + Math.random() / 2);
    timer = window.setTimeout(open, wait);
  };
  for (const name of ["position", "seal", "alarm", "journey", "command", "notice", "reset"] as const) {
    source.addEventListener(name, (e: MessageEvent<string>) => {
      if (e.lastEventId) last = e.lastEventId;
      tell(name, name === "reset" ? null : (JSON.parse(e.data) as never));
    });
  }
}

/** Starts after the snapshot whose newest event is `after`, so that nothing is missed between the two. */
export function start(after: number | null): void {
  if (after !== null) last = String(after);
  status.value = "connecting";
  open();
}

export function stop(): void {
  source?.close();
  source = null;
  last = null;
  clearTimeout(timer);
  status.value = "connecting";
}

addEventListener("offline", () => source && lose());
addEventListener("online", () => source && open());
