// SPDX-License-Identifier: Apache-2.0
// The steps that may follow: the next one as the large button, cancelling with a reason.
import { useState } from "preact/hooks";
import { ApiError, callWhole, seg } from "@/api/client";
import type { Journey, JourneyStateName } from "@/api/model";
import { t, type Key } from "@/i18n";
import { Dialog } from "@/ui/dialog";
import { Button, Field, Input } from "@/ui/parts";
import { sayError } from "@/ui/toast";

const order: JourneyStateName[] = ["sealed", "under-way", "arrived", "released"];

export function Steps({ journey: j, etag, onChanged }: { journey: Journey; etag: string | null; onChanged: () => void }) {
  const [busy, setBusy] = useState<string | null>(null);
  const [cancelling, setCancelling] = useState(false);
  const may = j.next_states ?? [];
  const next = order.filter((s) => may.includes(s));
  const change = async (state: JourneyStateName, reason?: string) => {
    setBusy(state);
    try {
      await callWhole<Journey>("POST", `/journeys/${seg(j.id)}/state`, { body: reason ? { state, reason } : { state }, etag: etag ?? `"${j.version}"` });
      setCancelling(false);
    } catch (e) {
      sayError(e);
      if (!(e instanceof ApiError)) throw e;
    }
    setBusy(null);
    onChanged();
  };
  if (may.length === 0) return null;
  return (
    <div class="journey-do">
      {next.map((s, i) => <Button key={s} kind={i === 0 ? "main" : "plain"} busy={busy === s} onClick={() => void change(s)}>{t(`journey.do.${s}` as Key)}</Button>)}
      {may.includes("cancelled") && <Button kind="quiet" onClick={() => setCancelling(true)}>{t("journey.do.cancelled")}</Button>}
      {cancelling && <Cancel busy={busy !== null} onClose={() => setCancelling(false)} onDo={(reason) => void change("cancelled", reason)} />}
    </div>
  );
}

function Cancel({ busy, onClose, onDo }: { busy: boolean; onClose: () => void; onDo: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  return (
    <Dialog title={t("journey.do.cancelled")} onClose={onClose}>
      <form onSubmit={(e) => { e.preventDefault(); onDo(reason.trim()); }}>
        <Field label={t("journey.cancelReason")} help={t("seal.reason.help")}><Input value={reason} onText={setReason} maxLength={199} required autofocus /></Field>
        <footer><Button kind="quiet" onClick={onClose}>{t("back")}</Button><Button kind="main" type="submit" busy={busy} disabled={!reason.trim()}>{t("journey.do.cancelled")}</Button></footer>
      </form>
    </Dialog>
  );
}
