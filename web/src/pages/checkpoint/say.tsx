// SPDX-License-Identifier: Apache-2.0
// What one source says of some fields: a declaration, a weighbridge, a camera. A correction is said anew; what was said before stays.
import { newKey, post, seg } from "@/api/client";
import type { Journey, Source, Statement } from "@/api/model";
import { t, word } from "@/i18n";
import { draft } from "@/state/prefs";
import { session } from "@/state/session";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Button, Field, Input, Problem, Select } from "@/ui/parts";
import { say } from "@/ui/toast";

const SOURCES: Source[] = ["declaration", "transit-document", "manifest", "waybill", "registration", "carrier", "weighbridge", "anpr", "reader", "officer", "image", "x-ray"];
const FIELDS = [
  "declaration_number", "transit_document", "waybill", "manifest", "container", "container_size", "plate", "trailer", "train", "wagon", "vessel", "voyage", "driver", "driver_id", "carrier", "consignor", "consignee", "goods", "hs_code", "un_number",
  "gross_weight_kg", "weight_kg", "packages", "value", "country_from", "country_to", "office_departure", "office_destination", "seal_number", "vehicle_model", "length_m", "width_m", "height_m", "temperature", "route",
];
/** What each source usually speaks of. */
const USUAL: Partial<Record<Source, string[]>> = {
  declaration: ["declaration_number", "goods", "hs_code", "container", "gross_weight_kg", "packages"], weighbridge: ["gross_weight_kg"], anpr: ["plate"], reader: ["seal_number"], registration: ["plate", "vehicle_model"], waybill: ["waybill", "container", "packages"],
};

interface Draft { source: Source; rows: { field: string; value: string }[] }
const rowsFor = (source: Source) => (USUAL[source] ?? [FIELDS[0]!]).map((field) => ({ field, value: "" }));

export function Say({ journey: j, onClose, onSaid }: { journey: Journey; onClose: () => void; onSaid: () => void }) {
  const name = `say.${j.id}`;
  const form = useForm<Draft>(draft.read<Draft>(name) ?? { source: "declaration", rows: rowsFor("declaration") }, (v) => draft.write(name, v));
  const { source, rows } = form.value;
  const put = (i: number, change: Partial<Draft["rows"][number]>) => form.set("rows", rows.map((r, k) => (k === i ? { ...r, ...change } : r)));
  const pick = (s: Source) => form.all({ source: s, rows: rows.some((r) => r.value.trim()) ? rows : rowsFor(s) });
  const filled = rows.filter((r) => r.value.trim());
  const save = (e: Event) => {
    e.preventDefault();
    void form.run(async () => {
      let left = rows;
      for (const r of filled) {
        await post<Statement>(`/journeys/${seg(j.id)}/statements`, { field: r.field, value: r.value.trim(), source, ...(session.value?.user.station ? { station: session.value.user.station } : {}) }, { key: newKey() });
        left = left.filter((x) => x !== r); // what is said is not said again when the next is refused
        form.set("rows", left);
      }
      draft.write(name, null);
      say(t("say.said", { n: filled.length }));
      onSaid();
    });
  };
  return (
    <Dialog title={t("say.add")} onClose={onClose} wide>
      <form onSubmit={save} noValidate>
        <Field label={t("say.source")}><Select value={source} onPick={(s) => pick(s as Source)} options={SOURCES.map((s) => [s, word("source", s)] as const)} /></Field>
        <div class="say-rows">
          {rows.map((r, i) => (
            <div key={i} class="say-row">
              <Select label={t("compare.field")} value={r.field} onPick={(field) => put(i, { field })} options={FIELDS.map((f) => [f, word("field", f)] as const)} />
              <Field label={word("field", r.field)} error={form.wrong(r.field)} class="bare"><Input name={`say-${r.field}`} aria-label={word("field", r.field)} value={r.value} onText={(value) => put(i, { value })} maxLength={119} /></Field>
            </div>
          ))}
          <Button small icon="plus" onClick={() => form.set("rows", [...rows, { field: FIELDS.find((f) => !rows.some((r) => r.field === f))!, value: "" }])}>{t("say.field")}</Button>
        </div>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={form.busy} disabled={filled.length === 0}>{t("save")}</Button></footer>
      </form>
    </Dialog>
  );
}
