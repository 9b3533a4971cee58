// SPDX-License-Identifier: Apache-2.0
// Binds strokes to actions; the page on top wins. `?` lists what is bound now.
import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import type { Key } from "@/i18n";
import { Chords, takesText } from "@/lib/keys";

export interface Binding { stroke: string; label: Key; act: () => void | boolean; always?: boolean }

const layers: Binding[][] = [];
export const bound = signal<Binding[]>([]);
const chords = new Chords(new Set(["g"]));

function refresh(): void {
  const seen = new Map<string, Binding>();
  for (const layer of layers) for (const b of layer) seen.set(b.stroke, b);
  bound.value = [...seen.values()];
}

addEventListener("keydown", (e) => {
  const target = e.target as HTMLElement | null;
  const typing = !!target && takesText(target.tagName, target.getAttribute("type"), target.isContentEditable);
  const name = chords.strike({ key: e.key, ctrl: e.ctrlKey, alt: e.altKey, meta: e.metaKey, typing, at: e.timeStamp });
  if (name === null) return;
  const modal = document.querySelector("dialog[open]") !== null;
  if (modal && name !== "Escape") return;
  if (modal) return; // the dialog closes itself
  for (let i = layers.length - 1; i >= 0; i--) {
    const hit = layers[i]!.find((b) => b.stroke === name);
    if (hit && hit.act() !== false) {
      e.preventDefault();
      return;
    }
  }
});

/** Bound before what they act on is seen: a key that is struck at once must not be lost. */
export function useKeys(bindings: Binding[], deps: unknown[] = []): void {
  useLayoutEffect(() => {
    layers.push(bindings);
    refresh();
    return () => {
      layers.splice(layers.indexOf(bindings), 1);
      refresh();
    };
  }, deps);
}
