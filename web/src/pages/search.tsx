// SPDX-License-Identifier: Apache-2.0
// Search over everything: journeys, seals, stations and pages; as one types, arrows and Enter.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, qs, seg } from "@/api/client";
import type { JourneySummary, Page, Seal, Station } from "@/api/model";
import { t } from "@/i18n";
import { container, device, journeyTitle } from "@/lib/names";
import { go } from "@/state/route";
import { may } from "@/state/session";
import { JourneyState, SealState } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { Icon, type IconName } from "@/ui/icon";
import type { ComponentChildren } from "preact";

interface Hit { to: string; icon: IconName; title: string; sub: string; side: ComponentChildren }

async function find(search: string, signal: AbortSignal): Promise<Hit[]> {
  const q = qs({ search, limit: 6 });
  const [journeys, seals, stations] = await Promise.all([
    may("watch") ? get<Page<JourneySummary>>(`/journeys${q}`, { signal }) : { items: [] as JourneySummary[] }, get<Page<Seal>>(`/seals${q}`, { signal }), get<Page<Station>>(`/stations${q}`, { signal }),
  ]);
  const hits: Hit[] = [
    ...journeys.items.map((j) => ({
      to: `/journeys/${seg(j.id)}`, icon: "route" as const, title: journeyTitle(j), side: <JourneyState state={j.state} />,
      sub: [j.vehicle, ...(j.containers ?? []).map(container), [j.origin?.name, j.destination?.name].filter(Boolean).join(" – ")].filter(Boolean).join(" · "),
    })),
    ...seals.items.map((s) => ({ to: `/seals/${seg(s.id)}`, icon: "lock" as const, title: device(s.id), sub: [s.label, s.id].filter(Boolean).join(" · "), side: <SealState state={s.live?.state.seal} proof={s.live?.knowledge} tampered={s.live?.tampered} /> })),
    ...stations.items.map((s) => ({ to: `/stations?id=${seg(s.id)}`, icon: "station" as const, title: s.name, sub: s.code ?? "", side: null })),
  ];
  const exact = (h: Hit) => Number(h.title.toLowerCase().startsWith(search.toLowerCase()));
  return hits.sort((a, b) => exact(b) - exact(a)); // what is called so comes before what only mentions it
}

export function SearchDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [hits, setHits] = useState<Hit[] | null>(null);
  const [at, setAt] = useState(0);
  const answered = useRef(""); // the words that `hits` answers
  const opens = useRef(false); // Enter was struck before the answer came
  useEffect(() => {
    const words = text.trim();
    if (!words) return setHits(null);
    const stop = new AbortController();
    const timer = setTimeout(() => find(words, stop.signal).then((h) => take(words, h), () => undefined), 120);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  const take = (words: string, found: Hit[]) => {
    answered.current = words;
    setHits(found);
    setAt(0);
    if (opens.current) open(found[0]);
    opens.current = false;
  };
  const open = (h: Hit | undefined) => {
    if (!h) return;
    onClose();
    go(h.to);
  };
  const keys = (e: KeyboardEvent) => {
    const n = hits?.length ?? 0;
    if (e.key === "ArrowDown") setAt(Math.min(n - 1, at + 1));
    else if (e.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else if (e.key === "Enter" && answered.current !== text.trim()) opens.current = true;
    else if (e.key === "Enter") open(hits?.[at]);
    else return;
    e.preventDefault();
  };
  return (
    <Dialog title={t("search.title")} onClose={onClose} bare class="search-dialog">
      <label class="search-big"><Icon name="search" size={20} /><input value={text} autofocus placeholder={t("search.placeholder")} aria-label={t("search.title")} maxLength={79} onInput={(e) => setText(e.currentTarget.value)} onKeyDown={keys} /><kbd>Esc</kbd></label>
      {hits === null ? <p class="dim">{t("search.empty")}</p> : hits.length === 0 ? <p class="dim">{t("search.none")}</p> : (
        <ul class="hits" role="listbox">
          {hits.map((h, i) => (
            <li key={h.to} role="option" aria-selected={i === at} onMouseMove={() => setAt(i)} onClick={() => open(h)}>
              <Icon name={h.icon} size={18} /><div><strong>{h.title}</strong><span>{h.sub}</span></div>{h.side}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
