// SPDX-License-Identifier: Apache-2.0
// One step of a paper (a request, a return, a registration): its buttons, the words it needs, who was first.
import { useState } from "preact/hooks";
import { newKey, post, seg } from "@/api/client";
import type { Paper } from "@/api/model";
import { t } from "@/i18n";
import { useForm } from "@/ui/form";
import type { IconName } from "@/ui/icon";
import { Button, Field, Input, Problem, Select } from "@/ui/parts";
import { say } from "@/ui/toast";

export interface StepOf {
  to: string;
  label: string;
  icon?: IconName;
  main?: boolean;
  asks?: "reason" | "note" | "station"; // "note" may stay empty
  about?: string;
}
interface Props { path: string; paper: Paper; steps: StepOf[]; stations?: readonly (readonly [string, string])[]; station?: string; told: (state: string) => string; onDone: () => void; onRace: () => void }

export function Steps({ path, paper, steps, stations = [], station = "", told, onDone, onRace }: Props) {
  const [asked, setAsked] = useState<StepOf | null>(null);
  const form = useForm({ words: "", station });
  const take = (s: StepOf) => void form.run(async () => {
    const words = form.value.words.trim();
    const body = { state: s.to, ...(s.asks === "reason" ? { reason: words } : {}), ...(s.asks === "note" && words ? { note: words } : {}), ...(s.asks === "station" && form.value.station ? { station: form.value.station } : {}) };
    try {
      await post(`${path}/${seg(paper.id)}/state`, body, { etag: `"${paper.version}"`, key: newKey() });
    } catch (e) {
      onRace();
      throw e;
    }
    say(told(s.to));
    onDone();
  });
  if (steps.length === 0) return null;
  if (!asked) return (
    <>
      {form.error && <Problem error={form.error} />}
      <footer class="paper-steps">{steps.map((s) => <Button key={s.to} kind={s.main ? "main" : "plain"} {...(s.icon ? { icon: s.icon } : {})} busy={form.busy} onClick={() => (s.asks ? setAsked(s) : take(s))}>{s.label}</Button>)}</footer>
    </>
  );
  const ready = asked.asks !== "reason" || form.value.words.trim().length > 0;
  return (
    <form class="paper-ask" onSubmit={(e) => { e.preventDefault(); if (ready) take(asked); }}>
      {asked.asks === "station"
        ? <Field label={t("return.station")} error={form.wrong("station")}><Select value={form.value.station} onPick={(v) => form.set("station", v)} options={[["", "—"], ...stations]} /></Field>
        : <Field label={asked.asks === "reason" ? t("task.reason") : `${t("application.note")} (${t("optional")})`} {...(asked.about ? { help: asked.about } : {})} error={form.wrong("reason") ?? form.wrong("note")}><Input name="words" value={form.value.words} onText={(v) => form.set("words", v)} maxLength={199} autofocus /></Field>}
      {form.error && <Problem error={form.error} />}
      <footer><Button kind="quiet" onClick={() => setAsked(null)}>{t("back")}</Button><Button kind="main" type="submit" busy={form.busy} disabled={!ready}>{asked.label}</Button></footer>
    </form>
  );
}
