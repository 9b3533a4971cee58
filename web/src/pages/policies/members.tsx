// SPDX-License-Identifier: Apache-2.0
// One member of a policy as a field of a form, by its shape.
import { useState } from "preact/hooks";
import { t, word, type Key } from "@/i18n";
import { choicesOf, MODES, SEAL_CLASSES, parseCodes, shapeOf, unitOf, wordsOf, type Phase } from "@/lib/policy";
import { fromInput, toInput } from "@/lib/time";
import { Button, Input, Select } from "@/ui/parts";
import { memberName, ValueText, wordOf } from "./value";

interface Props { policy: string; member: string; value: unknown; was: unknown; edits: boolean; wrong: string | undefined; onChange: (value: unknown) => void }

export function Member({ policy, member, value, was, edits, wrong, onChange }: Props) {
  const shape = shapeOf(member, value);
  const name = memberName(policy, member);
  const changed = JSON.stringify(value) !== JSON.stringify(was);
  const unit = unitOf(policy, member);
  const cls = `member ${shape}${changed ? " changed" : ""}${wrong ? " wrong" : ""}`;
  if (!edits) return <div class={cls}><span class="member-name">{name}</span><span class="member-value"><ValueText policy={policy} member={member} value={value} /></span></div>;
  return (
    <div class={cls}>
      <span class="member-name" id={`m-${policy}-${member}`}>{name}{changed && <em class="member-was">{t("policy.was")} <ValueText policy={policy} member={member} value={was} /></em>}</span>
      <span class="member-value" role="group" aria-labelledby={`m-${policy}-${member}`}>
        {shape === "number" && <NumberField name={member} label={name} value={value as number} onChange={onChange} />}
        {shape === "number" && unit && <span class="dim">{t(`policy.${unit}` as Key)}</span>}
        {shape === "flag" && <input type="checkbox" name={member} aria-label={name} checked={value as boolean} onChange={(e) => onChange(e.currentTarget.checked)} />}
        {shape === "word" && (
          <span class="segments" role="group" aria-label={name}>{wordsOf(policy).map((w) => <button key={w} type="button" aria-pressed={value === w} onClick={() => onChange(w)}>{wordOf(policy, w)}</button>)}</span>
        )}
        {shape === "choices" && <Choices member={member} value={value as string[]} onChange={onChange} />}
        {shape === "codes" && <Codes name={member} label={name} value={value as string[]} onChange={onChange} />}
        {shape === "phases" && <Phases value={value as Phase[]} onChange={onChange} />}
      </span>
      {wrong && <span class="field-error" role="alert">{wrong}</span>}
    </div>
  );
}

/** What is typed stays as it is typed; the number follows when it is one. */
function NumberField({ name, label, value, onChange }: { name: string; label: string; value: number; onChange: (v: unknown) => void }) {
  const [text, setText] = useState(String(value));
  const shown = Number(text) === value ? text : String(value);
  return <Input name={name} aria-label={label} inputMode="decimal" maxLength={8} value={shown} onText={(x) => { setText(x); if (x.trim() && Number.isFinite(Number(x))) onChange(Number(x)); }} />;
}

function Choices({ member, value, onChange }: { member: string; value: string[]; onChange: (v: unknown) => void }) {
  const group = member === "classes" ? "class" : member === "modes" ? "mode" : "regime";
  const flip = (w: string) => onChange(value.includes(w) ? value.filter((x) => x !== w) : choicesOf(member).filter((x) => x === w || value.includes(x)));
  return (
    <span class="member-choices">
      {choicesOf(member).map((w) => <label key={w} class="check"><input type="checkbox" checked={value.includes(w)} onChange={() => flip(w)} /><span>{word(group, w)}</span></label>)}
      <span class="field-help">{t("policy.all.help")}</span>
    </span>
  );
}

function Codes({ name, label, value, onChange }: { name: string; label: string; value: string[]; onChange: (v: unknown) => void }) {
  const [text, setText] = useState(value.join(", "));
  const shown = JSON.stringify(parseCodes(text)) === JSON.stringify(value) ? text : value.join(", ");
  return <span class="member-codes"><textarea name={name} aria-label={label} rows={2} value={shown} onInput={(e) => { setText(e.currentTarget.value); onChange(parseCodes(e.currentTarget.value)); }} /><span class="field-help">{t("policy.codes.help")}</span></span>;
}

function Phases({ value, onChange }: { value: Phase[]; onChange: (v: unknown) => void }) {
  const put = (i: number, p: Partial<Phase>) => onChange(value.map((x, k) => (k === i ? { ...x, ...p } : x)));
  return (
    <span class="member-phases">
      {value.map((p, i) => (
        <span key={i} class="phase">
          <label><span class="field-label">{t("policy.phase.from")}</span><input type="datetime-local" value={toInput(p.from)} onChange={(e) => { const at = fromInput(e.currentTarget.value); if (at) put(i, { from: at }); }} /></label>
          <label><span class="field-label">{t("policy.phase.mode")}</span><Select value={p.mode ?? "any"} onPick={(mode) => put(i, { mode })} options={MODES.map((m) => [m, m === "any" ? t("policy.any") : word("mode", m)] as const)} /></label>
          <label class="wide"><span class="field-label">{t("policy.phase.hs")}</span><Input value={(p.hs ?? []).join(", ")} placeholder={t("policy.phase.all")} onText={(x) => put(i, { hs: parseCodes(x) })} /></label>
          <label><span class="field-label">{t("policy.phase.class")}</span><Select value={p.class ?? "any"} onPick={(c) => put(i, { class: c })} options={SEAL_CLASSES.map((c) => [c, t(`policy.seal.${c}` as Key)] as const)} /></label>
          <Button small kind="quiet" icon="trash" label={t("remove")} onClick={() => onChange(value.filter((_, k) => k !== i))} />
        </span>
      ))}
      <Button small icon="plus" onClick={() => onChange([...value, { from: new Date().toISOString().replace(/\.\d+Z/, "Z"), mode: "any", hs: [] }])}>{t("policy.addPhase")}</Button>
    </span>
  );
}
