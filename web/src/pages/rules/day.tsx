// SPDX-License-Identifier: Apache-2.0
// Any day run again with other rules: what stood and what these find, side by side, journey by journey, each with its film.
import { useState } from "preact/hooks";
import { seg } from "@/api/client";
import type { AlarmKind, Backtest, Page, Rule } from "@/api/model";
import { useGet } from "@/api/use";
import { number, t, word } from "@/i18n";
import { beside, dayOf, figuresFrom, figuresTo, numbersOf, zoneOf, type Beside, type Which } from "@/lib/dayrun";
import { serverNow } from "@/state/clock";
import { query, setQuery } from "@/state/route";
import { GradeMark } from "@/ui/badges";
import { useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { Button, Field, Input, Problem, Select } from "@/ui/parts";
import { Time } from "@/ui/time";
import { Why } from "@/ui/why";
import { Counts } from "./backtest";
import { useBacktest } from "./run";

const SHOWN = 100;
const DAY_MS = 86_400_000;
type Item = Backtest["items"][number];

const own = (name: string) => name.slice(name.indexOf(".") + 1).replace(/_/g, " ");
const kindOf = (name: string) => name.slice(0, name.indexOf("."));

export function DayAgain() {
  const kinds = useGet<Page<AlarmKind>>("/alarm-kinds", true);
  const rules = useGet<Page<Rule>>("/rules", true);
  const form = useForm({});
  const { test, running, lost, start, cancel } = useBacktest();
  const q = query.value;
  const day = q.get("day") ?? dayOf(serverNow() - DAY_MS);
  const figures = figuresFrom(q.get("set"));
  const rule = q.get("rule") ?? "";
  const all = q.get("compare") !== "changed";
  const run = () => void form.run(() => start({ day, zone: zoneOf(day), compare: all ? "all" : "changed", ...(rule ? { rule } : {}), parameters: numbersOf(figures) }));
  return (
    <section class="day-again">
      <p class="dim">{t("day.about")}</p>
      <div class="day-ask">
        <Field label={t("day.day")} error={form.wrong("day")}><input type="date" name="day" value={day} max={dayOf(serverNow())} disabled={running} onInput={(e) => e.currentTarget.value && setQuery({ day: e.currentTarget.value })} /></Field>
        <Field label={t("day.kinds")} error={form.wrong("compare") ?? form.wrong("definition")}><Select value={all ? "all" : "changed"} disabled={running} onPick={(v) => setQuery({ compare: v === "all" ? null : v })} options={[["all", t("day.kinds.all")], ["changed", t("day.kinds.changed")]]} /></Field>
        <Field label={t("day.rule")} error={form.wrong("rule")}><Select value={rule} disabled={running} onPick={(v) => setQuery({ rule: v || null })} options={[["", t("day.rule.none")], ...(rules.value?.items ?? []).map((r) => [r.id, r.name] as const)]} /></Field>
        {running ? <Button icon="close" onClick={cancel}>{t("backtest.cancel")}</Button> : <Button kind="main" icon="play" busy={form.busy} onClick={run}>{t("day.run")}</Button>}
      </div>
      <Figures kinds={kinds.value?.items ?? []} figures={figures} wrong={(name) => form.wrong(`parameters.${name}`)} disabled={running} onChange={(f) => setQuery({ set: figuresTo(f) })} />
      {form.error && <Problem error={form.error} />}
      {lost && <Problem error={lost} />}
      {test ? <Result test={test} /> : <p class="none">{t("day.ask")}</p>}
    </section>
  );
}

interface FiguresProps { kinds: AlarmKind[]; figures: ReadonlyMap<string, string>; wrong: (name: string) => string | undefined; disabled: boolean; onChange: (f: Map<string, string>) => void }

/** Figures of built-in rules that are other than now. */
function Figures({ kinds, figures, wrong, disabled, onChange }: FiguresProps) {
  const free = kinds.filter((k) => k.kind !== "custom").flatMap((k) => k.parameters.filter((p) => !p.fixed));
  const unit = (name: string) => free.find((p) => p.name === name);
  const change = (name: string, value: string | null) => {
    const next = new Map(figures);
    if (value === null) next.delete(name);
    else next.set(name, value);
    onChange(next);
  };
  const rest = free.filter((p) => !figures.has(p.name)).map((p) => [p.name, `${word("kind", kindOf(p.name))}: ${own(p.name)}`] as const).sort((a, b) => a[1].localeCompare(b[1]));
  return (
    <div class="day-figures">
      <strong>{t("day.figures")}</strong>
      {figures.size === 0 && <span class="dim">{t("day.figures.none")}</span>}
      {[...figures].map(([name, value]) => {
        const p = unit(name);
        const error = wrong(name);
        return (
          <div key={name} class="day-figure">
            <span>{word("kind", kindOf(name))}: {own(name)}</span>
            <Input name={name} value={value} inputMode="decimal" maxLength={10} disabled={disabled} aria-label={t("day.figure", { name: own(name) })} onText={(v) => change(name, v)} />
            <span class="dim">{p?.unit}{p && ` · ${t("rules.default", { v: number(p.value, 2) })}`}</span>
            <Button small kind="quiet" icon="close" label={t("remove")} disabled={disabled} onClick={() => change(name, null)} />
            {error && <span class="field-error" role="alert">{error}</span>}
          </div>
        );
      })}
      {rest.length > 0 && <Select value="" label={t("day.add")} disabled={disabled} onPick={(name) => name && change(name, String(unit(name)?.value ?? ""))} options={[["", t("day.add")], ...rest]} />}
    </div>
  );
}

function Result({ test: x }: { test: Backtest }) {
  const [which, setWhich] = useState<Which | null>(null);
  const done = x.state !== "waiting" && x.state !== "running";
  const list = beside(x.sides, x.items, which);
  return (
    <>
      <Counts test={x} which={which} onWhich={setWhich} />
      {x.why && <Problem error={{ message: word("backtestState", x.state), detail: x.why }} />}
      {x.counts.unreadable > 0 && <p class="task-line"><Icon name="warning" size={14} />{t("backtest.unreadable", { n: x.counts.unreadable })}</p>}
      {done && !x.complete && x.state === "done" && <p class="dim">{t("backtest.incomplete")}</p>}
      {list.length > 0 ? (
        <div class="beside">
          <header><strong>{t("day.then")}</strong><strong>{t("day.now")}</strong></header>
          {list.slice(0, SHOWN).map((b) => <OfJourney key={b.journey} beside={b} />)}
          {list.length > SHOWN && <p class="dim">{t("day.more", { n: list.length - SHOWN })}</p>}
        </div>
      ) : done && <p class="none">{t("day.same")}</p>}
    </>
  );
}

const film = (journey: string, onset: string | null) => `/journeys/${seg(journey)}${onset ? `?at=${encodeURIComponent(onset)}` : ""}`;

function OfJourney({ beside: b }: { beside: Beside<Item> }) {
  return (
    <section class="beside-journey">
      <h3><a href={`/journeys/${seg(b.journey)}`}>{b.title}</a><a class="btn quiet small" href={film(b.journey, b.items[0]!.onset)}><Icon name="play" size={14} /><span>{t("day.film")}</span></a></h3>
      <ol>
        {b.items.map((i, n) => (
          <li key={n} class={i.which}>
            {i.which === "only-now" ? <p class="absent">{t("day.fresh")}</p> : <Found item={i} />}
            {i.which === "only-then" ? <p class="absent">{t("day.missing")}</p> : <Found item={i} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Found({ item: i }: { item: Item }) {
  return (
    <a class="found" href={film(i.journey, i.onset)}>
      <GradeMark grade={i.grade} size={14} /><strong>{word("kind", i.kind)}</strong><Time at={i.onset} exact />
      {i.why && <em><Why text={i.why} /></em>}
    </a>
  );
}
