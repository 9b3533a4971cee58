// SPDX-License-Identifier: Apache-2.0
// Alarms that officers define: what they say in a sentence, on or off, tried before they are switched on, with every version.
import { useState } from "preact/hooks";
import { callWhole, newKey, post, seg } from "@/api/client";
import type { Page, Rule, RuleInput, Station } from "@/api/model";
import { useGet } from "@/api/use";
import { t, word } from "@/i18n";
import { asGroup, isComplete, toSend, type Joined, type Node } from "@/lib/definition";
import { span } from "@/lib/time";
import { draft } from "@/state/prefs";
import { query } from "@/state/route";
import { may } from "@/state/session";
import { Grade } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Button, Empty, Field, Input, Problem, Select, Skeleton } from "@/ui/parts";
import { say, sayError, tell } from "@/ui/toast";
import { Time, words } from "@/ui/time";
import { BacktestDialog } from "./backtest";
import { Group, Sentence, type Places } from "./when";

export function Own({ making, onMade }: { making: boolean; onMade: () => void }) {
  const loaded = useGet<Page<Rule>>("/rules", true);
  const stations = useGet<Page<Station>>("/stations?limit=500", true);
  const [editing, setEditing] = useState<Rule | null>(null);
  const [trying, setTrying] = useState<Rule | null>(null);
  const places = (stations.value?.items ?? []).map((s) => [s.id, s.name] as const);
  const text = (query.value.get("q") ?? "").toLowerCase();
  const flip = (r: Rule) => post<Rule>(`/rules/${seg(r.id)}/state`, { state: r.state === "on" ? "off" : "on" }, { etag: `"${r.version}"`, key: newKey() })
    .then((x) => say(t(x.state === "on" ? "rule.isOn" : "rule.isOff", { name: x.name })), sayError).finally(loaded.reload);
  if (loaded.error) return <Problem error={tell(loaded.error)} retry={loaded.reload} />;
  if (!loaded.value) return <Skeleton rows={6} />;
  const list = loaded.value.items.filter((r) => !text || r.name.toLowerCase().includes(text));
  return (
    <>
      {list.length === 0 ? <Empty icon="rules" title={t("rule.empty")}>{t("rule.empty.about")}</Empty> : (
        <ul class="rule-list own">
          {list.map((r) => (
            <li key={r.id} class={r.state}>
              <Grade grade={r.grade} />
              <div><strong>{r.name}</strong><p class="dim"><Sentence when={r.when as Node} places={places} /><Lasting r={r} /></p><p class="rule-meta">{t("policy.version", { n: r.version })} · <Time at={r.changed} /></p></div>
              <label class="check switch"><input type="checkbox" checked={r.state === "on"} disabled={!may("places")} onChange={() => void flip(r)} /><span>{t(r.state === "on" ? "policy.on" : "policy.off")}</span></label>
              {may("places") ? <span class="row"><Button small icon="play" onClick={() => setTrying(r)}>{t("backtest.start")}</Button><Button small kind="quiet" icon="pencil" label={t("edit")} onClick={() => setEditing(r)} /></span> : <span />}
            </li>
          ))}
        </ul>
      )}
      {(making || editing) && <Editor rule={editing} places={places} onClose={() => { setEditing(null); onMade(); }} onSaved={(r, tries) => { setEditing(null); onMade(); loaded.reload(); if (tries) setTrying(r); }} />}
      {trying && <BacktestDialog title={t("rule.tried", { name: trying.name })} input={() => ({ rule: trying.id })} onClose={() => setTrying(null)}><p class="dialog-sub"><Sentence when={trying.when as Node} places={places} /><Lasting r={trying} /></p>{trying.state === "off" && <p class="task-line"><Button small onClick={() => { void flip(trying); setTrying(null); }}>{t("rule.switchOn")}</Button><span>{t("rule.switchOn.about")}</span></p>}</BacktestDialog>}
    </>
  );
}

function Lasting({ r }: { r: Pick<Rule, "for_minutes" | "cooldown_minutes"> }) {
  return <>{r.for_minutes > 0 && ` ${t("rule.lasting", { span: span(r.for_minutes * 60_000, words()) })}`}{r.cooldown_minutes > 0 && ` · ${t("rule.cooling", { span: span(r.cooldown_minutes * 60_000, words()) })}`}</>;
}

