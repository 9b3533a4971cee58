// SPDX-License-Identifier: Apache-2.0
// The built-in rules: what raises each alarm, how grave it is, by which figures; other figures can be tried on what is stored.
import { useState } from "preact/hooks";
import type { AlarmKind, Page } from "@/api/model";
import { useGet } from "@/api/use";
import { number, t, word } from "@/i18n";
import { planOf } from "@/state/policies";
import { query } from "@/state/route";
import { may } from "@/state/session";
import { Grade } from "@/ui/badges";
import { Button, Field, Input, Problem, Skeleton } from "@/ui/parts";
import { tell } from "@/ui/toast";
import { BacktestDialog } from "./backtest";

const own = (name: string) => name.slice(name.indexOf(".") + 1).replace(/_/g, " ");

export function BuiltIn() {
  const loaded = useGet<Page<AlarmKind>>("/alarm-kinds", true);
  const [trying, setTrying] = useState<AlarmKind | null>(null);
  const text = (query.value.get("q") ?? "").toLowerCase();
  if (loaded.error) return <Problem error={tell(loaded.error)} retry={loaded.reload} />;
  if (!loaded.value) return <Skeleton rows={8} />;
  const list = loaded.value.items.filter((k) => k.kind !== "custom" && (!text || `${word("kind", k.kind)} ${k.meaning}`.toLowerCase().includes(text))).sort((a, b) => b.grade - a.grade);
  return (
    <>
      <ul class="rule-list">
        {list.map((k) => {
          const plan = planOf(k.kind);
          return (
            <li key={k.kind}>
              <Grade grade={k.grade} />
              <div><strong>{word("kind", k.kind)}</strong><p class="dim">{k.meaning}</p></div>
              <dl class="rule-figures">{k.parameters.map((p) => <div key={p.name}><dt>{own(p.name)}</dt><dd class="num">{p.journey && p.value === 0 ? <span class="dim">{t("rules.journeySays")}</span> : <>{number(p.value, 2)} {p.unit}{p.journey && <em>{t("rules.perJourney")}</em>}</>}</dd></div>)}</dl>
              <span class="dim">{plan && word("plan", plan)}</span>
              {may("places") && k.parameters.some((p) => !p.fixed) ? <Button small icon="play" onClick={() => setTrying(k)}>{t("rules.try")}</Button> : <span />}
            </li>
          );
        })}
      </ul>
      {trying && <Try kind={trying} onClose={() => setTrying(null)} />}
    </>
  );
}

function Try({ kind: k, onClose }: { kind: AlarmKind; onClose: () => void }) {
  const free = k.parameters.filter((p) => !p.fixed);
  const [values, setValues] = useState<Record<string, string>>(Object.fromEntries(free.map((p) => [p.name, String(p.value)])));
  const input = () => ({ parameters: Object.fromEntries(free.filter((p) => Number(values[p.name]) !== p.value && values[p.name]?.trim()).map((p) => [p.name, Number(values[p.name])])) });
  return (
    <BacktestDialog title={`${word("kind", k.kind)}: ${t("rules.try")}`} input={input} onClose={onClose}>
      <div class="grid3">{free.map((p) => <Field key={p.name} label={`${own(p.name)}${p.unit ? `, ${p.unit}` : ""}`} help={t("rules.default", { v: number(p.value, 2) })}><Input name={p.name} value={values[p.name] ?? ""} inputMode="decimal" maxLength={10} onText={(v) => setValues({ ...values, [p.name]: v })} /></Field>)}</div>
    </BacktestDialog>
  );
}
