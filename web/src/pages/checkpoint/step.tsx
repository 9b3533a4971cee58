// SPDX-License-Identifier: Apache-2.0
// The next step: what it needs, what is typed in, one large button; skipping only with a reason, and seen.
import { useEffect, useState } from "preact/hooks";
import { ApiError, callWhole, newKey, seg } from "@/api/client";
import type { Dossier, DossierStep, Journey, StepField, Visit } from "@/api/model";
import { t, word } from "@/i18n";
import { useKeys } from "@/state/keyboard";
import { draft } from "@/state/prefs";
import { may, role } from "@/state/session";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { Button, Field, Input, Problem } from "@/ui/parts";
import { say } from "@/ui/toast";
import { isJudgement, missing } from "./model";

interface Props { journey: Journey; dossier: Dossier; visit: Visit; step: DossierStep; onChanged: (d: Dossier | null) => void }

/** What the journey itself already says, so that nobody types it again. */
function known(j: Journey, f: StepField): string {
  if (f.value) return f.value;
  const from: Record<string, string | null | undefined> = {
    plate: j.vehicle, driver: j.driver, goods: j.cargo, container: j.containers?.[0], transit_document: j.reference, declaration_number: j.reference, seal_number: j.seals[0]?.replace(/^[^:]*:/, ""),
  };
  return from[f.name] ?? "";
}

export function NextStep({ journey: j, dossier: d, visit, step, onChanged }: Props) {
  const name = `step.${j.id}.${visit.number}.${step.id}`;
  const form = useForm<Record<string, string>>(draft.read<Record<string, string>>(name) ?? Object.fromEntries(step.fields.map((f) => [f.name, known(j, f)])), (v) => draft.write(name, v));
  const [reason, setReason] = useState("");
  const [skipping, setSkipping] = useState(false);
  const judged = isJudgement(step, visit);
  const unmet = step.needs.filter((n) => !n.holds);
  const act = async (outcome: string) => {
    const lacks = missing(step, form.value);
    if (lacks.length > 0) return lacks.forEach((f) => form.fail(f, t("checkpoint.needed")));
    if (outcome === "suspect" && !reason.trim()) return form.fail("reason", t("checkpoint.reason.needed"));
    await form.run(async () => {
      const values = Object.fromEntries(Object.entries(form.value).filter(([, v]) => v.trim()));
      const { value } = await callWhole<Dossier>("POST", `/journeys/${seg(j.id)}/steps`, {
        body: { visit: visit.number, step: step.id, outcome, values, source: "officer", reason: reason.trim() }, etag: `"${d.version}"`, key: newKey(),
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
          {step.fields.map((f) => (
            <Field key={f.name} label={`${word("field", f.name)}${f.unit ? `, ${f.unit}` : ""}`} error={form.wrong(f.name) ?? form.wrong(`values.${f.name}`)}>
              <Input name={f.name} value={form.value[f.name] ?? ""} onText={(v) => form.set(f.name, v)} maxLength={119} {...(f.kind === "number" ? { inputMode: "decimal" as const } : {})} />
            </Field>
          ))}
        </div>
      )}
      {judged && <Field label={t("checkpoint.reason")} error={form.wrong("reason")}><Input name="reason" value={reason} onText={setReason} maxLength={199} /></Field>}
      {form.error && <Problem error={form.error} />}
      <footer>
        {judged ? (
          <>
            <Button kind="main" class="huge" busy={form.busy} disabled={unmet.length > 0} onClick={() => void act("clean")}>{t("checkpoint.clean")}</Button>
            <Button class="huge" icon="warning" busy={form.busy} disabled={unmet.length > 0} onClick={() => void act("suspect")}>{t("checkpoint.suspect")}</Button>
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
