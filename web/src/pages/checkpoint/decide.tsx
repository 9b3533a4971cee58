// SPDX-License-Identifier: Apache-2.0
// Inspect or release: the proposal with its reasons and the five things that it rests on; a person decides, or the rules did.
import { useEffect, useState } from "preact/hooks";
import { newKey, post, seg } from "@/api/client";
import type { Decision, Dossier } from "@/api/model";
import { useGet } from "@/api/use";
import { number, t, word } from "@/i18n";
import { may } from "@/state/session";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { Button, Facts, Field, Input, Problem, Section } from "@/ui/parts";
import { Time } from "@/ui/time";

const inputs = ["risk", "lock", "supervision", "alarms", "integrity"] as const;

/** `asks`: whether it can be decided here; where the procedure has a step for it, that step asks. */
export function DecisionCard({ journey, dossier: d, asks, onChanged }: { journey: string; dossier: Dossier; asks: boolean; onChanged: () => void }) {
  const asked = useGet<Decision>(d.decision ? null : `/journeys/${seg(journey)}/decision`, true);
  useEffect(() => asked.reload(), [d.version]);
  const [against, setAgainst] = useState<Decision["decision"] | null>(null);
  const now = d.decision ?? asked.value;
  if (!now) return null;
  const say = (v: string | number | boolean | null | undefined) => (v === null || v === undefined ? <span class="none">{t("decide.missing")}</span> : typeof v === "number" ? number(v) : typeof v === "boolean" ? word("yes", String(v)) : word("input", v));
  return (
    <Section title={d.decision ? t("decide.title") : t("decide.proposal")} class={`decision ${now.decision}`} aside={d.risk && <span class={`risk ${d.risk.level}`} title={d.risk.parts.map((p) => `${p.points > 0 ? "+" : ""}${p.points} ${p.why}`).join("\n")}>{t("decide.risk", { n: d.risk.score })}</span>}>
      <p class="verdict"><Icon name={now.decision === "release" ? "check" : "eye"} size={22} /><strong>{word("decision", now.decision)}</strong>{d.decision && <span class="dim">{d.decision.automatic ? t("checkpoint.automatic") : d.decision.by} · <Time at={d.decision.time} exact /></span>}</p>
      <ul class="reasons">{now.reasons.map((r, i) => <li key={i}>{r}</li>)}</ul>
      <Facts rows={inputs.map((k) => [word("decisionInput", k), say(now.inputs[k])])} />
      {now.missing.length > 0 && <Problem error={{ message: t("decide.blocked"), detail: now.missing.map((m) => word("decisionInput", m)).join(", ") }} />}
      {!d.decision && asks && may("plan") && (
        <div class="decision-do">
          {(["release", "inspect"] as const).map((x) => <Button key={x} onClick={() => setAgainst(x)}>{word("decide", x)}</Button>)}
        </div>
      )}
      {against && <Decide journey={journey} decision={against} proposed={now.decision} onClose={() => setAgainst(null)} onDone={() => { setAgainst(null); onChanged(); }} />}
    </Section>
  );
}

function Decide({ journey, decision, proposed, onClose, onDone }: { journey: string; decision: Decision["decision"]; proposed: Decision["decision"]; onClose: () => void; onDone: () => void }) {
  const form = useForm({ reason: "" });
  const needs = decision !== proposed;
  const save = () => void form.run(async () => {
    await post(`/journeys/${seg(journey)}/decision`, { decision, reason: form.value.reason.trim() }, { key: newKey() });
    onDone();
  });
  return (
    <Dialog title={word("decide", decision)} onClose={onClose}>
      <form onSubmit={(e) => { e.preventDefault(); save(); }}>
        {form.error && <Problem error={form.error} />}
        <Field label={t("checkpoint.reason")} help={t(needs ? "decide.against" : "decide.with")} error={form.wrong("reason")}><Input name="reason" value={form.value.reason} onText={(v) => form.set("reason", v)} maxLength={199} required={needs} autofocus /></Field>
        <footer><Button kind="quiet" onClick={onClose}>{t("back")}</Button><Button kind="main" type="submit" busy={form.busy} disabled={needs && !form.value.reason.trim()}>{word("decide", decision)}</Button></footer>
      </form>
    </Dialog>
  );
}