interface Draft { name: string; grade: string; when: Joined; minutes: string; cooldown: string }

function Editor({ rule, places, onClose, onSaved }: { rule: Rule | null; places: Places; onClose: () => void; onSaved: (r: Rule, tries: boolean) => void }) {
  const name = `rule.${rule?.id ?? "new"}.${rule?.version ?? 0}`;
  const start: Draft = rule ? { name: rule.name, grade: String(rule.grade), when: asGroup(rule.when as Node), minutes: String(rule.for_minutes), cooldown: String(rule.cooldown_minutes) }
    : { name: "", grade: "1", when: { all: [{ field: "speed", op: "<", value: "5" }] }, minutes: "10", cooldown: "60" };
  const form = useForm<Draft>(draft.read<Draft>(name) ?? start, (v) => draft.write(name, v));
  const v = form.value;
  const versions = useGet<Page<Rule>>(rule ? `/rules/${seg(rule.id)}/versions` : null, true);
  const ready = v.name.trim() !== "" && isComplete(v.when);
  const num = (s: string) => (Number.isFinite(Number(s)) && s.trim() ? Number(s) : 0);
  const save = (tries: boolean) => void form.run(async () => {
    const body: RuleInput = { name: v.name.trim(), grade: Number(v.grade), when: toSend(v.when) as RuleInput["when"], for_minutes: num(v.minutes), cooldown_minutes: num(v.cooldown) };
    const saved = rule ? (await callWhole<Rule>("PUT", `/rules/${seg(rule.id)}`, { body, etag: `"${rule.version}"` })).value : await post<Rule>("/rules", body, { key: newKey() });
    draft.write(name, null);
    onSaved(saved, tries);
  });
  return (
    <Dialog title={t(rule ? "rule.edit" : "rule.new")} onClose={onClose} wide class="rule-dialog">
      <form onSubmit={(e) => { e.preventDefault(); if (ready) save(true); }} noValidate>
        <div class="grid2">
          <Field label={t("col.name")} error={form.wrong("name")}><Input name="name" value={v.name} onText={(x) => form.set("name", x)} maxLength={63} autofocus /></Field>
          <Field label={t("rules.grade")} error={form.wrong("grade")}><Select value={v.grade} onPick={(g) => form.set("grade", g)} options={["1", "2", "3"].map((g) => [g, word("grade", g)] as const)} /></Field>
        </div>
        <div class="field"><span class="field-label">{t("rule.when")}</span><Group node={v.when} places={places} onChange={(w) => form.set("when", w)} />{form.wrong("when") && <span class="field-error" role="alert">{form.wrong("when")}</span>}</div>
        <div class="grid2">
          <Field label={t("rule.for")} help={t("rule.for.help")} error={form.wrong("for_minutes")}><Input name="for_minutes" value={v.minutes} onText={(x) => form.set("minutes", x)} inputMode="numeric" maxLength={5} /></Field>
          <Field label={t("rule.cooldown")} help={t("rule.cooldown.help")} error={form.wrong("cooldown_minutes")}><Input name="cooldown_minutes" value={v.cooldown} onText={(x) => form.set("cooldown", x)} inputMode="numeric" maxLength={5} /></Field>
        </div>
        {isComplete(v.when) && <p class="rule-sentence"><Sentence when={toSend(v.when)} places={places} /></p>}
        {(versions.value?.items.length ?? 0) > 1 && <details><summary>{t("policy.versions")}</summary><ol class="versions">{versions.value!.items.map((x) => <li key={x.version} class={x.version === rule?.version ? "holds" : ""}><strong>{t("policy.version", { n: x.version })}</strong><span class="dim"><Time at={x.changed} exact /></span><span><Sentence when={x.when as Node} places={places} /></span></li>)}</ol></details>}
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button busy={form.busy} disabled={!ready} onClick={() => save(false)}>{t("save")}</Button><Button kind="main" type="submit" icon="play" busy={form.busy} disabled={!ready}>{t("rule.saveTry")}</Button></footer>
      </form>
    </Dialog>
  );
}
