// SPDX-License-Identifier: Apache-2.0
// Tasks about something, kept new by the live stream.
import { useEffect } from "preact/hooks";
import { ApiError, newKey, post, qs, seg } from "@/api/client";
import type { Page, Task } from "@/api/model";
import { useGet } from "@/api/use";
import { t, type Key } from "@/i18n";
import { on } from "@/state/live";
import { may } from "@/state/session";
import { say } from "@/ui/toast";

export function useTasks(query: Record<string, string | null>) {
  const loaded = useGet<Page<Task>>(may("observe") ? `/tasks${qs({ ...query, limit: 100 })}` : null, true);
  useEffect(() => on("notice", (n) => n.about === "task" && loaded.reload()), [loaded.reload]);
  return { tasks: loaded.value?.items ?? [], error: loaded.error, reload: loaded.reload };
}

/** The next step of a task, under the version that was looked at; of two at once the other is told who was first. */
export async function stepTask(task: Task, state: string, words: Record<string, unknown>): Promise<Task> {
  const done = await post<Task>(`/tasks/${seg(task.id)}/state`, { state, ...words }, { etag: `"${task.version}"`, key: newKey() });
  const key = `toast.task.${state}`;
  say(t(key as Key));
  return done;
}

export const isRace = (e: unknown) => e instanceof ApiError && (e.status === 409 || e.status === 412);
