// SPDX-License-Identifier: Apache-2.0
/// <reference types="node" />
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { en } from "@/i18n/en";

const texts: Record<string, string> = en;

function* sources(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* sources(path);
    else if (/\.tsx$/.test(name) && !path.includes("i18n") && !name.includes(".gen.")) yield path;
  }
}

describe("catalogue", () => {
  test("no exclamation marks, no blanks at the ends, nothing empty", () => {
    for (const [key, text] of Object.entries(texts)) {
      expect(text, key).not.toMatch(/!|^\s|\s$/);
      expect(text, key).not.toBe("");
    }
  });
  test("plural forms have a base text with the same values", () => {
    for (const key of Object.keys(texts).filter((k) => /\.(one|few|many|two|zero)$/.test(k))) expect(texts[key.replace(/\.\w+$/, "")], key).toBeDefined();
  });
  test("components hold no text of their own", () => {
    const found: string[] = [];
    for (const path of sources("src")) {
      const code = readFileSync(path, "utf8");
      for (const m of code.matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)*)\s*<\/(?!kbd)/g)) found.push(`${path}: ${m[1]}`);
      for (const m of code.matchAll(/(?:placeholder|title|aria-label)="([^"]+)"/g)) found.push(`${path}: ${m[1]}`);
    }
    expect(found).toEqual([]);
  });
});

describe("themes", () => {
  const css = readFileSync("src/styles/tokens.css", "utf8");
  const block = (name: string) => new Map([...css.split(`[data-theme="${name}"]`)[1]!.split("}")[0]!.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1]!, m[2]!]));
  const light = block("light");
  const dark = block("dark");
  const luminance = (hex: string) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i]!, 0);
  const contrast = (a: string, b: string) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p) as [number, number];
    return (x + 0.05) / (y + 0.05);
  };
  test("both themes define the same colours", () => expect([...dark.keys()].sort()).toEqual([...light.keys()].sort()));
  test("texts reach 4.5 to 1 on every ground they stand on", () => {
    const pairs = [["text", "ground"], ["text", "surface"], ["text", "raised"], ["text", "sunken"], ["text", "selected"], ["dim", "ground"], ["dim", "surface"], ["dim", "raised"], ["dim", "sunken"], ["dim", "selected"], ["dim", "hover"], ["faint", "ground"], ["faint", "surface"], ["faint", "raised"],
      ["accent", "ground"], ["accent", "surface"], ["accent", "raised"], ["accent", "accent-soft"], ["on-accent", "accent"], ["g3-ink", "g3-soft"], ["g2-ink", "g2-soft"], ["g1-ink", "g1-soft"], ["on-g3", "g3"], ["on-g2", "g2"], ["on-g1", "g1"], ["map-label", "map-land"], ["dim", "map-land"]];
    for (const [name, theme] of [["light", light], ["dark", dark]] as const)
      for (const [a, b] of pairs) expect(contrast(theme.get(a!)!, theme.get(b!)!), `${name}: ${a} on ${b}`).toBeGreaterThanOrEqual(4.5);
  });
  test("marks of grades reach 3 to 1", () => {
    for (const [name, theme] of [["light", light], ["dark", dark]] as const)
      for (const g of ["g1", "g2", "g3", "seal-sealed"]) for (const b of ["surface", "map-land", "map-sea"]) expect(contrast(theme.get(g)!, theme.get(b)!), `${name}: ${g} on ${b}`).toBeGreaterThanOrEqual(3);
  });
});
