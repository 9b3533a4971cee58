// SPDX-License-Identifier: Apache-2.0
// Asking for an emergency opening, and answering one: two people, each with a reason.
import { newKey, post, seg } from "@/api/client";
import type { Emergency, EmergencyInput, Journey } from "@/api/model";
import { t } from "@/i18n";
import { device, journeyTitle, short } from "@/lib/names";
import { span } from "@/lib/time";
import { now } from "@/state/clock";
import { load as loadAsked } from "@/state/emergencies";
import { journeys } from "@/state/journeys";
import { draft } from "@/state/prefs";
import { may, role, session } from "@/state/session";
import { Life } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Button, Facts, Field, Input, Problem, Select } from "@/ui/parts";
import { Time, words } from "@/ui/time";
import { say } from "@/ui/toast";
import { Log } from "../papers/log";
import { Steps, type StepOf } from "../papers/step";
import { answers, openUntil } from "./model";

const MINUTES = [10, 30, 60, 120, 240];
export const tone = (state: string) => (state === "requested" ? "warn" : state === "approved" ? "live" : "done") as "warn" | "live" | "done";

export function AskDialog({ journey: j, onClose, onAsked }: { journey: Journey; onClose: () => void; onAsked: () => void }) {
  const name = `emergency.${j.id}`;
  const start = { seal: j.seals[0] ?? "", reason: "", minutes: "30" };
  const form = useForm(draft.read<typeof start>(name) ?? start, (v) => draft.write(name, v));
  const send = (e: Event) => {
    e.preventDefault();
    void form.run(async () => {
      const body: EmergencyInput = { seal: form.value.seal, journey: j.id, reason: form.value.reason.trim(), minutes: Number(form.value.minutes) };
      await post<Emergency>("/emergencies", body, { key: newKey() });
      draft.write(name, null);
      say(t("emergency.asked"));
      onAsked();
    });
  };
  return (
    <Dialog title={t("emergency.title")} onClose={onClose}>
      <form onSubmit={send} noValidate>
        <p class="dim">{t("emergency.about")}</p>
        <div class="grid2">
          <Field label={t("emergency.seal")} error={form.wrong("seal")}><Select value={form.value.seal} onPick={(v) => form.set("seal", v)} options={j.seals.map((s) => [s, device(s)] as const)} /></Field>
          <Field label={t("emergency.minutes")} error={form.wrong("minutes")}><Select value={form.value.minutes} onPick={(v) => form.set("minutes", v)} options={MINUTES.map((m) => [String(m), span(m * 60_000, words())] as const)} /></Field>
        </div>
        <Field label={t("emergency.reason")} help={t("emergency.reason.help")} error={form.wrong("reason")}><Input name="reason" value={form.value.reason} onText={(v) => form.set("reason", v)} maxLength={199} autofocus /></Field>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" icon="send" busy={form.busy} disabled={!form.value.reason.trim() || !form.value.seal}>{t("emergency.ask.do")}</Button></footer>
      </form>
    </Dialog>
  );
}

/** Until when it may be opened, or that this is over. */
export function Until({ e }: { e: Emergency }) {
  const until = openUntil(e);
  if (until === null) return null;
  return <span class={until < now.value ? "dim" : ""}>{until < now.value ? t("emergency.over") : <>{t("emergency.until")} <strong><Time at={until} exact /></strong></>}</span>;
}

const labels = {
  approved: () => ({ to: "approved", label: t("emergency.approve"), icon: "check", main: true, asks: "reason", about: t("emergency.approve.about") }),
  refused: () => ({ to: "refused", label: t("emergency.refuse"), icon: "close", asks: "reason", about: t("emergency.refuse.about") }),
  withdrawn: () => ({ to: "withdrawn", label: t("emergency.withdraw"), icon: "undo", asks: "note" }),
} satisfies Record<string, () => StepOf>;

export function OneEmergency({ e, onClose, onChanged }: { e: Emergency; onClose: () => void; onChanged: () => void }) {
  const j = journeys.value.get(e.journey ?? "");
  const me = session.value?.user.id ?? "";
  const may_ = answers(e, me, may("handle"), may("administer"), role.value === "carrier");
  const changed = () => {
    onChanged();
    void loadAsked().catch(() => undefined);
  };
  return (
    <Dialog title={t("emergency.title")} onClose={onClose} wide>
      <div class="dialog-body">
        <p class="paper-state"><Life group="emergencyState" value={e.state} tone={tone(e.state)} /><Until e={e} /></p>
        <Facts rows={[
          [t("emergency.reason"), <strong>{e.reason}</strong>],
          !!e.journey && [t("emergency.journey"), <a href={`/journeys/${seg(e.journey)}`}>{j ? journeyTitle(j) : short(e.journey)}</a>],
          !!j?.vehicle && [t("application.vehicle"), <span class="plate">{j.vehicle}</span>],
          !!e.seal && [t("emergency.seal"), <a href={`/seals/${seg(e.seal)}`}>{device(e.seal)}</a>],
          [t("emergency.minutes"), span((e.minutes ?? 30) * 60_000, words())],
          !!e.author_name && [t("emergency.author"), e.author_name],
          !!e.answer && [t("emergency.answer"), e.answer],
        ]} />
        <Log paper={e} group="emergencyState" first="requested" />
        {e.state === "requested" && may("handle") && e.author === me && <p class="dim">{t("emergency.second")}</p>}
        <Steps path="/emergencies" paper={e} steps={may_.map((x) => labels[x]())} told={(s) => t(`toast.emergency.${s}` as "toast.emergency.approved")} onDone={changed} onRace={changed} key={`${e.id}@${e.version}`} />
      </div>
    </Dialog>
  );
}
