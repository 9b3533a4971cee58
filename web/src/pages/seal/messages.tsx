// SPDX-License-Identifier: Apache-2.0
// Everything a seal or journey said, newest on top. While a message is open, new ones wait.
import { useEffect, useState } from "preact/hooks";
import { ApiError, get, qs } from "@/api/client";
import type { Observation, Page } from "@/api/model";
import { t } from "@/i18n";
import { serverNow } from "@/state/clock";
import { ObservationRow } from "@/ui/observation";
import { Button, Problem, Section, Skeleton } from "@/ui/parts";
import { tell } from "@/ui/toast";

const HOUR = 3_600_000;
const SPANS = [{ n: 1, unit: "h", ms: HOUR }, { n: 1, unit: "d", ms: 24 * HOUR }, { n: 7, unit: "d", ms: 168 * HOUR }] as const;
const PAGES_MAX = 8;
const STEP = 60;

/** The list comes oldest first: reads on to its end (within reason), so that the newest are there. */
async function readAll(path: string, from: number, signal: AbortSignal): Promise<Observation[]> {
  const seen = new Map<string, Observation>();
  let start: string | null = new Date(from).toISOString();
  for (let i = 0; start && i < PAGES_MAX; i++) {
    const page: Page<Observation> = await get(path + qs({ from: start, limit: 1000 }), { signal });
    for (const o of page.items) seen.set(o.id, o);
    start = page.next === start ? null : page.next;
  }
  return [...seen.values()].reverse();
}

export function Messages({ path, empty, beat, start = 0 }: { path: string; empty: string; beat: string | null; start?: number }) {
  const [span, setSpan] = useState(start);
  const [items, setItems] = useState<Observation[] | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const [shown, setShown] = useState(STEP);
  const [round, setRound] = useState(0);
  const wanted = open ? null : beat; // nothing moves under an open message
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      readAll(path, serverNow() - SPANS[span]!.ms, stop.signal).then(
        (list) => { setItems(list); setError(null); },
        (e: unknown) => e instanceof ApiError && setError(e),
      );
    }, items ? 800 : 0);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [path, span, round, wanted]);
  return (
    <Section title={t("seal.messages")} aside={
      <div class="segments" role="group">{SPANS.map((s, i) => <button key={i} type="button" aria-pressed={i === span} onClick={() => { setSpan(i); setItems(null); setShown(STEP); }}>{s.n} {t(`unit.${s.unit}`)}</button>)}</div>
    }>
      {error && <Problem error={tell(error)} retry={() => setRound(round + 1)} />}
      {!items && !error ? <Skeleton rows={6} /> : items?.length === 0 ? <p class="none">{empty}</p> : (
        <ul class="observations">
          {items?.slice(0, shown).map((o) => <ObservationRow key={o.id} observation={o} open={open === o.id} onToggle={(on) => setOpen(on ? o.id : null)} />)}
        </ul>
      )}
      {items && items.length > shown && <Button small kind="quiet" onClick={() => setShown(shown + STEP * 2)}>{t("more")}</Button>}
    </Section>
  );
}
