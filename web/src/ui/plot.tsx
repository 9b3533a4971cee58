// SPDX-License-Identifier: Apache-2.0
// Plots over time that share one axis and one cursor with each other, the map and the time line.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "preact/hooks";
import { locale, number } from "@/i18n";
import { clock } from "@/lib/time";
import { palette, type Palette } from "@/map/palette";
import { now } from "@/state/clock";
import { theme } from "@/state/prefs";

export interface Series { name: string; unit: string; colour: "plot1" | "plot2" | "plot3"; values: (number | null)[]; min?: number; max?: number; digits?: number; limits?: { min?: number | null; max?: number | null } | undefined }
interface Props { times: number[]; series: Series; cursor: number | null; onCursor: (t: number | null) => void; onPick?: (t: number) => void; marks?: { t: number; grade: number }[]; last?: boolean }

const HEIGHT = 96;
const AXIS = 24;

function options(p: Palette, width: number, props: Props, act: { cursor: (t: number | null) => void }): uPlot.Options {
  const s = props.series;
  const axis = { stroke: p.faint, font: "11px Inter, system-ui, sans-serif", grid: { stroke: p.plotGrid, width: 1 }, ticks: { show: false } };
  return {
    width, height: HEIGHT + (props.last ? AXIS : 6), legend: { show: false }, ms: 1,
    padding: [8, 8, props.last ? 0 : 6, 0],
    cursor: { y: false, drag: { x: true, y: false, uni: 10 }, sync: { key: "journey", setSeries: false }, points: { size: 7, stroke: p.surface, width: 2 } },
    scales: { x: { time: true }, y: { range: (_u, lo, hi) => range(s, lo, hi) } },
    axes: [
      { ...axis, size: props.last ? AXIS : 0, gap: 2, space: 76, values: (_u, ticks) => (props.last ? ticks.map((t) => clock(t, now.peek(), locale.peek())) : ticks.map(() => "")) },
      { ...axis, size: 46, gap: 4, space: 26, values: (_u, ticks) => ticks.map((v) => number(v, 1)) },
    ],
    series: [{}, { stroke: p[s.colour], width: 1.5, points: { show: false }, spanGaps: false, label: s.name }],
    hooks: {
      setCursor: [(u) => act.cursor(u.cursor.idx === null || u.cursor.idx === undefined ? null : (u.data[0][u.cursor.idx] ?? null))],
      drawClear: [(u) => drawLimits(u, p, s)],
      draw: [(u) => drawMarks(u, p, props.marks ?? [])],
    },
  };
}

function range(s: Series, lo: number | null, hi: number | null): [number, number] {
  const a = Math.min(lo ?? 0, s.min ?? Infinity, s.limits?.min ?? Infinity);
  const b = Math.max(hi ?? 1, s.max ?? -Infinity, s.limits?.max ?? -Infinity);
  const pad = Math.max((b - a) * 0.08, 0.5);
  return [s.min !== undefined && a >= s.min ? s.min : a - pad, s.max !== undefined && b <= s.max ? s.max : b + pad];
}

/** The allowed band: what lies outside is shaded. */
function drawLimits(u: uPlot, p: Palette, s: Series): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.fillStyle = p.hover;
  if (s.limits?.max !== null && s.limits?.max !== undefined) u.ctx.fillRect(left, top, width, Math.max(0, u.valToPos(s.limits.max, "y", true) - top));
  if (s.limits?.min !== null && s.limits?.min !== undefined) {
    const y = u.valToPos(s.limits.min, "y", true);
    u.ctx.fillRect(left, y, width, Math.max(0, top + height - y));
  }
}

function drawMarks(u: uPlot, p: Palette, marks: { t: number; grade: number }[]): void {
  const { top, height, left, width } = u.bbox;
  for (const m of marks) {
    const x = u.valToPos(m.t, "x", true);
    if (x < left || x > left + width) continue;
    u.ctx.strokeStyle = m.grade === 3 ? p.g3 : m.grade === 2 ? p.g2 : p.g1;
    u.ctx.lineWidth = devicePixelRatio * 1.5;
    u.ctx.beginPath();
    u.ctx.moveTo(x, top);
    u.ctx.lineTo(x, top + height);
    u.ctx.stroke();
  }
}

export function Plot(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const own = useRef(false);
  const look = theme.value;
  useEffect(() => {
    const el = box.current!;
    const make = () => {
      plot.current?.destroy();
      const p = palette();
      const cursor = (t: number | null) => own.current && latest.current.onCursor(t);
      plot.current = new uPlot(options(p, el.clientWidth, latest.current, { cursor }), [props.times, props.series.values], el);
      const over = plot.current.over;
      over.addEventListener("pointerenter", () => (own.current = true));
      over.addEventListener("pointerleave", () => { own.current = false; latest.current.onCursor(null); });
      over.addEventListener("click", () => {
        const i = plot.current?.cursor.idx;
        const t = i === null || i === undefined ? undefined : plot.current?.data[0][i];
        if (t !== undefined) latest.current.onPick?.(t);
      });
    };
    make();
    const sized = new ResizeObserver(() => plot.current && plot.current.width !== el.clientWidth && plot.current.setSize({ width: el.clientWidth, height: plot.current.height }));
    sized.observe(el);
    return () => {
      sized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [look, props.last]);
  useEffect(() => plot.current?.setData([props.times, props.series.values]), [props.times, props.series.values]);
  useEffect(() => {
    const u = plot.current;
    if (!u || own.current) return;
    u.setCursor(props.cursor === null ? { left: -10, top: -10 } : { left: u.valToPos(props.cursor, "x"), top: 10 }, false);
  }, [props.cursor]);
  const s = props.series;
  const i = props.cursor === null ? -1 : nearestIndex(props.times, props.cursor);
  const value = i >= 0 ? s.values[i] : null;
  return (
    <div class="plot">
      <header><span class={`swatch ${s.colour}`} />{s.name}<b class="num">{value === null || value === undefined ? "" : `${number(value, s.digits ?? 0)} ${s.unit}`}</b></header>
      <div ref={box} class="plot-box" />
    </div>
  );
}

function nearestIndex(times: number[], t: number): number {
  let lo = 0;
  let hi = times.length - 1;
  if (hi < 0) return -1;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (times[mid]! < t) lo = mid + 1;
    else hi = mid;
  }
  return lo > 0 && t - times[lo - 1]! < times[lo]! - t ? lo - 1 : lo;
}
