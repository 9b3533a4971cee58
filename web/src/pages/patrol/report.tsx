// SPDX-License-Identifier: Apache-2.0
// What was found: the seal, whether the alarm was true, a note, photographs. Kept on the phone before it is sent.
import { useEffect, useState } from "preact/hooks";
import { newKey, seg } from "@/api/client";
import type { Task } from "@/api/model";
import { t, word, type Key } from "@/i18n";
import { serverNow } from "@/state/clock";
import { draft } from "@/state/prefs";
import { put } from "@/state/outbox";
import { Icon } from "@/ui/icon";
import { Button, Field } from "@/ui/parts";
import { Files, type Picked } from "../alarm/files";
import { whereAmI } from "./where";

const SEALS = ["sealed", "open", "cut", "missing", "damaged", "unknown"] as const;
const FINDINGS = ["true", "false", "explained"] as const;
interface Draft { seal: string; finding: string; note: string }

function Choice({ name, legend, options, value, onPick, wrong }: { name: string; legend: string; options: readonly (readonly [string, string])[]; value: string; onPick: (v: string) => void; wrong: boolean }) {
  return (
    <fieldset class={`choices ${name}${wrong ? " wrong" : ""}`}>
      <legend>{legend}</legend>
      {options.map(([v, text]) => (
        <label key={v} class={`choice${value === v ? " on" : ""}`}><input type="radio" name={name} value={v} checked={value === v} onChange={() => onPick(v)} /><strong>{text}</strong></label>
      ))}
      {wrong && <span class="field-error" role="alert">{t("patrol.choose")}</span>}
    </fieldset>
  );
}

export function Report({ task, onClose, onDone }: { task: Task; onClose: () => void; onDone: () => void }) {
  const name = `patrol.${task.id}`;
  const [d, setD] = useState<Draft>(() => draft.read<Draft>(name) ?? { seal: "", finding: "", note: "" });
  const [photos, setPhotos] = useState<Picked[]>([]);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  useEffect(() => draft.write(name, d), [d]);
  const complete = d.seal && (d.finding || !task.alarm) && d.note.trim();
  const send = async () => {
    setTried(true);
    if (!complete) return;
    setBusy(true);
    const here = await whereAmI();
    await put({
      id: newKey(), about: task.id, what: t("patrol.report"), at: serverNow(), path: `/tasks/${seg(task.id)}/state`, uploads: `/tasks/${seg(task.id)}/uploads`,
      photos: photos.map((p) => ({ name: p.file.name.slice(-119), type: p.file.type, bytes: p.file })),
      body: { state: "reported", note: d.note.trim(), findings: { seal_state: d.seal, ...(d.finding ? { finding: d.finding } : {}) }, ...(here ? { lat: here.lat, lon: here.lon } : {}) },
    });
    draft.write(name, null);
    onDone();
  };
  return (
    <form class="patrol-report" onSubmit={(e) => { e.preventDefault(); void send(); }}>
      <header class="patrol-head"><button type="button" class="btn quiet only-icon" aria-label={t("back")} onClick={onClose}><Icon name="left" /></button><h1>{t("patrol.report")}</h1></header>
      <Choice name="seal" legend={t("patrol.seal")} options={SEALS.map((s) => [s, word("found", s)] as const)} value={d.seal} onPick={(seal) => setD({ ...d, seal })} wrong={tried && !d.seal} />
      {task.alarm && <Choice name="finding" legend={t("patrol.finding")} options={FINDINGS.map((f) => [f, t(`patrol.finding.${f}` as Key)] as const)} value={d.finding} onPick={(finding) => setD({ ...d, finding })} wrong={tried && !d.finding} />}
      <Field label={t("patrol.note")} error={tried && !d.note.trim() ? t("patrol.note.needed") : undefined}><textarea name="note" rows={4} maxLength={999} value={d.note} onInput={(e) => setD({ ...d, note: e.currentTarget.value })} /></Field>
      <Files picked={photos} onPick={setPhotos} camera />
      <footer class="patrol-do"><Button kind="main" type="submit" busy={busy}>{t("patrol.send")}</Button></footer>
    </form>
  );
}
