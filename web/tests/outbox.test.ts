// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { drain, type Job, type Outcome, type Wire } from "../src/lib/outbox";

class Refused extends Error {}

/** A platform that can be lost at any call, and that counts a key once. */
class World implements Wire {
  calls = 0;
  lostFrom = Infinity;
  lostUntil = Infinity;
  refuse: string | null = null;
  done = new Map<string, unknown>();
  uploads = new Map<string, { bytes: number; size: number; sha256: string }>();
  private reach(): void {
    this.calls++;
    if (this.calls >= this.lostFrom && this.calls < this.lostUntil) throw new TypeError("no network");
  }
  async post(path: string, body: unknown, key: string): Promise<unknown> {
    this.reach();
    if (this.refuse && path === this.refuse) throw new Refused("the task is closed");
    const b = body as { size: number; sha256: string };
    if (path.endsWith("/uploads")) {
      const u = this.uploads.get(key) ?? { bytes: 0, size: b.size, sha256: b.sha256 };
      this.uploads.set(key, u);
      return this.state(key);
    }
    this.done.set(key, body);
    return {};
  }
  async put(path: string, bytes: Blob): Promise<unknown> {
    this.reach();
    const [, key, offset] = /^\/uploads\/(.+)\?offset=(\d+)$/.exec(path)!;
    const u = this.uploads.get(key!)!;
    expect(Number(offset)).toBe(u.bytes);
    u.bytes += bytes.size;
    return this.state(key!);
  }
  private state(key: string): unknown {
    const u = this.uploads.get(key)!;
    return { id: key, offset: u.bytes, complete: u.bytes === u.size, file: u.bytes === u.size ? u.sha256 : null };
  }
  judge(e: unknown): Outcome {
    return e instanceof Refused ? { kind: "refused", why: e.message } : { kind: "later" };
  }
  async digest(bytes: Blob): Promise<string> {
    return `sha-${bytes.size}`;
  }
}

const job = (id: string, about = "t1", photos = 0): Job => ({
  id, about, what: id, at: 0, path: `/tasks/${about}/state`, body: { state: id }, uploads: `/tasks/${about}/uploads`,
  photos: Array.from({ length: photos }, (_, i) => ({ name: `${i}.jpg`, type: "image/jpeg", bytes: new Blob([new Uint8Array(600_000 + i)]) })),
});
const nothing = async () => undefined;

describe("what was done without a network", () => {
  it("is sent in order, photos first", async () => {
    const w = new World();
    expect(await drain([job("a"), job("b", "t1", 2)], w, nothing)).toEqual([]);
    expect([...w.done.keys()]).toEqual(["a", "b"]);
    expect(w.done.get("b")).toEqual({ state: "b", files: ["sha-600000", "sha-600001"] });
  });
  it("goes on where it stopped, wherever the network is lost, and counts once", async () => {
    for (let lost = 1; lost <= 10; lost++) {
      const w = new World();
      w.lostFrom = lost;
      let jobs = await drain([job("a"), job("b", "t1", 2), job("c", "t2")], w, nothing);
      expect(jobs.length).toBeGreaterThan(0);
      w.lostFrom = Infinity;
      jobs = await drain(jobs, w, nothing);
      expect(jobs).toEqual([]);
      expect([...w.done.keys()]).toEqual(["a", "b", "c"]);
      for (const u of w.uploads.values()) expect(u.bytes).toBe(u.size);
    }
  });
  it("says what was refused and goes on with other tasks", async () => {
    const w = new World();
    w.refuse = "/tasks/t1/state";
    const kept: Job[][] = [];
    const left = await drain([job("a"), job("b"), job("c", "t2")], w, async (j) => void kept.push(j));
    expect(left.map((j) => [j.id, j.refused])).toEqual([["a", "the task is closed"], ["b", undefined]]);
    expect([...w.done.keys()]).toEqual(["c"]);
    expect(kept.length).toBe(2);
    expect(await drain(left, w, nothing)).toEqual(left); // waits for a person
  });
});
