// SPDX-License-Identifier: Apache-2.0
// A seal's record: registered once, changed with care.
import { callWhole, newKey, seg } from "@/api/client";
import { useGet } from "@/api/use";
import type { Page, Party, Seal, SealInput, Station } from "@/api/model";
import { t, word } from "@/i18n";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Button, Field, Input, Problem, Select } from "@/ui/parts";

const classes = ["mechanical", "passive", "semi-active", "active", "smart-container"] as const;
const lives = ["commissioned", "in-stock", "charging", "assigned", "hung", "in-return", "lost", "destroyed"] as const;

interface Props { seal: Seal | null; etag?: string | null; onClose: () => void; onSaved: (s: Seal) => void }

export function SealDialog({ seal, etag, onClose, onSaved }: Props) {
  const stations = useGet<Page<Station>>("/stations?limit=1000");
  const parties = useGet<Page<Party>>("/parties?limit=1000");
  const form = useForm({
    id: seal?.id ?? "", class: seal?.class ?? "active", life: seal?.life ?? "in-stock", label: seal?.label ?? "", model: seal?.model ?? "",
    owner: seal?.owner ?? "", station: seal?.station ?? "", zone: seal?.zone_minutes === null || seal?.zone_minutes === undefined ? "" : String(seal.zone_minutes),
  });
  const v = form.value;
  const save = (e: Event) => {
    e.preventDefault();
    const body: SealInput = {
      id: v.id.trim(), class: v.class, life: v.life, label: v.label.trim() || null, model: v.model.trim() || null,
      owner: v.owner || null, station: v.station || null, zone_minutes: v.zone.trim() === "" ? null : Number(v.zone),
    };
    void form.run(async () => {
      const r = seal
        ? await callWhole<Seal>("PUT", `/seals/${seg(seal.id)}`, { body, etag: etag ?? `"${seal.version}"` })
        : await callWhole<Seal>("POST", "/seals", { body, key: newKey() });
      onSaved(r.value);
    });
  };
  const lifeNames = lives.includes(v.life as never) ? lives : [v.life, ...lives];
  return (
    <Dialog title={t(seal ? "seal.record" : "seals.new")} onClose={onClose} wide>
      <form onSubmit={save} noValidate>
        <div class="grid2">
          <Field label={t("seal.id")} help={t("seal.id.help")} error={form.wrong("id")}><Input value={v.id} onText={(x) => form.set("id", x)} disabled={!!seal} required maxLength={63} spellcheck={false} autofocus={!seal} /></Field>
          <Field label={t("seal.label")} error={form.wrong("label")}><Input value={v.label} onText={(x) => form.set("label", x)} maxLength={63} /></Field>
          <Field label={t("seal.class")} error={form.wrong("class")}><Select value={v.class} onPick={(x) => form.set("class", x as typeof v.class)} options={classes.map((c) => [c, word("class", c)])} /></Field>
          <Field label={t("seal.life")} error={form.wrong("life")}><Select value={v.life} onPick={(x) => form.set("life", x as typeof v.life)} options={lifeNames.map((c) => [c, word("life", c)])} /></Field>
          <Field label={t("seal.station")} error={form.wrong("station")}><Select value={v.station} onPick={(x) => form.set("station", x)} options={[["", "—"], ...(stations.value?.items ?? []).map((s) => [s.id, s.name] as const)]} /></Field>
          <Field label={t("seal.owner")} error={form.wrong("owner")}><Select value={v.owner} onPick={(x) => form.set("owner", x)} options={[["", "—"], ...(parties.value?.items ?? []).map((s) => [s.id, s.name] as const)]} /></Field>
          <Field label={t("seal.model")} error={form.wrong("model")}><Input value={v.model} onText={(x) => form.set("model", x)} maxLength={15} /></Field>
          <Field label={t("seal.zone")} error={form.wrong("zone_minutes")}><Input value={v.zone} onText={(x) => form.set("zone", x)} inputMode="numeric" /></Field>
        </div>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={form.busy}>{t(seal ? "save" : "seal.register")}</Button></footer>
      </form>
    </Dialog>
  );
}
