// SPDX-License-Identifier: Apache-2.0
// The next step: what it needs, what is typed in, one large button; skipping only with a reason, and seen.
import { useEffect, useState } from "preact/hooks";
import { ApiError, callWhole, newKey, post, seg } from "@/api/client";
import type { Dossier, DossierStep, Journey, Source, StepField, Visit } from "@/api/model";
import { t, word } from "@/i18n";
import { useKeys } from "@/state/keyboard";
import { draft } from "@/state/prefs";
import { may, role } from "@/state/session";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { Button, Field, Input, Problem } from "@/ui/parts";
import { say } from "@/ui/toast";
import { known, looks, missing } from "./model";

interface Props { journey: Journey; dossier: Dossier; visit: Visit; step: DossierStep; onChanged: (d: Dossier | null) => void }

const FEW = 2; // optional fields that are shown at once
const READ_BY: Source[] = ["officer", "reader", "seal"];

/** One field by its kind: a word is chosen, a note has room, a number its unit. */
export function FieldOf({ field: f, value, wrong, onText }: { field: StepField; value: string; wrong: string | undefined; onText: (v: string) => void }) {
  const label = `${word("field", f.name)}${f.unit ? `, ${f.unit}` : ""}${f.required ? "" : ` (${t("optional")})`}`;
  if (f.kind === "word") {
    const options = (f.words ?? "").split("|").filter(Boolean);
    return (
      <fieldset class={`choices words${wrong ? " wrong" : ""}`}>
        <legend>{label}</legend>
        {options.map((w) => <label key={w} class={value === w ? "choice on" : "choice"}><input type="radio" name={f.name} value={w} checked={value === w} onChange={() => onText(w)} /><strong>{word(f.name === "fate" ? "fate" : f.name, w)}</strong></label>)}
        {wrong && <span class="field-error" role="alert">{wrong}</span>}
      </fieldset>
    );
  }
  return (
    <Field label={label} error={wrong} class={f.kind === "note" ? "note-field" : ""}>
      {f.kind === "note" ? <textarea name={f.name} rows={2} maxLength={119} value={value} onInput={(e) => onText(e.currentTarget.value)} />
        : <Input name={f.name} value={value} onText={onText} maxLength={119} {...(f.kind === "number" ? { inputMode: "decimal" as const } : {})} />}
    </Field>
  );
}

