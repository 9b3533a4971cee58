// SPDX-License-Identifier: Apache-2.0
// How far the journey has come: when it will be there, how long it is on its way, which routing points it has passed.
import type { Journey } from "@/api/model";
import { metres, t } from "@/i18n";
import { length, nearest, type Position } from "@/lib/geo";
import { deviation, pointStates, transitMs } from "@/lib/progress";
import { span, toMs } from "@/lib/time";
import { now } from "@/state/clock";
import { Icon } from "@/ui/icon";
import { Section } from "@/ui/parts";
import { Time, words } from "@/ui/time";

const isThere = (j: Journey) => j.state === "arrived" || j.state === "released";
export const isGoing = (j: Pick<Journey, "state">) => j.state === "sealed" || j.state === "under-way";

/** Metres travelled and to travel; by the platform's own account, else by the last place. */
function howFar(j: Journey): { done: number | null; whole: number } {
  const p = j.progress;
  const route = (j.route?.coordinates ?? []).map((c): Position => [c[0]!, c[1]!]);
  const whole = p && p.along_m !== null && p.left_m !== null ? p.along_m + p.left_m : length(route);
  if (isThere(j)) return { done: whole, whole };
  if (p) return { done: p.along_m, whole };
  return { done: j.position && route.length > 1 ? (nearest(route, [j.position.lon, j.position.lat])?.along ?? 0) : 0, whole };
}

export function Travelled({ journey: j }: { journey: Journey }) {
  const { done, whole } = howFar(j);
  const transit = j.progress ? transitMs(j.progress, now.value) : null;
  if (whole <= 0) return null;
  return (
    <div class="journey-progress">
      <span class="dim">{done === null ? t("progress.unknown") : t("journey.travelled", { done: metres(done), whole: metres(whole) })}{transit !== null && <> · {t(j.progress?.transit_minutes !== null ? "progress.transit.whole" : "progress.transit")} {span(transit, words())}</>}</span>
      <progress max={whole} value={done ?? 0} />
    </div>
  );
}

/** Later or earlier than the limit; only what is late is marked. */
export function Deviation({ ms }: { ms: number | null }) {
  if (ms === null) return null;
  return <span class={ms > 0 ? "late" : "dim"}>{ms === 0 ? t("progress.onTime") : t(ms > 0 ? "progress.late" : "progress.early", { span: span(ms, words()) })}</span>;
}

export function Arrival({ journey: j }: { journey: Journey }) {
  const p = j.progress;
  if (isThere(j)) {
    const at = p?.arrived ?? j.arrived_at;
    return at ? <div class="journey-due arrival"><span class="dim">{t("progress.arrived")}</span><strong><Time at={at} exact /></strong><Deviation ms={deviation(at, j.arrive_by)} /></div> : null;
  }
  if (!p || !isGoing(j)) return null;
  return (
    <div class="journey-due arrival">
      <span class="dim">{t("progress.eta")}</span>
      {p.eta ? <strong><Time at={p.eta} exact /></strong> : <strong class="none" title={t("progress.noEta.about")}>{t("progress.noEta")}</strong>}
      {p.eta ? <Deviation ms={deviation(p.eta, j.arrive_by)} /> : null}
    </div>
  );
}

export function RoutingPoints({ journey: j }: { journey: Journey }) {
  const points = j.progress?.points ?? [];
  if (points.length === 0) return null;
  const states = pointStates(points);
  return (
    <Section title={t("progress.points")}>
      <ol class="routing-points">
        {points.map((p, i) => {
          const minutes = p.deviation_minutes;
          return (
            <li key={i} class={states[i]}>
              <Icon name={states[i] === "passed" ? "check" : states[i] === "next" ? "arrow" : "clock"} size={15} />
              <span><strong>{p.name}</strong><span class="dim">{toMs(p.planned) === null ? t("progress.noPlan") : <>{t("progress.planned")} <Time at={p.planned} exact /></>}</span></span>
              <span class="routing-when">
                {p.passed ? <span>{t("progress.passed")} <Time at={p.passed} exact /></span> : p.expected ? <span>{t("progress.expected")} <Time at={p.expected} exact /></span> : <span class="none">{t("progress.ahead")}</span>}
                {minutes !== null && <span class={minutes > 0 ? "late" : "dim"}>{minutes === 0 ? t("progress.onTime") : t(minutes > 0 ? "progress.after" : "progress.before", { span: span(Math.abs(minutes) * 60_000, words()) })}</span>}
              </span>
            </li>
          );
        })}
      </ol>
    </Section>
  );
}
