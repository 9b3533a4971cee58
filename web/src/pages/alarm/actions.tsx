// SPDX-License-Identifier: Apache-2.0
// What an officer does with an alarm. Acknowledging is shown at once and taken back if refused; the rest waits for the answer.
import { useState } from "preact/hooks";
import { ApiError, get, post, seg } from "@/api/client";
import type { Alarm, AlarmDetail, Task } from "@/api/model";
import { t, word, type Key } from "@/i18n";
import { alarms, put } from "@/state/alarms";
import { draft } from "@/state/prefs";
import { session } from "@/state/session";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { Button, Field, Problem } from "@/ui/parts";
import { say, sayError, tell, type Told } from "@/ui/toast";
import { Why } from "@/ui/why";
import { findingsOf, reportOf } from "../tasks/model";
import { whoOf } from "../tasks/life";
import { stepTask } from "../tasks/use";
import { addFiles, Files, type Picked } from "./files";

const etag = (a: Alarm) => (a.version === undefined ? null : `"${a.version}"`);

async function act(a: Alarm, verb: "acknowledge" | "resolve", body: object): Promise<void> {
  try {
    put(await post<Alarm>(`/alarms/${seg(a.id)}/${verb}`, body, { etag: etag(alarms.value.get(a.id) ?? a) }));
  } catch (e) {
    if (e instanceof ApiError && (e.status === 412 || e.status === 409)) put(await get<AlarmDetail>(`/alarms/${seg(a.id)}`));
    throw e;
  }
}

export async function acknowledge(a: Alarm): Promise<void> {
  if (a.state !== "raised") return;
  const before = alarms.value.get(a.id) ?? a;
  const me = session.value?.user;
  put({ ...before, state: "acknowledged", handler_name: me?.full_name ?? me?.name ?? null });
  try {
    await act(before, "acknowledge", {});
    say(t("toast.acknowledged"));
  } catch (e) {
    if (alarms.value.get(a.id)?.version === before.version) put(before);
    sayError(e);
  }
}

export const canDispatch = (a: Alarm) => a.state === "raised" || a.state === "acknowledged" || a.state === "dispatched";

const findings = ["true", "false", "explained"] as const;

/** Closes the alarm; with a task that has reported, what the patrol found is filled in and the task is closed too. */
export function ResolveDialog({ alarm, task, onClose }: { alarm: Alarm; task: Task | null; onClose: () => void }) {
  const name = `resolve.${alarm.id}`;
  const kept = draft.read<{ finding: string; note: string }>(name);
  const report = task ? reportOf(task) : null;
  const [finding, setFinding] = useState(kept?.finding ?? findingsOf(report).finding ?? "");
  const [note, setNote] = useState(kept?.note ?? report?.note ?? "");
  const [files, setFiles] = useState<Picked[]>([]);
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const [error, setError] = useState<Told | null>(null);
  const keep = (f: string, n: string) => { setFinding(f); setNote(n); draft.write(name, { finding: f, note: n }); };
  const send = async (e: Event) => {
    e.preventDefault();
    setTried(true);
    if (!finding || !note.trim()) return;
    setBusy(true);
    setError(null);
    try {
      const left = await addFiles(alarm.id, files);
      setFiles(left);
      if (left.length > 0) throw new Error(t("file.failed", { name: left[0]!.file.name }));
      await act(alarm, "resolve", { finding, note: note.trim() });
      draft.write(name, null);
      if (task) await stepTask(task, "closed", { note: note.trim() });
      say(t("toast.resolved"), word("finding", finding));
      onClose();
    } catch (e) {
      setError(e instanceof ApiError ? tell(e) : { message: (e as Error).message });
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("resolve.title")} onClose={onClose} wide>
      <form onSubmit={send} noValidate>
        <p class="dialog-sub">{word("kind", alarm.kind)}{alarm.why && <> · <Why text={alarm.why} /></>}</p>
        <fieldset class={tried && !finding ? "choices wrong" : "choices"}>
          <legend>{t("resolve.finding")}</legend>
          {findings.map((f) => (
            <label key={f} class={finding === f ? "choice on" : "choice"}>
              <input type="radio" name="finding" value={f} autofocus={f === findings[0]} checked={finding === f} onChange={() => keep(f, note)} />
              <strong>{word("finding", f)}</strong><span>{t(`finding.${f}.about` as Key)}</span>
            </label>
          ))}
          {tried && !finding && <span class="field-error" role="alert">{t("resolve.needFinding")}</span>}
        </fieldset>
        <Field label={t("resolve.note")} help={t("resolve.note.help")} error={tried && !note.trim() ? t("resolve.needNote") : undefined}>
          <textarea rows={4} maxLength={999} name="note" value={note} onInput={(e) => keep(finding, e.currentTarget.value)} />
        </Field>
        <Files picked={files} onPick={setFiles} />
        {alarm.grade === 3 && !report && <p class="task-line"><Icon name="info" size={15} />{t("resolve.evidence")}</p>}
        {task && <p class="task-line"><Icon name="check" size={15} />{t("resolve.task")}: {word("taskKind", task.kind)}, {whoOf(task)}</p>}
        {error && <Problem error={error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" icon="check" busy={busy}>{t("resolve.do")}</Button></footer>
      </form>
    </Dialog>
  );
}
