// SPDX-License-Identifier: Apache-2.0
// Who has the watch, what the one before said, and how it goes to the next.
import { useEffect, useState } from "preact/hooks";
import { newKey, post } from "@/api/client";
import type { Page, Person, Shift } from "@/api/model";
import { useGet } from "@/api/use";
import { t, word } from "@/i18n";
import { order } from "@/lib/queue";
import { open } from "@/state/alarms";
import { on } from "@/state/live";
import { draft } from "@/state/prefs";
import { may, session } from "@/state/session";
import { GradeMark } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { Button, Field, Problem, Select } from "@/ui/parts";
import { Time } from "@/ui/time";
import { say } from "@/ui/toast";

export function ShiftLine() {
  const loaded = useGet<Shift>(may("handle") ? "/shift" : null, true);
  const [handing, setHanding] = useState(false);
  useEffect(() => on("notice", (n) => n.about === "shift" && loaded.reload()), [loaded.reload]);
  const s = loaded.value;
  if (!s) return null;
  const mine = s.user === session.value?.user.id;
  return (
    <div class="shift">
      <p><Icon name="user" size={14} /><span>{!s.user ? t("shift.nobody") : mine ? t("shift.mine") : t("shift.whose", { name: s.user_name ?? s.user })}{s.since && <span class="dim"> · {t("shift.since")} <Time at={s.since} exact /></span>}</span>
        <Button small kind="quiet" onClick={() => setHanding(true)}>{t(mine ? "shift.handOver" : "shift.take")}</Button></p>
      {s.note && s.note !== t("shift.begin") && <details><summary>{t("shift.said")}</summary><blockquote>{s.note}</blockquote></details>}
      {handing && <HandOver shift={s} mine={mine} onClose={() => setHanding(false)} onDone={() => { setHanding(false); loaded.reload(); }} />}
    </div>
  );
}

const SHOWN = 5;

function HandOver({ shift: s, mine, onClose, onDone }: { shift: Shift; mine: boolean; onClose: () => void; onDone: () => void }) {
  const me = session.value!.user;
  const people = useGet<Page<Person>>("/people?limit=500");
  const form = useForm(draft.read<{ to: string; note: string }>("shift") ?? { to: "", note: "" }, (v) => draft.write("shift", v));
  const others = (people.value?.items ?? []).filter((p) => (p.role === "watch-officer" || p.role === "administrator") && p.id !== me.id);
  const to = mine ? form.value.to || (others[0]?.id ?? "") : me.id;
  const grave = open.value.map((a) => ({ ...a, onset: a.onset ?? "", raised: a.raised ?? "" })).sort(order).slice(0, SHOWN);
  const save = (e: Event) => {
    e.preventDefault();
    void form.run(async () => {
      const next = await post<Shift>("/shift/hand-over", { to, note: form.value.note.trim() || t("shift.begin") }, { key: newKey() });
      draft.write("shift", null);
      say(t("shift.done", { name: next.user_name ?? "" }));
      onDone();
    });
  };
  return (
    <Dialog title={t(mine ? "shift.handOver" : "shift.take")} onClose={onClose}>
      <form onSubmit={save}>
        {mine && <Field label={t("shift.to")} error={form.wrong("to")}><Select value={to} onPick={(v) => form.set("to", v)} options={others.length ? others.map((p) => [p.id, p.full_name || p.name] as const) : [["", t("shift.noColleague")]]} /></Field>}
        <div class="shift-open">
          <span class="field-label">{t("shift.open")}</span>
          <p>{[t("shift.alarms", { n: s.open_alarms }), t("shift.tasks", { n: s.open_tasks })].join(" · ")}</p>
          <ul>{grave.map((a) => <li key={a.id}><GradeMark grade={a.grade} size={13} solid={a.state === "raised"} /><span>{word("kind", a.kind)}</span><Time at={a.onset} /></li>)}</ul>
        </div>
        <Field label={mine ? t("shift.note") : `${t("shift.note")} (${t("optional")})`} help={t("shift.note.help")} error={form.wrong("note")}><textarea name="note" rows={4} maxLength={900} value={form.value.note} onInput={(e) => form.set("note", e.currentTarget.value)} /></Field>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={form.busy} disabled={!to || (mine && !form.value.note.trim())}>{t(mine ? "shift.handOver" : "shift.take")}</Button></footer>
      </form>
    </Dialog>
  );
}
