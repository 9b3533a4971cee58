// SPDX-License-Identifier: Apache-2.0
// Keyboard: single keys and two-key chords ("g w"). Pure state machine; state/keyboard.ts feeds it.

export interface KeyStroke { key: string; ctrl: boolean; alt: boolean; meta: boolean; typing: boolean; at: number }

export const CHORD_MS = 1200;

export class Chords {
  private first: string | null = null;
  private at = 0;
  constructor(private readonly leaders: ReadonlySet<string>) {}

  /** The name of what was struck ("j", "g w", "Escape"), or null when it is not for us or awaits its second key. */
  strike(k: KeyStroke): string | null {
    if (k.ctrl || k.alt || k.meta) return null;
    if (k.typing) {
      this.first = null;
      return k.key === "Escape" ? "Escape" : null;
    }
    if (this.first !== null) {
      const chord = `${this.first} ${k.key}`;
      const fresh = k.at - this.at <= CHORD_MS;
      this.first = null;
      if (fresh) return chord;
    }
    if (this.leaders.has(k.key)) {
      this.first = k.key;
      this.at = k.at;
      return null;
    }
    return k.key;
  }

  get waiting(): boolean {
    return this.first !== null;
  }
}

/** Whether an element takes text, so that letters are not ours. */
export function takesText(tag: string, type: string | null, editable: boolean): boolean {
  if (editable) return true;
  if (tag === "TEXTAREA" || tag === "SELECT") return true;
  return tag === "INPUT" && !["checkbox", "radio", "button", "submit", "range", "file"].includes(type ?? "text");
}
