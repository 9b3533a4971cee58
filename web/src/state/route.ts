// SPDX-License-Identifier: Apache-2.0
// The address is the state: path and query as signals, history kept, no hash.
import { computed, signal } from "@preact/signals";
import { build } from "@/lib/filters";

export const path = signal(location.pathname);
export const search = signal(location.search);
export const query = computed(() => new URLSearchParams(search.value));

/** What must be asked before the page is left (unsaved work): returns false to stay. */
let guard: (() => boolean) | null = null;
export function guardWith(ask: (() => boolean) | null): void {
  guard = ask;
}

function read(): void {
  path.value = location.pathname;
  search.value = location.search;
}

export function go(to: string, replace = false): void {
  const url = new URL(to, location.origin);
  const leaves = url.pathname !== location.pathname;
  if (leaves && guard && !guard()) return;
  if (url.pathname + url.search === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", url.pathname + url.search);
  read();
}

/** Changes query values in place; `push` makes it a step that "back" undoes. */
export function setQuery(change: Record<string, string | null | undefined>, push = false): void {
  go(location.pathname + build(location.search, change), !push);
}

export function back(fallback: string): void {
  if (history.length > 1) history.back();
  else go(fallback, true);
}

addEventListener("popstate", () => {
  if (guard && location.pathname !== path.value && !guard()) {
    history.pushState(null, "", path.value + search.value);
    return;
  }
  read();
});

addEventListener("beforeunload", (e) => {
  if (guard && unsaved()) e.preventDefault();
});
let unsaved: () => boolean = () => false;
export function unsavedWhen(test: (() => boolean) | null): void {
  unsaved = test ?? (() => false);
}

// Links of our own origin stay in the page.
document.addEventListener("click", (e) => {
  if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
  const a = (e.target as Element | null)?.closest("a");
  if (!a || a.target || a.hasAttribute("download") || a.origin !== location.origin || a.pathname.startsWith("/api/")) return;
  e.preventDefault();
  go(a.pathname + a.search);
});
