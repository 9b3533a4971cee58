// SPDX-License-Identifier: Apache-2.0
// Other rules tried on what is stored: how often they would have fired, on what, beside what really stood. Changes nothing.
import { useState } from "preact/hooks";
import { seg } from "@/api/client";
import type { Backtest, BacktestInput } from "@/api/model";
import { number, t, word } from "@/i18n";
import { journeyTitle, short } from "@/lib/names";
import { serverNow } from "@/state/clock";
import { journeys } from "@/state/journeys";
import { GradeMark } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { Button, Problem, Select } from "@/ui/parts";
import { Time } from "@/ui/time";
import { Why } from "@/ui/why";
import { useBacktest } from "./run";

const DAYS = [1, 7, 30, 92];
const SHOWN = 200;
type Which = Backtest["items"][number]["which"];
const WHICH: Which[] = ["only-now", "both", "only-then"];

export function BacktestDialog({ title, input, onClose, children }: { title: string; input: () => BacktestInput; onClose: () => void; children?: preact.ComponentChildren }) {
  const form = useForm({ days: "30" });
  const { test, running, lost, start: ask, cancel } = useBacktest();
  const start = () => void form.run(() => ask({ ...input(), from: new Date(serverNow() - Number(form.value.days) * 86_400_000).toISOString(), until: new Date(serverNow()).toISOString() }));
  return (
    <Dialog title={title} onClose={onClose} class="backtest" wide>
      <div class="dialog-body">
        {children}
        <div class="backtest-ask">
          <Select label={t("backtest.span")} value={form.value.days} disabled={running} onPick={(d) => form.set("days", d)} options={DAYS.map((d) => [String(d), t("statistics.days", { n: d })] as const)} />
          {running ? <Button icon="close" onClick={cancel}>{t("backtest.cancel")}</Button> : <Button kind="main" icon="play" busy={form.busy} onClick={start}>{t("backtest.start")}</Button>}
        </div>
        {form.error && <Problem error={form.error} />}
        {lost && <Problem error={lost} />}
        {test ? <Result test={test} /> : <p class="dim">{t("backtest.about")}</p>}
      </div>
    </Dialog>
  );
}

/** How far it is, and how many alarms it has of each sort: each a filter. */
export function Counts({ test: x, which, onWhich }: { test: Backtest; which: Which | null; onWhich: (w: Which | null) => void }) {
  const done = x.state !== "waiting" && x.state !== "running";
  const count = (w: Which) => (w === "both" ? x.counts.both : w === "only-now" ? x.counts.only_now : x.counts.only_then);
  return (
    <>
      <div class="bringing"><progress max={Math.max(1, x.progress.of)} value={done ? Math.max(1, x.progress.of) : x.progress.journeys} /><span class="dim">{t("backtest.progress", { n: number(x.progress.journeys), of: number(x.progress.of) })} · {word("backtestState", x.state)}</span></div>
      {x.why && <Problem error={{ message: word("backtestState", x.state), detail: x.why }} />}
      <ul class="sides">
        {WHICH.map((w) => (
          <li key={w}><button type="button" aria-pressed={which === w} onClick={() => onWhich(which === w ? null : w)}><strong>{number(count(w))}</strong><span>{t(`backtest.${w}`)}</span></button></li>
        ))}
      </ul>
    </>
  );
}

function Result({ test: x }: { test: Backtest }) {
  const [which, setWhich] = useState<Which | null>(null);
  const done = x.state !== "waiting" && x.state !== "running";
  const items = x.items.filter((i) => !which || i.which === which);
  return (
    <>
      <Counts test={x} which={which} onWhich={setWhich} />
      {x.counts.unreadable > 0 && <p class="task-line"><Icon name="warning" size={14} />{t("backtest.unreadable", { n: x.counts.unreadable })}</p>}
      {items.length > 0 && (
        <ol class="found-list">
          {items.slice(0, SHOWN).map((i, n) => {
            const j = journeys.value.get(i.journey);
            return (
              <li key={n} class={i.which}>
                <GradeMark grade={i.grade} size={14} solid={i.which !== "only-then"} />
                <span><strong>{word("kind", i.kind)}</strong> <a href={`/journeys/${seg(i.journey)}`} target="_blank" rel="noopener">{j ? journeyTitle(j) : short(i.journey)}</a><em>{i.why && <Why text={i.why} />}</em></span>
                <span class="found-side"><Time at={i.onset} exact /><em>{t(`backtest.${i.which}`)}</em></span>
              </li>
            );
          })}
        </ol>
      )}
      {items.length > SHOWN && <p class="dim">{t("backtest.more", { n: items.length - SHOWN })}</p>}
      {done && x.counts.now === 0 && x.counts.then === 0 && <p class="none">{t("backtest.nothing")}</p>}
      {done && !x.complete && x.state === "done" && <p class="dim">{t("backtest.incomplete")}</p>}
    </>
  );
}
