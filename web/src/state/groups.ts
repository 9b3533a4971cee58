// SPDX-License-Identifier: Apache-2.0
// Which open alarms have one cause, as the platform says; asked again when an alarm comes or goes.
import { computed, signal } from "@preact/signals";
import { get } from "@/api/client";
import type { Alarm, AlarmGroup } from "@/api/model";
import { namesOf, rowsOf, type Cause, type Row } from "@/lib/groups";
import { isOpen } from "@/lib/queue";
import { alarms } from "./alarms";
import { on } from "./live";

export type Timed = Alarm & { onset: string; raised: string };
interface Known { causes: readonly Cause[]; names: ReadonlyMap<string, string> }
interface Page { items: AlarmGroup[]; next: string | null }

const NOTHING: Known = { causes: [], names: new Map() };
const known = signal<Known>(NOTHING);
/** New ones whose group is being asked for: for a moment they are not shown, lest they appear as a row that leaps into another. */
const withheld = signal<ReadonlySet<string>>(new Set());
export const unfolded = signal<ReadonlySet<string>>(new Set());

const WITHHELD_MS = 1200;
const APART_MS = 1000; // from one question to the next; longer where the answer takes long
const AGAIN_MS = 5000;

const timed = computed(() => new Map([...alarms.value].map(([id, a]) => [id, { ...a, onset: a.onset ?? "", raised: a.raised ?? "" } as Timed])));
export const rows = computed<Row<Timed>[]>(() => rowsOf(known.value.causes, known.value.names, timed.value, withheld.value));
export const rowOfAlarm = (id: string): Row<Timed> | undefined => rows.value.find((r) => r.root.id === id || r.rest.some((a) => a.id === id));

export function flip(name: string): void {
  const next = new Set(unfolded.value);
  if (!next.delete(name)) next.add(name);
  unfolded.value = next;
}

let turn = 0; // grows when somebody signs out: an answer for the one before is none

async function ask(): Promise<void> {
  const of = turn;
  const causes: Cause[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = await get<Page>(`/alarm-groups?limit=1000${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    for (const g of page.items) causes.push({ cause: g.cause, members: g.members.map((m) => m.id) });
    cursor = page.next;
  } while (cursor);
  if (of === turn) known.value = { causes, names: namesOf(known.value.names, causes) };
}

let asking = false;
let wanted = false;
let timer = 0;
let notBefore = 0;

async function run(): Promise<void> {
  asking = true;
  wanted = false;
  const begun = performance.now();
  const asked = withheld.value;
  let wait = APART_MS;
  try {
    await ask();
    wait = Math.max(APART_MS, 4 * (performance.now() - begun));
  } catch {
    wanted = true; // they stand alone meanwhile
    wait = AGAIN_MS;
  }
  asking = false;
  notBefore = performance.now() + wait;
  withheld.value = new Set([...withheld.value].filter((id) => !asked.has(id)));
  if (wanted) later();
}

function later(): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void run(), Math.max(0, notBefore - performance.now()));
}

function want(): void {
  wanted = true;
  if (!asking) later();
}

/** Without an answer every alarm is a row of its own: nothing else waits for it. */
export async function load(): Promise<void> {
  if (asking) want();
  else await run();
}

export function clear(): void {
  turn++;
  clearTimeout(timer);
  wanted = false;
  known.value = NOTHING;
  withheld.value = new Set();
  unfolded.value = new Set();
}

on("alarm", (alarm) => {
  const placed = known.value.names.has(alarm.id);
  if (placed === isOpen(alarm)) return;
  if (!placed) {
    withheld.value = new Set([...withheld.value, alarm.id]);
    setTimeout(() => (withheld.value = new Set([...withheld.value].filter((id) => id !== alarm.id))), WITHHELD_MS);
  }
  want();
});
