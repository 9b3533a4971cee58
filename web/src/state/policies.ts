// SPDX-License-Identifier: Apache-2.0
// The policies as they hold: what is to be done about a kind of alarm, and how long it may wait.
import { signal } from "@preact/signals";
import { get } from "@/api/client";
import type { Alarm, Page, Policy } from "@/api/model";
import { now } from "./clock";

export const policies = signal<ReadonlyMap<string, Policy>>(new Map());

export async function load(): Promise<void> {
  const page = await get<Page<Policy>>("/policies");
  policies.value = new Map(page.items.map((p) => [p.name, p]));
}

export function clear(): void {
  policies.value = new Map();
}

const member = (policy: string, name: string): unknown => policies.value.get(policy)?.body[name];

/** What is done about alarms of that kind; null while the policies are not known. */
export function planOf(kind: string): string | null {
  const plan = member("handling", kind) ?? member("handling", "others");
  return typeof plan === "string" ? plan : null;
}

export function minutes(name: string): number | null {
  const n = member("escalation", name);
  return typeof n === "number" ? n : null;
}

const MEMBER = ["", "inform_minutes", "check_minutes", "intervene_minutes"] as const;

/** For how long an alarm that nobody has taken waits beyond what the policy gives; null: it is in time. */
export function overdue(a: Alarm): { waits: number; given: number } | null {
  const given = minutes(MEMBER[a.grade] ?? "");
  const since = Date.parse(a.raised ?? a.onset ?? "");
  if (a.state !== "raised" || given === null || !Number.isFinite(since)) return null;
  const waits = now.value - since;
  return waits > given * 60_000 ? { waits, given: given * 60_000 } : null;
}
