// SPDX-License-Identifier: Apache-2.0
// The journey as a film: play, pause, from event to event; the moment is in the address.
import { useEffect, useRef, useState } from "preact/hooks";
import { quantity, t } from "@/i18n";
import { frameAt, momentFrom, SPEEDS, step, type Frame } from "@/lib/film";
import type { TrackRow } from "@/lib/track";
import { useKeys } from "@/state/keyboard";
import { query, setQuery } from "@/state/route";
import { SealState } from "@/ui/badges";
import { Button, Select } from "@/ui/parts";
import { Time } from "@/ui/time";

export interface Moment { t: number; grade: number; what: string }
interface Props { rows: TrackRow[]; moments: Moment[]; at: number | null; onAt: (t: number | null) => void }

/** Moves `at` on while it plays; says when the end is reached. */
function usePlaying(playing: boolean, speed: number, until: number, at: () => number, onAt: (t: number) => void, onEnd: () => void) {
  useEffect(() => {
    if (!playing) return;
    let before = performance.now();
    let frame = requestAnimationFrame(function next(now) {
      const t = step(at(), now - before, speed, until);
      before = now;
      onAt(t);
      if (t >= until) onEnd();
      else frame = requestAnimationFrame(next);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, speed, until]);
}

export function Film({ rows, moments, at, onAt }: Props) {
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(SPEEDS[1]);
  const from = rows[0]?.t ?? 0;
  const until = rows.at(-1)?.t ?? 0;
  const here = useRef(from);
  here.current = at ?? until;
  const show = (x: number | null) => {
    onAt(x);
    if (x !== null) here.current = x;
  };
  const keep = (x: number | null) => setQuery({ at: x === null ? null : new Date(x).toISOString() });
  const pause = () => {
    setPlaying(false);
    keep(here.current);
  };
  const toggle = () => {
    if (playing) return pause();
    if (at === null || at >= until) show(from);
    setPlaying(true);
  };
  const jump = (forward: boolean) => {
    const m = momentFrom([from, ...moments.map((x) => x.t).filter((x) => x >= from && x <= until), until], here.current, forward);
    if (m === null) return;
    show(m);
    keep(m);
  };
  const end = () => {
    setPlaying(false);
    show(null);
    keep(null);
  };
  usePlaying(playing, speed, until, () => here.current, show, end);
  useKeys([
    { stroke: "p", label: "key.film", act: toggle }, { stroke: "[", label: "key.filmBack", act: () => jump(false) }, { stroke: "]", label: "key.filmOn", act: () => jump(true) },
  ], [playing, at, rows, moments]);
  useEffect(() => {
    const asked = Date.parse(query.value.get("at") ?? "");
    if (at === null && asked >= from && asked < until) show(asked);
  }, [rows.length > 0]);
  if (until <= from) return null;
  const frame = at === null ? null : frameAt(rows, at);
  return (
    <div class="film" role="group" aria-label={t("film.title")}>
      <Button kind={playing ? "main" : "plain"} icon={playing ? "pause" : "play"} label={`${t(playing ? "film.pause" : "film.play")}  (p)`} onClick={toggle} />
      <Button kind="quiet" icon="back-event" label={t("film.back")} onClick={() => jump(false)} />
      <Button kind="quiet" icon="next-event" label={t("film.on")} onClick={() => jump(true)} />
      <div class="film-line">
        {moments.filter((m) => m.t >= from && m.t <= until).map((m, i) => <i key={i} class={`g${m.grade}`} style={{ left: `${((m.t - from) / (until - from)) * 100}%` }} title={m.what} />)}
        <input type="range" min={from} max={until} step={1000} value={at ?? until} aria-label={t("film.moment")}
          onInput={(e) => { setPlaying(false); show(Number(e.currentTarget.value)); }} onChange={(e) => keep(Number(e.currentTarget.value))} />
      </div>
      <Select value={String(speed)} label={t("film.speed")} options={SPEEDS.map((s) => [String(s), t("film.times", { n: s })] as const)} onPick={(v) => setSpeed(Number(v))} />
      <Caption at={at} frame={frame} />
      {at !== null && <Button small kind="quiet" icon="close" label={t("film.close")} onClick={end} />}
    </div>
  );
}

/** What was known then: the moment, the seal's state, how fast; reckoned and silent are said. */
function Caption({ at, frame }: { at: number | null; frame: Frame | null }) {
  if (at === null) return <span class="film-now dim">{t("film.whole")}</span>;
  return (
    <span class="film-now">
      <Time at={at} exact seconds />
      {frame?.row.state && <SealState state={frame.row.state} proof={frame.silent ? "unknown" : "claimed"} />}
      {frame && <span class="dim">{frame.silent ? t("film.silent") : frame.reckoned ? t("film.reckoned") : frame.row.speed !== null && quantity(frame.row.speed, "km/h")}</span>}
    </span>
  );
}
