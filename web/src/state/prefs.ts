// SPDX-License-Identifier: Apache-2.0
// What one person likes, kept in this browser: theme, sound, units; and saved views of tables.
import { effect, signal, type Signal } from "@preact/signals";

export function stored<T>(name: string, start: T): Signal<T> {
  const key = `bulla.${name}`;
  let value = start;
  try {
    const text = localStorage.getItem(key);
    if (text !== null) value = JSON.parse(text) as T;
  } catch {
    // private mode or a foreign value: the start value serves
  }
  const s = signal<T>(value);
  let first = true;
  effect(() => {
    const text = JSON.stringify(s.value);
    if (first) {
      first = false;
      return;
    }
    try {
      localStorage.setItem(key, text);
    } catch {
      // full or forbidden: the value lives as long as the page
    }
  });
  return s;
}

export type ThemeChoice = "system" | "light" | "dark";
export const themeChoice = stored<ThemeChoice>("theme", "system");
export const theme = signal<"light" | "dark">("light");
export const sound = stored<boolean>("sound", true);
export interface SavedView { name: string; search: string }
export const journeyViews = stored<SavedView[]>("views.journeys", []);

const systemDark = matchMedia("(prefers-color-scheme: dark)");
function apply(): void {
  const choice = themeChoice.value;
  theme.value = choice === "system" ? (systemDark.matches ? "dark" : "light") : choice;
  document.documentElement.dataset.theme = theme.value;
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--ground").trim();
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", colour);
}
systemDark.addEventListener("change", apply);
effect(apply);

export const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** A draft of what is being typed, kept until it is saved or thrown away. */
export const draft = {
  read<T>(name: string): T | null {
    try {
      return JSON.parse(sessionStorage.getItem(`bulla.draft.${name}`) ?? "null") as T | null;
    } catch {
      return null;
    }
  },
  write(name: string, value: unknown): void {
    try {
      if (value === null) sessionStorage.removeItem(`bulla.draft.${name}`);
      else sessionStorage.setItem(`bulla.draft.${name}`, JSON.stringify(value));
    } catch {
      // full: the draft lives in memory alone
    }
  },
};
