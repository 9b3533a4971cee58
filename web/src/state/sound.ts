// SPDX-License-Identifier: Apache-2.0
// A new alarm sounds once: a short figure whose pitch and length tell the grade. Made here, no file.
import { sound } from "./prefs";

let context: AudioContext | null = null;
let lastRing = 0;

/** Browsers allow sound after a gesture: the first one wakes the context. */
addEventListener("pointerdown", wake, { once: true });
addEventListener("keydown", wake, { once: true });
function wake(): void {
  context ??= new AudioContext();
  void context.resume();
}

const figures: Record<number, number[]> = { 1: [523.25], 2: [587.33, 698.46], 3: [659.25, 880, 659.25] };

export function ring(grade: number): void {
  if (!sound.value || !context || context.state !== "running") return;
  const t = context.currentTime;
  if (t - lastRing < 1.2) return; // a burst of alarms is one sound
  lastRing = t;
  (figures[grade] ?? figures[1]!).forEach((hertz, i) => {
    const note = context!.createOscillator();
    const gain = context!.createGain();
    const at = t + i * 0.16;
    note.type = "triangle";
    note.frequency.value = hertz;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.18, at + 0.015);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.42);
    note.connect(gain).connect(context!.destination);
    note.start(at);
    note.stop(at + 0.45);
  });
}
