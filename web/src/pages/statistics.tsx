// SPDX-License-Identifier: Apache-2.0
// Counts by day: how many alarms, how grave, how true. Drawn as plain bars.
import { useGet } from "@/api/use";
import { qs } from "@/api/client";
import type { Statistics } from "@/api/model";
import { locale, number, t, word } from "@/i18n";
import { words } from "@/ui/time";
import { serverNow } from "@/state/clock";
import { query, setQuery } from "@/state/route";
import { GradeMark } from "@/ui/badges";
import { Empty, PageHead, Problem, Section, Skeleton } from "@/ui/parts";
import { Tabs } from "@/ui/tabs";
import { tell } from "@/ui/toast";
import { span } from "@/lib/time";
import { useMemo } from "preact/hooks";

const DAY = 86_400_000;

export function StatisticsPage() {
  const days = Number(query.value.get("days") ?? 30);
  const from = useMemo(() => new Date(Math.floor(serverNow() / DAY) * DAY - (days - 1) * DAY).toISOString().replace(".000", ""), [days]);
  const s = useGet<Statistics>(`/statistics${qs({ from })}`, true);
  const v = s.value;
  const sum = (f: (d: Statistics["days"][number]) => number) => (v?.days ?? []).reduce((n, d) => n + f(d), 0);
  const alarms = sum((d) => d.alarms);
  const journeys = sum((d) => d.journeys);
  const found = { true: sum((d) => d.findings.true), false: sum((d) => d.findings.false), explained: sum((d) => d.findings.explained) };
  const closed = found.true + found.false + found.explained;
  const passed = (v?.passages.examined ?? 0) + (v?.passages.unexamined ?? 0);
  const percent = (part: number) => new Intl.NumberFormat(locale.value, { style: "percent", maximumFractionDigits: 1 }).format(part);
  const day = (text: string) => new Intl.DateTimeFormat(locale.value, { day: "numeric", month: "short", timeZone: "UTC" }).format(Date.parse(text));
  return (
    <main class="page" id="page" tabIndex={-1}>
      <PageHead title={t("statistics.title")}><Tabs value={String(days)} options={[7, 30, 90].map((n) => [String(n), t("statistics.days", { n })] as const)} onPick={(x) => setQuery({ days: x === "30" ? null : x })} /></PageHead>
      {s.error && <Problem error={tell(s.error)} retry={s.reload} />}
      {!v && !s.error ? <Skeleton rows={10} /> : v && alarms + journeys === 0 ? <Empty icon="chart" title={t("statistics.empty")}>{t("statistics.empty.about")}</Empty> : v && (
        <div class="statistics">
          {!v.complete && <Problem error={{ message: t("statistics.incomplete") }} />}
          <ul class="tiles">
            <Tile name={t("statistics.total")} value={number(alarms)} />
            <Tile name={t("statistics.journeys")} value={number(journeys)} />
            <Tile name={t("statistics.perJourney")} value={journeys ? number(alarms / journeys, 2) : "—"} />
            <Tile name={t("statistics.false")} value={closed ? percent(found.false / closed) : "—"} />
            <Tile name={t("statistics.unexamined")} value={passed ? percent(v.passages.unexamined / passed) : "—"} />
          </ul>
          <Section title={t("statistics.alarms")} aside={<ul class="key-line">{[3, 2, 1].map((g) => <li key={g}><GradeMark grade={g} size={12} />{word("grade", String(g))}</li>)}</ul>}>
            <DayBars days={v.days} name={day} />
          </Section>
          <div class="columns even">
            <Section title={t("statistics.kinds")}><Ranked rows={Object.entries(v.kinds).sort((a, b) => b[1] - a[1]).map(([k, n]) => [word("kind", k), n])} /></Section>
            <Section title={t("statistics.findings")}><Ranked rows={[...(["true", "explained", "false"] as const).map((f) => [word("finding", f), found[f]] as [string, number]), [t("statistics.unresolved"), Math.max(0, alarms - closed)]]} /></Section>
          </div>
          {passed > 0 && <Section title={t("statistics.passages")} aside={<span class="none">{t("statistics.passages.about")}</span>}><Passages passages={v.passages} /></Section>}
        </div>
      )}
    </main>
  );
}

const Tile = ({ name, value }: { name: string; value: string }) => <li class="tile"><span>{name}</span><strong>{value}</strong></li>;

/* How long it took from the arrival until a journey was let go: with nothing odd, and with an alarm or an examination. */
function Passages({ passages }: { passages: Statistics["passages"] }) {
  return (
    <div class="scroll-x"><table class="table small">
      <thead><tr><th /><th class="end">{t("statistics.passages.journeys")}</th><th class="end">{t("statistics.passages.median")}</th><th class="end">{t("statistics.passages.p90")}</th></tr></thead>
      <tbody>
        {(["clean", "abnormal"] as const).map((k) => (
          <tr key={k}>
            <td>{t(`statistics.passages.${k}`)}</td>
            <td class="end">{number(passages[k].journeys)}</td>
            {[passages[k].median_minutes, passages[k].p90_minutes].map((m, i) => <td key={i} class="end">{m === null ? "—" : span(m * 60_000, words())}</td>)}
          </tr>
        ))}
      </tbody>
    </table></div>
  );
}

function DayBars({ days, name }: { days: Statistics["days"]; name: (day: string) => string }) {
  const top = Math.max(1, ...days.map((d) => d.alarms));
  const width = 100 / Math.max(1, days.length);
  const every = Math.ceil(days.length / 8);
  return (
    <figure class="bars">
      <span class="bars-top">{number(top)}</span>
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={t("statistics.alarms")}>
        {days.map((d, i) => {
          let y = 100;
          return (
            <g key={d.day}>
              <title>{`${name(d.day)}: ${d.alarms}`}</title>
              <rect class="bars-hit" x={i * width} y={0} width={width} height={100} />
              {[2, 1, 0].map((g) => {
                const h = ((d.grades[g] ?? 0) / top) * 100;
                y -= h;
                return h > 0 && <rect key={g} class={`bar-g${g + 1}`} x={i * width + width * 0.14} y={y} width={width * 0.72} height={h} />;
              })}
            </g>
          );
        })}
      </svg>
      <ol class="bars-days">{days.map((d, i) => <li key={d.day}>{(days.length - 1 - i) % every === 0 ? name(d.day) : ""}</li>)}</ol>
    </figure>
  );
}

function Ranked({ rows }: { rows: [string, number][] }) {
  const top = Math.max(1, ...rows.map(([, n]) => n));
  if (rows.length === 0) return <p class="none">{t("none")}</p>;
  return (
    <ul class="ranked">
      {rows.map(([name, n]) => (
        <li key={name}><span>{name}</span><svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect width={(n / top) * 100} height="6" /></svg><b class="num">{number(n)}</b></li>
      ))}
    </ul>
  );
}
