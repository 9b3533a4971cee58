// SPDX-License-Identifier: Apache-2.0
// Conditions as a form, and as a sentence.
import { t, word } from "@/i18n";
import { en } from "@/i18n/en";
import { depthOf, FIELDS, isLeaf, joined, joinOf, kindOf, MODES, opsOf, partsOf, REGIMES, STATES, unitOf, withField, type Joined, type Leaf, type Node } from "@/lib/definition";
import { Button, Input, Select } from "@/ui/parts";

const EVENTS = Object.keys(en).filter((k) => k.startsWith("event.")).map((k) => k.slice("event.".length));
const DUTIES = ["authorised-stop", "queue", "border-strip", "sea-leg", "dead-zone", "shadow", "handling", "refuelling", "forbidden", "monitored", "approach"];
const DEPTH = 4;
export type Places = readonly (readonly [string, string])[];

function valueText(n: Leaf, places: Places): string {
  const v = n.value;
  if (v !== null && typeof v === "object") return String((v as { name?: string }).name ?? "");
  const text = String(v ?? "");
  const group = { state: "sealState", event: "event", mode: "mode", regime: "regime", zone: "duty" }[kindOf(n.field) as string];
  if (group) return word(group, text);
  if (kindOf(n.field) === "place") return places.find(([id]) => id === text)?.[1] ?? text;
  return [text, unitOf(n.field)].filter(Boolean).join(" ");
}

export function Sentence({ when, places }: { when: Node; places: Places }) {
  if (isLeaf(when)) return <span class="cond">{word("ruleField", when.field)} {word("op", when.op)} <strong>{valueText(when, places)}</strong></span>;
  const parts = partsOf(when);
  return <>{parts.map((p, i) => <span key={i}>{i > 0 && <em class="join"> {t(joinOf(when) === "all" ? "rule.and" : "rule.or")} </em>}{!isLeaf(p) && partsOf(p).length > 1 ? <>(<Sentence when={p} places={places} />)</> : <Sentence when={p} places={places} />}</span>)}</>;
}

export function Group({ node, places, onChange, onRemove, level = 1 }: { node: Joined; places: Places; onChange: (n: Joined) => void; onRemove?: () => void; level?: number }) {
  const join = joinOf(node);
  const parts = partsOf(node);
  const put = (i: number, p: Node) => onChange(joined(join, parts.map((x, k) => (k === i ? p : x))));
  const drop = (i: number) => onChange(joined(join, parts.filter((_, k) => k !== i)));
  return (
    <div class="cond-group">
      <div class="cond-head">
        <span class="segments" role="group" aria-label={t("rule.join")}>{(["all", "any"] as const).map((j) => <button key={j} type="button" aria-pressed={join === j} onClick={() => onChange(joined(j, parts))}>{t(`rule.${j}`)}</button>)}</span>
        {onRemove && <Button small kind="quiet" icon="trash" label={t("remove")} onClick={onRemove} />}
      </div>
      {parts.map((p, i) => (isLeaf(p) ? <Condition key={i} leaf={p} places={places} onChange={(x) => put(i, x)} {...(parts.length > 1 ? { onRemove: () => drop(i) } : {})} />
        : <Group key={i} node={p} places={places} level={level + 1} onChange={(x) => put(i, x)} onRemove={() => drop(i)} />))}
      <div class="cond-add">
        <Button small icon="plus" onClick={() => onChange(joined(join, [...parts, { field: "speed", op: ">", value: "" }]))}>{t("rule.addCondition")}</Button>
        {level + depthOf({ all: [] }) <= DEPTH - 1 && <Button small kind="quiet" icon="plus" onClick={() => onChange(joined(join, [...parts, joined(join === "all" ? "any" : "all", [{ field: "speed", op: ">", value: "" }])]))}>{t("rule.addGroup")}</Button>}
      </div>
    </div>
  );
}

function Condition({ leaf, places, onChange, onRemove }: { leaf: Leaf; places: Places; onChange: (l: Leaf) => void; onRemove?: () => void }) {
  const set = (value: unknown) => onChange({ ...leaf, value });
  const ops = opsOf(leaf.field);
  return (
    <div class="cond-row">
      <Select label={t("rule.field")} value={leaf.field} onPick={(f) => onChange(withField(f, leaf))} options={Object.keys(FIELDS).map((f) => [f, word("ruleField", f)] as const)} />
      <Select label={t("rule.op")} value={leaf.op} disabled={ops.length === 1} onPick={(op) => onChange({ ...leaf, op })} options={ops.map((o) => [o, word("op", o)] as const)} />
      <Value leaf={leaf} places={places} onChange={set} />
      {onRemove ? <Button small kind="quiet" icon="close" label={t("remove")} onClick={onRemove} /> : <span />}
    </div>
  );
}

function Value({ leaf, places, onChange }: { leaf: Leaf; places: Places; onChange: (v: unknown) => void }) {
  const kind = kindOf(leaf.field);
  const text = typeof leaf.value === "object" && leaf.value !== null ? String((leaf.value as { name?: string }).name ?? "") : String(leaf.value ?? "");
  const choice = (group: string | null, list: readonly string[]) => <Select label={t("rule.value")} value={text} onPick={onChange} options={[["", "—"], ...list.map((w) => [w, group ? word(group, w) : w] as const)]} />;
  if (kind === "place") return <Select label={t("rule.value")} value={text} onPick={onChange} options={[["", "—"], ...places]} />;
  if (kind === "state") return choice("sealState", STATES);
  if (kind === "event") return choice("event", EVENTS);
  if (kind === "mode") return choice("mode", MODES);
  if (kind === "regime") return choice("regime", REGIMES);
  if (kind === "zone") return choice("duty", DUTIES);
  if (kind === "hours") {
    const [from = "", until = ""] = text.split("-");
    const put = (a: string, b: string) => onChange(a || b ? `${a}-${b}` : "");
    return <span class="cond-hours"><input type="time" aria-label={t("audit.from")} value={from} onChange={(e) => put(e.currentTarget.value, until)} /><input type="time" aria-label={t("audit.until")} value={until} onChange={(e) => put(from, e.currentTarget.value)} /><span class="dim">UTC</span></span>;
  }
  return <span class="cond-value"><Input aria-label={t("rule.value")} value={text} onText={onChange} maxLength={39} {...(kind === "number" ? { inputMode: "decimal" as const } : {})} /><span class="dim">{unitOf(leaf.field)}</span></span>;
}
