// SPDX-License-Identifier: Apache-2.0
// Filters live in the address: a plain record of texts, empty values left out, in a stable order.

export type Filters = Record<string, string>;

export function parse(search: string, keys: readonly string[]): Filters {
  const q = new URLSearchParams(search);
  const out: Filters = {};
  for (const key of keys) {
    const value = q.get(key);
    if (value) out[key] = value;
  }
  return out;
}

export function build(current: string, change: Record<string, string | null | undefined>): string {
  const q = new URLSearchParams(current);
  for (const [key, value] of Object.entries(change)) {
    if (value === null || value === undefined || value === "") q.delete(key);
    else q.set(key, value);
  }
  q.sort();
  const text = q.toString().replace(/%2C/g, ",").replace(/%3A/g, ":");
  return text ? `?${text}` : "";
}

/** Every word must occur in one of the texts; case and accents do not matter. */
export function matches(query: string, texts: readonly (string | null | undefined)[]): boolean {
  const fold = (s: string) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const hay = fold(texts.filter(Boolean).join("\n"));
  return fold(query).split(/\s+/).filter(Boolean).every((word) => hay.includes(word));
}
