// SPDX-License-Identifier: Apache-2.0
// Somebody is sent: a task with who goes, what to do and by when. What the policy plans for this kind of alarm is chosen already.
import { useState } from "preact/hooks";
import { get, newKey, post, seg } from "@/api/client";
import type { Alarm, AlarmDetail, Page, Person, Task, TaskInput } from "@/api/model";
import { useGet } from "@/api/use";
import { t, word, type Key } from "@/i18n";
import { span } from "@/lib/time";
import { put } from "@/state/alarms";
import { serverNow } from "@/state/clock";
import { minutes, planOf } from "@/state/policies";
import { draft } from "@/state/prefs";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { Button, Field, Input, Problem, Select } from "@/ui/parts";
import { words } from "@/ui/time";
import { say } from "@/ui/toast";
import { Why } from "@/ui/why";
import { whoOf } from "../tasks/life";
import { dueChoices, isOpenTask, kindOfPlan } from "../tasks/model";

const KINDS = ["patrol", "deployment"] as const;
const FEW = 8;
interface Draft { kind: string; assignee: string; patrol: string; note: string; due: string }

export function DispatchDialog({ alarm, tasks, onClose }: { alarm: Alarm; tasks: Task[]; onClose: (sent: boolean) => void }) {
  const name = `dispatch.${alarm.id}`;
  const plan = planOf(alarm.kind);
  const given = minutes("arrive_minutes");
  const form = useForm<Draft>(draft.read<Draft>(name) ?? { kind: kindOfPlan(plan), assignee: "", patrol: "", note: "", due: String(given ?? 60) }, (v) => draft.write(name, v));
  const v = form.value;
  const going = tasks.filter(isOpenTask);
  const send = (e: Event) => {
    e.preventDefault();
    void form.run(async () => {
      const body: TaskInput = {
        kind: v.kind as TaskInput["kind"], alarm: alarm.id, ...(v.assignee ? { assignee: v.assignee } : {}), ...(v.patrol.trim() ? { patrol: v.patrol.trim() } : {}),
        ...(v.note.trim() ? { note: v.note.trim() } : {}), ...(v.due ? { due: new Date(serverNow() + Number(v.due) * 60_000).toISOString() } : {}),
      };
      const made = await post<Task>("/tasks", body, { key: newKey() });
      draft.write(name, null);
      say(t("toast.dispatched"), whoOf(made));
      onClose(true);
      put(await get<AlarmDetail>(`/alarms/${seg(alarm.id)}`));
    });
  };
  return (
    <Dialog title={t("dispatch.title")} onClose={() => onClose(false)} wide>
      <form onSubmit={send}>
        <p class="dialog-sub">{word("kind", alarm.kind)}{alarm.why && <> · <Why text={alarm.why} /></>}</p>
        {going.length > 0 && <p class="task-line"><Icon name="info" size={15} />{t("dispatch.already", { who: going.map(whoOf).join(", ") })}</p>}
        <fieldset class="choices two">
          <legend>{t("dispatch.kind")}</legend>
          {KINDS.map((k) => (
            <label key={k} class={v.kind === k ? "choice on" : "choice"}>
              <input type="radio" name="kind" value={k} autofocus={v.kind === k} checked={v.kind === k} onChange={() => form.set("kind", k)} />
              <strong>{word("taskKind", k)}{plan && plan !== "inform" && kindOfPlan(plan) === k && <em class="planned">{t("alarm.plan")}</em>}</strong>
              <span>{t(`plan.${k === "patrol" ? "field-check" : k}.about` as Key)}</span>
            </label>
          ))}
        </fieldset>
        <Patrols value={v.assignee} onPick={(id) => form.set("assignee", id)} />
        <div class="grid2">
          <Field label={`${t("dispatch.unit")} (${t("optional")})`} error={form.wrong("patrol")}><Input value={v.patrol} onText={(x) => form.set("patrol", x)} maxLength={79} name="patrol" /></Field>
          <Field label={t("dispatch.due")} error={form.wrong("due")}><Select value={v.due} onPick={(x) => form.set("due", x)} options={[...dueChoices(given).map((m) => [String(m), t("dispatch.inTime", { span: span(m * 60_000, words()) })] as const), ["", t("dispatch.noTime")]]} /></Field>
        </div>
        <Field label={`${t("dispatch.note")} (${t("optional")})`} error={form.wrong("note")}><textarea rows={3} maxLength={999} name="note" value={v.note} onInput={(e) => form.set("note", e.currentTarget.value)} /></Field>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={() => onClose(false)}>{t("cancel")}</Button><Button kind="main" type="submit" icon="send" busy={form.busy}>{t("dispatch.do")}</Button></footer>
      </form>
    </Dialog>
  );
}

/** Who can go, with how much each has to do already. */
function Patrols({ value, onPick }: { value: string; onPick: (id: string) => void }) {
  const people = useGet<Page<Person>>("/people?role=patrol-officer&limit=500");
  const open = useGet<Page<Task>>("/tasks?state=open&limit=500");
  const [find, setFind] = useState("");
  const all = people.value?.items ?? [];
  const load = (id: string) => (open.value?.items ?? []).filter((x) => x.assignee === id && x.state !== "reported").length;
  const shown = all.filter((p) => p.id === value || `${p.full_name ?? ""} ${p.name}`.toLowerCase().includes(find.trim().toLowerCase())).sort((a, b) => load(a.id) - load(b.id));
  const row = (id: string, title: string, side: string) => (
    <label key={id} class={value === id ? "pick on" : "pick"}><input type="radio" name="assignee" value={id} checked={value === id} onChange={() => onPick(id)} /><span>{title}</span><em>{side}</em></label>
  );
  return (
    <fieldset class="picks">
      <legend class="field-label">{t("dispatch.who")}</legend>
      {all.length > FEW && <Input value={find} onText={setFind} placeholder={t("dispatch.find")} aria-label={t("dispatch.find")} />}
      <div class="pick-list">
        {row("", t("dispatch.anybody"), "")}
        {shown.map((p) => row(p.id, p.full_name || p.name, load(p.id) ? t("dispatch.busy", { n: load(p.id) }) : t("dispatch.free")))}
      </div>
      {people.value && all.length === 0 && <span class="field-help">{t("dispatch.nobody")}</span>}
    </fieldset>
  );
}
