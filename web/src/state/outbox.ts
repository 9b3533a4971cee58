// SPDX-License-Identifier: Apache-2.0
// The outbox of this phone: kept in IndexedDB, sent when the platform is reached. And the tasks last seen, for where there is no network.
import { signal } from "@preact/signals";
import { createStore, del, get as read, set as write } from "idb-keyval";
import { ApiError, call, post } from "@/api/client";
import type { Task } from "@/api/model";
import { drain, type Job, type Outcome, type Wire } from "@/lib/outbox";
import { on, status } from "./live";
import { lastUser, resume, session } from "./session";

const store = createStore("bulla", "patrol");
export const waiting = signal<Job[]>([]);
export const sending = signal(false);

const hex = (buffer: ArrayBuffer) => Array.from(new Uint8Array(buffer), (b) => b.toString(16).padStart(2, "0")).join("");

/** Tasks as the platform last answered: newer than the list, which may not be read anew before the network is gone again. */
export const answered = signal<ReadonlyMap<string, Task>>(new Map());

const wire: Wire = {
  async post(path, body, key) {
    const answer = await post<unknown>(path, body, { key, quiet: true });
    if (/^\/tasks\/[^/]+\/state$/.test(path)) answered.value = new Map(answered.value).set((answer as Task).id, answer as Task);
    return answer;
  },
  put: (path, bytes) => call<unknown>("PUT", path, { raw: new Blob([bytes], { type: "application/octet-stream" }), quiet: true }),
  judge(e): Outcome {
    if (!(e instanceof ApiError)) throw e;
    const later = e.status === 0 || e.status === 401 || e.status === 429 || e.status >= 500 || e.word === "csrf";
    return later ? { kind: "later" } : { kind: "refused", why: [e.problem?.title, e.problem?.detail].filter(Boolean).join(": ") || e.message };
  },
  digest: async (bytes) => hex(await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer())),
};

async function keep(jobs: Job[]): Promise<void> {
  waiting.value = jobs;
  await write("jobs", jobs, store);
}

const mine = (j: Job) => !j.by || j.by === session.value?.user.id;

let again = false;
/** Tries to send; told again while it sends, it looks once more. A phone that started without a network asks who it is first. */
export async function flush(): Promise<void> {
  if (!session.value && waiting.value.length > 0) await resume();
  if (!session.value) return;
  if (sending.value) {
    again = true;
    return;
  }
  sending.value = true;
  try {
    do {
      again = false;
      const before = waiting.value.filter(mine);
      const rest = await drain(before, wire, async (left) => keep([...left, ...waiting.value.filter((j) => !before.some((b) => b.id === j.id))]));
      again ||= waiting.value.filter(mine).length > rest.length;
    } while (again);
  } finally {
    sending.value = false;
  }
}

export async function put(job: Job): Promise<void> {
  await keep([...waiting.value, { ...job, by: lastUser.value }]); // kept before it is sent: a phone that dies loses nothing
  void flush();
}

/** A person has read why it was refused. */
export async function dismiss(id: string): Promise<void> {
  await keep(waiting.value.filter((j) => j.id !== id));
  void flush();
}

/** What was last seen of the platform, for a start without it. */
export const kept = {
  read: <T>(name: string) => read<T>(`kept.${name}`, store),
  write: (name: string, value: unknown) => (value === null ? del(`kept.${name}`, store) : write(`kept.${name}`, value, store)),
};

export async function begin(): Promise<void> {
  if (import.meta.env.PROD && "serviceWorker" in navigator) void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  waiting.value = (await read<Job[]>("jobs", store)) ?? [];
  void flush();
}

session.subscribe((s) => {
  if (s && waiting.value.length > 0) void flush();
});
status.subscribe((s) => {
  if (s === "live" && waiting.value.length > 0) void flush();
});
addEventListener("online", () => void flush());
on("notice", () => waiting.value.length > 0 && void flush());
setInterval(() => {
  if (waiting.value.some((j) => !j.refused)) void flush();
}, 20_000);
