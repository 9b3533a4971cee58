// SPDX-License-Identifier: Apache-2.0
// Inspect or release: the proposal with its reasons, the risk part by part, and the five things that it rests on; a person decides, or the
// rules did. All of it comes in one answer of the platform, so that no number says something else than the sentence beside it.
import { useState } from "preact/hooks";
import { newKey, post, seg } from "@/api/client";
import type { Decision, Dossier, Risk } from "@/api/model";
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
  const [against, setAgainst] = useState<Decision["decision"] | null>(null);
  const now = d.decision ?? d.proposal;
  if (!now) return null;
  const say = (v: string | number | boolean | null | undefined) => (v === null || v === undefined ? <span class="none">{t("decide.missing")}</span> : typeof v === "number" ? number(v) : typeof v === "boolean" ? word("yes", String(v)) : word("input", v));
  return (
    <Section title={d.decision ? t("decide.title") : t("decide.proposal")} class={`decision ${now.decision}`} aside={<span class="risk">{t("decide.risk", { n: now.inputs.risk })}</span>}>
      <p class="verdict"><Icon name={now.decision === "release" ? "check" : "eye"} size={22} /><strong>{word("decision", now.decision)}</strong>{d.decision && <span class="dim">{d.decision.automatic ? t("checkpoint.automatic") : d.decision.by} · <Time at={d.decision.time} exact /></span>}</p>
      <ul class="reasons">{now.reasons.map((r, i) => <li key={i}>{r}</li>)}</ul>
      <Facts rows={inputs.map((k) => [word("decisionInput", k), say(now.inputs[k])])} />
      <RiskParts risk={now.risk} />
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

/** Why the score is what it is. A decision keeps the score that it was taken by. */
export function RiskParts({ risk }: { risk: Risk | undefined }) {
  if (!risk) return <p class="none">{t("decide.partsGone")}</p>;
  return (
    <details class="risk-parts" open={risk.parts.length > 0 && risk.parts.length < 5}>
      <summary>{t("decide.parts")}</summary>
      {risk.parts.length === 0 ? <p class="none">{t("decide.noParts")}</p> : <ul>{risk.parts.map((p) => <li key={p.name}><b>{t("decide.points", { n: p.points })}</b><span>{p.why}</span></li>)}</ul>}
    </details>
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
