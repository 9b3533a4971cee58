// SPDX-License-Identifier: Apache-2.0
// The policies as they hold: what is to be done about a kind of alarm, and how long it may wait.
import { signal } from "@preact/signals";
import { get } from "@/api/client";
import type { Alarm, Page, Policy } from "@/api/model";
import { toMs } from "@/lib/time";
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

/** How long an alarm waits that nobody has taken in the time of the policy, and that time; null: the platform says that it is in time. */
export function overdue(a: Alarm): { waits: number; given: number } | null {
  const raised = toMs(a.raised ?? a.onset);
  const due = toMs(a.waits);
  return due === null || raised === null ? null : { waits: now.value - raised, given: due - raised };
}
