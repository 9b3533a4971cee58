// SPDX-License-Identifier: Apache-2.0
// A patrol's tasks: what may come next, and the words for it. Pure.
import type { Task, TaskState } from "@/api/model";
import type { Job } from "@/lib/outbox";

/** The patrol's own steps, in order; closing is the centre's. */
const NEXT: Partial<Record<TaskState, TaskState>> = { open: "accepted", accepted: "under-way", "under-way": "arrived", arrived: "reported" };

/** The state as the patrol sees it: with what waits in its outbox. */
export function stateOf(task: Task, waiting: readonly Job[]): TaskState {
  const mine = waiting.filter((j) => j.about === task.id && !j.refused);
  return (mine.at(-1)?.body["state"] as TaskState | undefined) ?? (task.state as TaskState);
}

export const nextOf = (state: TaskState): TaskState | null => NEXT[state] ?? null;

const RANK: Record<TaskState, number> = { arrived: 0, "under-way": 1, accepted: 2, open: 3, reported: 4, closed: 5, withdrawn: 6 };

/** What is at hand first, then the gravest, then the oldest. */
export function sorted(tasks: readonly Task[], waiting: readonly Job[]): Task[] {
  return [...tasks].sort(
    (a, b) => RANK[stateOf(a, waiting)] - RANK[stateOf(b, waiting)] || (b.grade ?? 0) - (a.grade ?? 0) || Date.parse(a.created ?? "") - Date.parse(b.created ?? ""),
  );
}
