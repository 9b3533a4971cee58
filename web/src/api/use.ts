// SPDX-License-Identifier: Apache-2.0
// Reading in a page: the last good value stays on screen while the next one comes.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, callWhole, qs } from "./client";
import type { Page } from "./model";

export interface Loaded<T> { value: T | null; etag: string | null; error: ApiError | null; loading: boolean; reload: () => void; set: (value: T) => void }

/** Reads `path` (null: nothing to read yet). A new path drops the old value unless `keep`. */
export function useGet<T>(path: string | null, keep = false): Loaded<T> {
  const [state, setState] = useState<{ path: string | null; value: T | null; etag: string | null; error: ApiError | null }>({ path: null, value: null, etag: null, error: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    callWhole<T>("GET", path, { signal: stop.signal }).then(
      ({ value, etag }) => setState({ path, value, etag, error: null }),
      (e: unknown) => {
        if (e instanceof ApiError) setState((s) => ({ path, value: s.path === path || keep ? s.value : null, etag: null, error: e }));
        else if (!(e instanceof DOMException)) throw e;
      },
    );
    return () => stop.abort();
  }, [path, round]);
  const fits = state.path === path || (keep && path !== null);
  return {
    value: fits ? state.value : null,
    etag: fits ? state.etag : null,
    error: fits ? state.error : null,
    loading: path !== null && state.path !== path,
    reload: useCallback(() => setRound((n) => n + 1), []),
    set: (value) => setState((s) => ({ ...s, value, error: null })),
  };
}

export interface Paged<T> { items: T[]; error: ApiError | null; loading: boolean; more: (() => void) | null; reload: () => void; patch: (change: (items: T[]) => T[]) => void }

/** Reads a list page after page; a new query starts anew but keeps the old rows until the new ones are there. */
export function usePages<T>(path: string | null, query: Record<string, string | number | null | undefined>, limit = 100): Paged<T> {
  const [items, setItems] = useState<T[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [loading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const key = path === null ? null : path + qs({ ...query, limit });
  const current = useRef(key);
  current.current = key;
  const read = useCallback(async (cursor: string | null, signal?: AbortSignal) => {
    if (key === null) return;
    setLoading(true);
    try {
      const page = (await callWhole<Page<T>>("GET", cursor ? `${key}&cursor=${encodeURIComponent(cursor)}` : key, signal ? { signal } : {})).value;
      if (current.current !== key) return;
      setItems((old) => (cursor ? [...old, ...page.items] : page.items));
      setNext(page.next);
      setError(null);
    } catch (e) {
      if (e instanceof ApiError) setError(e);
      else if (!(e instanceof DOMException)) throw e;
      else return;
    }
    setLoading(false);
  }, [key]);
  useEffect(() => {
    const stop = new AbortController();
    void read(null, stop.signal);
    return () => stop.abort();
  }, [key, round]);
  return { items, error, loading, more: next ? () => void read(next) : null, reload: useCallback(() => setRound((n) => n + 1), []), patch: (f) => setItems(f) };
}
