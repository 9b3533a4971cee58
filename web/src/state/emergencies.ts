// SPDX-License-Identifier: Apache-2.0
// Emergency openings that wait for an answer: whoever has the watch must not miss one, on whatever page.
import { signal } from "@preact/signals";
import { get } from "@/api/client";
import type { Emergency, Page } from "@/api/model";
import { on } from "./live";
import { may } from "./session";

export const asked = signal<readonly Emergency[]>([]);

export async function load(): Promise<void> {
  asked.value = may("handle") ? (await get<Page<Emergency>>("/emergencies?state=requested&limit=200")).items : [];
}

export function clear(): void {
  asked.value = [];
}

on("notice", (n) => {
  if (n.about === "emergency" && may("handle")) void load().catch(() => undefined); // told again with the next notice
});
