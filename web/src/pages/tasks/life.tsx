// SPDX-License-Identifier: Apache-2.0
// A task's life and its report: who goes, how far it is, what was found, with photographs; what the centre does next.
import { useState } from "preact/hooks";
import { seg } from "@/api/client";
import type { Alarm, Task } from "@/api/model";
import { metres, t, word } from "@/i18n";
import { distance } from "@/lib/geo";
import { now } from "@/state/clock";
import { may } from "@/state/session";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { Button, Facts, Field, Input, Problem } from "@/ui/parts";
import { Time } from "@/ui/time";
import { findingsOf, isLate, isOpenTask, LIFE, reached, reportOf, timeOf } from "./model";
import { isRace, stepTask } from "./use";

export const whoOf = (x: Task) => [x.assignee_name, x.patrol].filter(Boolean).join(" · ") || t("task.anybody");

export function TaskLife({ task: x, alarm, onChanged, onClose }: { task: Task; alarm?: Alarm | undefined; onChanged: () => void; onClose?: (() => void) | undefined }) {
  const [asking, setAsking] = useState<"open" | "withdrawn" | null>(null);
  const at = reached(x);
  const late = isLate(x, now.value);
  return (
    <div class={`task${isOpenTask(x) ? "" : " over"}`}>
      <header class="task-head"><Icon name={x.kind === "deployment" ? "station" : x.kind === "inspection" ? "eye" : "road"} size={16} /><strong>{word("taskKind", x.kind)}</strong><span class="dim">{whoOf(x)}</span></header>
      <ol class="task-life" aria-label={word("taskState", x.state)}>
        {LIFE.map((s, i) => (
          <li key={s} class={x.state === "withdrawn" && i > at ? "never" : i < at ? "past" : i === at ? "here" : "ahead"} aria-current={i === at ? "step" : undefined}>
            <i /><span>{word("taskState", s)}</span>{i <= at && timeOf(x, s) && <Time at={timeOf(x, s)} exact />}
          </li>
        ))}
      </ol>
      {x.state === "withdrawn" && <p class="task-line"><Icon name="close" size={14} />{word("taskState", "withdrawn")}{lastReason(x) && `: ${lastReason(x)}`}</p>}
      {x.escalated && <p class="task-line odd"><Icon name="warning" size={14} />{t("task.escalated", { when: "" }).replace(/\s*:/, ":")} <Time at={x.escalated} exact /></p>}
      <Facts rows={[
        !!x.note && [t("task.note"), x.note],
        !!x.due && [t("task.due"), <span class={late ? "late" : ""}><Time at={x.due} exact />{late && ` · ${t("task.late")}`}</span>],
        [t("task.given"), <><Time at={x.created} exact />{x.author_name && <span class="dim"> · {t("task.by", { name: x.author_name })}</span>}</>],
      ]} />
      <TaskReport task={x} alarm={alarm} />
      {may("handle") && isOpenTask(x) && (
        <div class="task-do">
          {x.state === "reported" && onClose && <Button kind="main" icon="check" onClick={onClose}>{t("task.close")}</Button>}
          {x.state === "reported" ? <Button small={!onClose} icon="undo" onClick={() => setAsking("open")}>{t("task.back")}</Button> : <Button small kind="quiet" icon="close" onClick={() => setAsking("withdrawn")}>{t("task.withdraw")}</Button>}
        </div>
      )}
      {asking && <Reason task={x} to={asking} onClose={() => setAsking(null)} onDone={() => { setAsking(null); onChanged(); }} />}
    </div>
  );
}

const lastReason = (x: Task) => [...(x.log ?? [])].reverse().find((e) => e.reason)?.reason ?? null;

function TaskReport({ task, alarm }: { task: Task; alarm?: Alarm | undefined }) {
  const report = reportOf(task);
  if (!report) return null;
  const f = findingsOf(report);
  const far = alarm?.position && report.lat !== undefined && report.lon !== undefined ? distance([report.lon, report.lat], [alarm.position.lon, alarm.position.lat]) : null;
  return (
    <section class="task-report">
      <h3>{t("task.report")}<span class="dim">{report.user_name} · <Time at={report.time} exact /></span></h3>
      <p class="found">
        {f.seal_state && <span><em>{t("task.seal")}</em><strong>{word("found", f.seal_state)}</strong></span>}
        {f.finding && <span><em>{t("task.finding")}</em><strong>{word("finding", f.finding)}</strong></span>}
        {f.container && <span><em>{t("task.container")}</em><strong>{f.container}</strong></span>}
        {f.plate && <span><em>{t("task.plate")}</em><strong>{f.plate}</strong></span>}
        {f.cargo && <span><em>{t("task.cargo")}</em><strong>{f.cargo}</strong></span>}
      </p>
      {report.note && <blockquote>{report.note}</blockquote>}
      {!!report.files?.length && (
        <ul class="thumbs">{report.files.map((id, i) => <li key={id}><a href={`/api/v1/files/${seg(id)}`} target="_blank" rel="noopener"><img src={`/api/v1/files/${seg(id)}`} alt={t("task.photo", { n: i + 1 })} loading="lazy" /></a></li>)}</ul>
      )}
      {far !== null && <p class="dim"><Icon name="pin" size={13} /> {t("task.away", { far: metres(far) })}</p>}
    </section>
  );
}

function Reason({ task, to, onClose, onDone }: { task: Task; to: "open" | "withdrawn"; onClose: () => void; onDone: () => void }) {
  const form = useForm({ reason: "" });
  const title = t(to === "open" ? "task.back" : "task.withdraw");
  const save = (e: Event) => {
    e.preventDefault();
    void form.run(async () => {
      try {
        await stepTask(task, to, { reason: form.value.reason.trim() });
      } catch (e) {
        if (isRace(e)) onDone();
        throw e;
      }
      onDone();
    });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={save}>
        <Field label={t("task.reason")} help={t(to === "open" ? "task.back.about" : "task.withdraw.about")} error={form.wrong("reason")}><Input name="reason" value={form.value.reason} onText={(v) => form.set("reason", v)} maxLength={199} required autofocus /></Field>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={form.busy} disabled={!form.value.reason.trim()}>{title}</Button></footer>
      </form>
    </Dialog>
  );
}
