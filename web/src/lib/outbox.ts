// SPDX-License-Identifier: Apache-2.0
// What was done without a network, in order: each job is sent whole or stays. Nothing here knows the browser; what is kept and
// how it is sent are arguments, so that a tunnel can be tried without one.

export interface Photo { name: string; type: string; bytes: Blob }
export interface Job {
  id: string; // also the root of its Idempotency-Keys: sent twice, it counts once
  by?: string | null; // whose it is: another who signs in at this phone does not send it under his name
  about: string; // which task it belongs to: jobs of one go in order
  what: string; // for people
  at: number;
  path: string;
  body: Record<string, unknown>;
  photos: Photo[];
  uploads: string; // where its photos go
  refused?: string | undefined; // why the platform does not take it; it then waits for a person
}

export type Outcome = { kind: "sent" } | { kind: "later" } | { kind: "refused"; why: string };

export interface Wire {
  /** POST; the answer's JSON. Throws what `judge` understands. */
  post(path: string, body: unknown, key: string): Promise<unknown>;
  /** PUT of bytes from an offset on; the answer's JSON. */
  put(path: string, bytes: Blob): Promise<unknown>;
  /** What an error means: try later, or the platform's refusal in words. */
  judge(error: unknown): Outcome;
  digest(bytes: Blob): Promise<string>;
}

const CHUNK = 256 * 1024;

interface Upload { id: string; offset: number; complete: boolean; file: string | null }

/** Brings one photo to the platform, from where it stopped the last time; its digest is its name there. */
async function upload(job: Job, n: number, wire: Wire): Promise<string> {
  const p = job.photos[n]!;
  const sha256 = await wire.digest(p.bytes);
  let u = (await wire.post(job.uploads, { name: p.name, type: p.type, size: p.bytes.size, sha256, kind: "photo" }, `${job.id}-${n}`)) as Upload;
  while (!u.complete) u = (await wire.put(`/uploads/${u.id}?offset=${u.offset}`, p.bytes.slice(u.offset, u.offset + CHUNK))) as Upload;
  return u.file ?? sha256;
}

export async function send(job: Job, wire: Wire): Promise<Outcome> {
  try {
    const files: string[] = [];
    for (let n = 0; n < job.photos.length; n++) files.push(await upload(job, n, wire));
    await wire.post(job.path, files.length ? { ...job.body, files } : job.body, job.id);
    return { kind: "sent" };
  } catch (e) {
    return wire.judge(e);
  }
}

/** Sends what can be sent; what was refused stops its own task alone. Returns what is left, in order. */
export async function drain(jobs: readonly Job[], wire: Wire, left: (jobs: Job[]) => Promise<void>): Promise<Job[]> {
  let rest = [...jobs];
  const stopped = new Set(rest.filter((j) => j.refused).map((j) => j.about));
  for (const job of jobs) {
    if (stopped.has(job.about)) continue;
    const outcome = await send(job, wire);
    if (outcome.kind === "later") break;
    if (outcome.kind === "sent") rest = rest.filter((j) => j.id !== job.id);
    else {
      stopped.add(job.about);
      rest = rest.map((j) => (j.id === job.id ? { ...j, refused: outcome.why } : j));
    }
    await left(rest);
  }
  return rest;
}
