// SPDX-License-Identifier: Apache-2.0
// What a carrier or trader has to do in a journey: the one step that is theirs, in plain words, with its form. Nothing of what customs thinks.
import { useEffect } from "preact/hooks";
import { ApiError, callWhole, newKey, post, seg } from "@/api/client";
import type { Dossier, DossierStep, Journey, Page, Procedure, Visit } from "@/api/model";
import { useGet } from "@/api/use";
import { t, type Key } from "@/i18n";
import { announceable, ownDone, ownStep } from "@/lib/own";
import { on } from "@/state/live";
import { draft } from "@/state/prefs";
import { useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { Button, Problem } from "@/ui/parts";
import { say } from "@/ui/toast";
import { tell } from "@/ui/toast";
import { Time } from "@/ui/time";
import { known, missing } from "../checkpoint/model";
import { FieldOf } from "../checkpoint/step";

/** The platform's title is for officers; where there are plain words for a step, they stand in its place. */
function plain(step: Pick<DossierStep, "id" | "title">, part: "" | ".about" | ".then"): string {
  const key = `own.${step.id}${part}`;
  const text = t(key as Key) as string | undefined;
  return text ?? (part ? "" : step.title);
}

export function OwnStep({ journey: j, onChanged }: { journey: Journey; onChanged: () => void }) {
  const dossier = useGet<Dossier>(j.dossier ? `/journeys/${seg(j.id)}/dossier` : null, true);
  const procedures = useGet<Page<Procedure>>(j.dossier ? "/procedures" : null, true);
  useEffect(() => on("journey", (e) => e.id === j.id && dossier.reload()), [j.id, dossier.reload]);
  const d = dossier.value;
  if (!j.dossier) return null;
  if (!d) return dossier.error ? <Problem error={tell(dossier.error)} retry={dossier.reload} /> : null;
  const changed = (next: Dossier | null) => {
    if (next) dossier.set(next);
    dossier.reload();
    onChanged();
  };
  const mine = ownStep(d);
  const stages = mine ? [] : announceable(d, procedures.value?.items ?? []);
  const done = ownDone(d);
  return (
    <section class="own" aria-label={t("own.title")}>
      {mine ? <StepForm key={`${mine.visit.number}.${mine.step.id}`} journey={j} dossier={d} visit={mine.visit} step={mine.step} onChanged={changed} />
        : stages.length > 0 ? <Begin journey={j} stages={stages} onChanged={changed} />
        : <p class="own-none"><Icon name="check" size={18} /><strong>{t("own.none")}</strong><span class="dim">{t("own.none.about")}</span></p>}
      {done.length > 0 && <ul class="own-done" aria-label={t("own.done")}>{done.map(({ visit, step }) => <li key={`${visit.number}.${step.id}`}><Icon name="check" size={15} /><span>{plain(step, "")}</span><Time at={step.time} exact class="dim" /></li>)}</ul>}
    </section>
  );
}

interface FormProps { journey: Journey; dossier: Dossier; visit: Visit; step: DossierStep; onChanged: (d: Dossier | null) => void }

function StepForm({ journey: j, dossier: d, visit, step, onChanged }: FormProps) {
  const name = `own.${j.id}.${visit.number}.${step.id}`;
  const form = useForm<Record<string, string>>(draft.read<Record<string, string>>(name) ?? known(step, [], j), (v) => draft.write(name, v));
  const then = plain(step, ".then");
  const send = (e: Event) => {
    e.preventDefault();
    const lacks = missing(step, form.value);
    if (lacks.length > 0) return lacks.forEach((f) => form.fail(f, t("checkpoint.needed")));
    void form.run(async () => {
      const values = Object.fromEntries(Object.entries(form.value).filter(([, v]) => v.trim()));
      try {
        const { value } = await callWhole<Dossier>("POST", `/journeys/${seg(j.id)}/steps`, { body: { visit: visit.number, step: step.id, outcome: "done", values, source: "declaration", reason: "" }, etag: `"${d.version}"`, key: newKey() });
        draft.write(name, null);
        say(t("own.sent"));
        onChanged(value);
      } catch (x) {
        if (x instanceof ApiError && (x.status === 409 || x.status === 412)) onChanged(null); // customs went on meanwhile: the newest is shown, what was typed stays
        throw x;
      }
    });
  };
  return (
    <form class="step-card own-card" onSubmit={send} noValidate>
      <header><span class="dim">{t("own.title")}</span><h2>{plain(step, "")}</h2><p>{plain(step, ".about")}</p></header>
      <div class="step-fields">{step.fields.map((f) => <FieldOf key={f.name} field={f} value={form.value[f.name] ?? ""} wrong={form.wrong(f.name) ?? form.wrong(`values.${f.name}`)} onText={(v) => form.set(f.name, v)} />)}</div>
      {form.error && <Problem error={form.error} />}
      <footer><Button kind="main" class="huge" type="submit" icon="send" busy={form.busy}>{t("own.send")}</Button></footer>
      {then && <p class="dim"><strong>{t("own.next")}</strong> {then}</p>}
    </form>
  );
}

/** Where the office ahead clears before the arrival, the declaration opens the stay there. */
function Begin({ journey: j, stages, onChanged }: { journey: Journey; stages: ("en-route" | "destination")[]; onChanged: (d: Dossier | null) => void }) {
  const form = useForm({});
  const begin = (stage: string) => void form.run(async () => onChanged(await post<Dossier>(`/journeys/${seg(j.id)}/visits`, { stage, ...(stage === "destination" && j.destination?.station ? { station: j.destination.station } : {}) }, { key: newKey() })));
  return (
    <div class="step-card own-card">
      <header><span class="dim">{t("own.title")}</span><h2>{t("own.begin")}</h2><p>{t("own.begin.about")}</p></header>
      {form.error && <Problem error={form.error} />}
      <footer>{stages.map((stage, i) => <Button key={stage} kind={i === 0 ? "main" : "plain"} class="huge" busy={form.busy} onClick={() => begin(stage)}>{t(`own.begin.${stage}`)}</Button>)}</footer>
    </div>
  );
}
