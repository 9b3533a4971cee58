// SPDX-License-Identifier: Apache-2.0
// One journey at a checkpoint: stages, the next step, all steps of the visit, what differs, the decision, papers.
import { useState } from "preact/hooks";
import { post, seg } from "@/api/client";
import type { Dossier, Journey, Visit } from "@/api/model";
import { newKey } from "@/api/client";
import { t, word, type Key } from "@/i18n";
import { may } from "@/state/session";
import { Icon } from "@/ui/icon";
import { parseCodes } from "@/lib/policy";
import { Button, Input, Problem, Section, Select } from "@/ui/parts";
import { sayError } from "@/ui/toast";
import { Time } from "@/ui/time";
import { Comparison } from "./compare";
import { DecisionCard } from "./decide";
import { Documents } from "./documents";
import { Binding } from "./binding";
import { currentVisit, leaves, nextStep, STAGES, stageState } from "./model";
import { NextStep } from "./step";
import { NextVisit } from "./visit";

export function OpenDossier({ journey: j, onOpened }: { journey: Journey; onOpened: () => void }) {
  const [scope, setScope] = useState(j.regime === "cross-border" || j.regime === "transit" ? "cross-border" : "domestic");
  const [shared, setShared] = useState(true);
  const [codes, setCodes] = useState("");
  const [busy, setBusy] = useState(false);
  const open = async () => {
    setBusy(true);
    try {
      await post(`/journeys/${seg(j.id)}/dossier`, { scope, shared_platform: shared, goods: parseCodes(codes).map((hs) => ({ hs })) }, { key: newKey() });
      onOpened();
    } catch (e) {
      sayError(e);
    }
    setBusy(false);
  };
  return (
    <section class="step-card">
      <h2>{t("checkpoint.open")}</h2>
      <p class="dim">{t("checkpoint.open.about")}</p>
      <div class="grid2">
        <label class="field"><span class="field-label">{t("checkpoint.scope")}</span><Select value={scope} onPick={setScope} options={[["domestic", word("scope", "domestic")], ["cross-border", word("scope", "cross-border")]]} /></label>
        <label class="field"><span class="field-label">{t("duty.hs")}</span><Input name="hs" value={codes} onText={setCodes} maxLength={120} inputMode="decimal" /><span class="field-help">{t("duty.hs.help")}</span></label>
        {scope === "cross-border" && <label class="check"><input type="checkbox" checked={shared} onChange={(e) => setShared(e.currentTarget.checked)} /><span>{t("checkpoint.shared")}</span></label>}
      </div>
      {may("plan") && <Button kind="main" class="huge" busy={busy} onClick={() => void open()}>{t("checkpoint.open.do")}</Button>}
    </section>
  );
}

export function DossierView({ journey, dossier: d, onChanged }: { journey: Journey; dossier: Dossier; onChanged: (d: Dossier | null) => void }) {
  const visit = currentVisit(d);
  const step = nextStep(d);
  return (
    <>
      <ol class="stages">
        {STAGES.map((s) => <li key={s} class={stageState(d, s)}><Icon name={stageState(d, s) === "done" ? "check" : s === "en-route" ? "route" : s === "departure" ? "station" : "flag"} size={16} /><span>{word("stage", s)}</span></li>)}
      </ol>
      {d.sealing.duty !== "none" && <p class={`duty ${d.sealing.duty}`}><Icon name={d.sealing.duty === "compulsory" ? "lock" : "check"} size={16} /><strong>{t("duty.title")}: {t(`duty.${d.sealing.duty}` as Key)}</strong><span class="dim">{d.sealing.why}</span></p>}
      <div class="columns">
        <div class="column main">
          {leaves(d) ? <NextVisit journey={journey} dossier={d} onChanged={onChanged} /> : step && visit ? <NextStep key={`${visit.number}-${step.id}`} journey={journey} dossier={d} visit={visit} step={step} onChanged={onChanged} />
            : <section class="step-card"><h2>{d.closed ? t("checkpoint.closed") : t("checkpoint.nothing")}</h2>{d.blocked.length > 0 && <Problem error={{ message: t("checkpoint.blocked"), detail: d.blocked.map((b) => b.why ?? word("fact", b.fact)).join("; ") }} />}</section>}
          <Comparison journey={journey} list={d.comparison} onChanged={() => onChanged(null)} />
          <Binding journey={journey.id} version={d.version} />
          <Documents journey={journey.id} files={d.documents} onChanged={() => onChanged(null)} />
        </div>
        <div class="column side">
          {(d.stage !== "departure" || d.decision) && <DecisionCard journey={journey.id} dossier={d} asks={d.stage === "destination" && !visit?.steps.some((s) => s.id === "decide")} onChanged={() => onChanged(null)} />}
          {[...d.visits].reverse().map((v) => <VisitSteps key={v.number} visit={v} current={v.number === visit?.number} />)}
        </div>
      </div>
    </>
  );
}

const marks = { done: "check", next: "arrow", waiting: "clock", skipped: "warning", "not-needed": "close" } as const;

function VisitSteps({ visit: v, current }: { visit: Visit; current: boolean }) {
  const shown = v.steps.filter((s) => s.state !== "not-needed");
  return (
    <Section title={<>{word("stage", v.stage)}{v.station_name && <span class="dim"> · {v.station_name}</span>}</>} aside={<Time at={v.arrived} class="dim" />} class={current ? "visit current" : "visit"}>
      <ol class="visit-steps">
        {shown.map((s) => (
          <li key={s.id} class={s.state} aria-current={s.state === "next" ? "step" : undefined}>
            <Icon name={marks[s.state]} size={15} label={t(`checkpoint.step.${s.state}` as Key)} />
            <span class="visit-step"><span>{s.title}{s.state === "waiting" && s.branch === "suspect" && <em class="if">{t("checkpoint.ifSuspect")}</em>}{s.state === "waiting" && s.optional && <em class="if">{t("optional")}</em>}</span>
              {(s.outcome === "suspect" || s.state === "skipped" || s.reason) && <em class={s.outcome === "suspect" || s.state === "skipped" ? "odd" : ""}>{[s.state === "skipped" ? t("checkpoint.step.skipped") : s.outcome && s.outcome !== "done" ? word("outcome", s.outcome) : null, s.reason].filter(Boolean).join(": ")}</em>}
              {s.time && <span class="dim">{s.user_name ?? (s.automatic ? t("checkpoint.automatic") : "")} · <Time at={s.time} exact /></span>}
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