export function NextStep({ journey: j, dossier: d, visit, step, onChanged }: Props) {
  const name = `step.${j.id}.${visit.number}.${step.id}`;
  const form = useForm<Record<string, string>>(draft.read<Record<string, string>>(name) ?? known(step, d.comparison, j), (v) => draft.write(name, v));
  const [reason, setReason] = useState("");
  const [skipping, setSkipping] = useState(false);
  const judged = step.judges === true;
  const [source, setSource] = useState<Source>("officer");
  const needed = step.fields.filter((f) => f.required || form.value[f.name]);
  const [more, setMore] = useState(step.fields.length - needed.length <= FEW);
  const shown = more ? step.fields : needed;
  const unmet = step.needs.filter((n) => !n.holds);
  const decides = step.id === "decide";
  const proposal = decides ? d.proposal?.decision : undefined;
  const suspects = decides ? proposal === "inspect" : /^compare/.test(step.id) && d.comparison.some((c) => c.equal === false);
  const act = async (outcome: string) => {
    const lacks = missing(step, form.value);
    if (lacks.length > 0) return lacks.forEach((f) => form.fail(f, t("checkpoint.needed")));
    const against = decides && proposal !== undefined && (outcome === "clean") !== (proposal === "release");
    if ((outcome === "suspect" && !decides) || against ? !reason.trim() : false) return form.fail("reason", t(against ? "decide.against" : "checkpoint.reason.needed"));
    await form.run(async () => {
      if (decides && !d.decision) await post(`/journeys/${seg(j.id)}/decision`, { decision: outcome === "clean" ? "release" : "inspect", reason: reason.trim() }, { key: newKey() });
      const values = Object.fromEntries(Object.entries(form.value).filter(([, v]) => v.trim()));
      const { value } = await callWhole<Dossier>("POST", `/journeys/${seg(j.id)}/steps`, {
        body: { visit: visit.number, step: step.id, outcome, values, source, reason: reason.trim() }, etag: `"${d.version}"`, key: newKey(),
      });
      draft.write(name, null);
      say(t("checkpoint.done", { what: step.title }));
      onChanged(value);
    });
  };
  useEffect(() => {
    if (form.error?.message && /conflict|first|changed/i.test(form.error.message)) onChanged(null);
  }, [form.error]);
  useKeys([{ stroke: "Enter", label: "key.step", act: () => (judged ? false : void act("done")) }], [form.value, judged, step.id]);
  return (
    <section class="step-card" aria-label={step.title}>
      <header><span class="dim">{t("journey.step")} · {word("role", step.by)}</span><h2>{step.title}</h2></header>
      {step.needs.length > 0 && (
        <ul class="needs">{step.needs.map((n) => <li key={n.fact} class={n.holds ? "holds" : "lacks"}><Icon name={n.holds ? "check" : "warning"} size={16} /><span>{word("fact", n.fact)}</span>{n.why && !n.holds && <em>{n.why}</em>}</li>)}</ul>
      )}
      {step.fields.length > 0 && (
        <div class="step-fields">
          {shown.map((f) => <FieldOf key={f.name} field={f} value={form.value[f.name] ?? ""} wrong={form.wrong(f.name) ?? form.wrong(`values.${f.name}`)} onText={(v) => form.set(f.name, v)} />)}
          {!more && <Button kind="quiet" icon="plus" class="more-fields" onClick={() => setMore(true)}>{t("checkpoint.more", { n: step.fields.length - needed.length })}</Button>}
          {looks(step) && <div class="field"><span class="field-label">{t("checkpoint.readBy")}</span><span class="segments" role="group" aria-label={t("checkpoint.readBy")}>{READ_BY.map((s) => <button key={s} type="button" aria-pressed={source === s} onClick={() => setSource(s)}>{word("source", s)}</button>)}</span></div>}
        </div>
      )}
      {judged && <Field label={t("checkpoint.reason")} error={form.wrong("reason")}><Input name="reason" value={reason} onText={setReason} maxLength={199} /></Field>}
      {form.error && <Problem error={form.error} />}
      <footer>
        {judged ? (
          <>
            <Button kind={suspects ? "plain" : "main"} class="huge" busy={form.busy} disabled={unmet.length > 0} onClick={() => void act("clean")}>{decides ? word("decide", "release") : t("checkpoint.clean")}</Button>
            <Button kind={suspects ? "main" : "plain"} class="huge" icon={decides ? "eye" : "warning"} busy={form.busy} disabled={unmet.length > 0} onClick={() => void act("suspect")}>{decides ? word("decide", "inspect") : t("checkpoint.suspect")}</Button>
          </>
        ) : <Button kind="main" class="huge" busy={form.busy} disabled={unmet.length > 0} onClick={() => void act("done")}>{step.title}</Button>}
        {may("handle") && <Button kind="quiet" onClick={() => setSkipping(true)}>{t("checkpoint.skip")}</Button>}
      </footer>
      {unmet.length > 0 && <p class="dim">{t("checkpoint.waits", { what: unmet.map((n) => word("fact", n.fact)).join(", ") })}</p>}
      {skipping && role.value && <Skip onClose={() => setSkipping(false)} onDo={async (why) => {
        try {
          const { value } = await callWhole<Dossier>("POST", `/journeys/${seg(j.id)}/steps/skip`, { body: { visit: visit.number, step: step.id, reason: why }, etag: `"${d.version}"`, key: newKey() });
          setSkipping(false);
          onChanged(value);
        } catch (e) {
          if (!(e instanceof ApiError)) throw e;
          form.fail("skip", e.message);
          say(e.problem?.title ?? e.message, e.problem?.detail, true);
        }
      }} />}
    </section>
  );
}

function Skip({ onClose, onDo }: { onClose: () => void; onDo: (why: string) => Promise<void> }) {
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  return (
    <Dialog title={t("checkpoint.skip")} onClose={onClose}>
      <form onSubmit={(e) => { e.preventDefault(); setBusy(true); void onDo(why.trim()).finally(() => setBusy(false)); }}>
        <Field label={t("checkpoint.reason")} help={t("checkpoint.skip.about")}><Input value={why} onText={setWhy} maxLength={199} required autofocus /></Field>
        <footer><Button kind="quiet" onClick={onClose}>{t("back")}</Button><Button kind="danger" type="submit" busy={busy} disabled={!why.trim()}>{t("checkpoint.skip")}</Button></footer>
      </form>
    </Dialog>
  );
}
