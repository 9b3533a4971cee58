// SPDX-License-Identifier: Apache-2.0
// Battery, speed and temperature over the journey, one axis and one cursor.
import { useMemo } from "preact/hooks";
import type { Alarm, Journey } from "@/api/model";
import { t } from "@/i18n";
import { toMs } from "@/lib/time";
import { at, type TrackRow } from "@/lib/track";
import { Section } from "@/ui/parts";
import { Plot, type Series } from "@/ui/plot";
import { Time } from "@/ui/time";

interface Props { rows: TrackRow[]; limits: NonNullable<Journey["limits"]>; alarms: Alarm[]; cursor: number | null; onCursor: (t: number | null) => void; onPick: (id: string) => void }

export function Plots({ rows, limits, alarms, cursor, onCursor, onPick }: Props) {
  const times = useMemo(() => rows.map((r) => r.t), [rows]);
  const series = useMemo((): Series[] => {
    const warm = limits.find((l) => l.kind === "temperature");
    return [
      { name: t("plot.speed"), unit: "km/h", colour: "plot1" as const, values: rows.map((r) => r.speed), min: 0 },
      { name: t("plot.battery"), unit: "%", colour: "plot3" as const, values: rows.map((r) => r.percent), min: 0, max: 100 },
      { name: t("plot.temperature"), unit: "°C", colour: "plot2" as const, values: rows.map((r) => r.temperature), digits: 1, limits: warm ? { min: warm.min ?? null, max: warm.max ?? null } : undefined },
    ].filter((s) => s.values.some((v) => v !== null));
  }, [rows, limits]);
  const marks = useMemo(() => alarms.map((a) => ({ t: toMs(a.onset) ?? 0, grade: a.grade })), [alarms]);
  const pick = (x: number) => {
    const r = at(rows, x);
    if (r) onPick(r.id);
  };
  return (
    <Section title={t("journey.plots")} aside={cursor !== null && <Time at={cursor} exact seconds class="dim" />}>
      <div class="plots" role="img" aria-label={series.map((s) => s.name).join(", ")}>
        {series.map((s, i) => <Plot key={s.name} times={times} series={s} cursor={cursor} onCursor={onCursor} onPick={pick} marks={marks} last={i === series.length - 1} />)}
      </div>
    </Section>
  );
}
