// SPDX-License-Identifier: Apache-2.0
// Carriers, vehicles and drivers that customs knows: what is registered, until when, and whether it holds.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { newKey, post } from "@/api/client";
import type { Page, Party, Registration, RegistrationInput } from "@/api/model";
import { useGet, usePages } from "@/api/use";
import { quantity, t, word } from "@/i18n";
import { fromInput } from "@/lib/time";
import { now } from "@/state/clock";
import { query, setQuery } from "@/state/route";
import { may } from "@/state/session";
import { Life } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Button, Empty, Facts, Field, Input, PageHead, Problem, Select } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Table, type Column } from "@/ui/table";
import { Time } from "@/ui/time";
import { Log } from "./papers/log";
import { Steps, type StepOf } from "./papers/step";

const KINDS = ["carrier", "vehicle", "driver"] as const;
const tone = (s: string) => (s === "active" ? "live" : s === "suspended" ? "warn" : "done") as "live" | "warn" | "done";
const expired = (r: Registration) => Date.parse(r.until ?? "") < now.value;

function Until({ r }: { r: Registration }) {
  if (!r.until) return <span class="none">—</span>;
  return <span class={expired(r) ? "late" : ""}><Time at={r.until} exact />{expired(r) && ` · ${t("registration.expired")}`}</span>;
}

export function Registrations({ choice }: { choice: ComponentChildren }) {
  const q = query.value;
  const list = usePages<Registration>("/registrations", {}, 500);
  const parties = useGet<Page<Party>>(may("parties") ? "/parties?limit=1000" : null, true);
  const [making, setMaking] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const partyName = (id: string | null | undefined) => parties.value?.items.find((p) => p.id === id)?.name ?? "—";
  const text = (q.get("q") ?? "").toLowerCase();
  const rows = list.items.filter((r) => !text || [r.name, partyName(r.party), r.document].join(" ").toLowerCase().includes(text));
  const one = list.items.find((r) => r.id === chosen);
  const columns: Column<Registration>[] = [
    { key: "name", head: () => t("registration.name"), cell: (r) => <strong class={r.kind === "vehicle" ? "plate" : ""}>{r.name}</strong> },
    { key: "kind", head: () => t("col.kind"), cell: (r) => word("registrationKind", r.kind), width: "110px" },
    { key: "state", head: () => t("col.state"), cell: (r) => <Life group="registrationState" value={r.state} tone={tone(r.state)} />, width: "130px" },
    { key: "party", head: () => t("registration.party"), cell: (r) => <span class="clip">{partyName(r.party)}</span>, width: "220px" },
    { key: "until", head: () => t("registration.until"), cell: (r) => <Until r={r} />, width: "200px" },
    { key: "document", head: () => t("registration.document"), cell: (r) => r.document ?? <span class="none">—</span>, width: "160px", minor: true },
  ];
  return (
    <>
      <PageHead title={t("stations.title")}>{choice}{may("places") && <Button kind="main" icon="plus" onClick={() => setMaking(true)}>{t("registrations.new")}</Button>}</PageHead>
      <div class="filters"><SearchBox value={q.get("q") ?? ""} placeholder={t("registrations.search")} onText={(x) => setQuery({ q: x.trim() || null })} /></div>
      <Table columns={columns} rows={rows} id={(r) => r.id} onRow={(r) => setChosen(r.id)} list={list} current={chosen} empty={text ? <Empty icon="search" title={t("search.none")} /> : <Empty icon="users" title={t("registrations.empty")}>{t("registrations.empty.about")}</Empty>} />
      {making && <NewRegistration parties={parties.value?.items ?? []} onClose={() => setMaking(false)} onSaved={() => { setMaking(false); list.reload(); }} />}
      {one && <OneRegistration r={one} party={partyName(one.party)} onClose={() => setChosen(null)} onChanged={list.reload} />}
    </>
  );
}

function OneRegistration({ r, party, onClose, onChanged }: { r: Registration; party: string; onClose: () => void; onChanged: () => void }) {
  const steps: StepOf[] = !may("places") ? [] : [
    ...(r.state === "active" ? [{ to: "suspended", label: t("registration.suspend"), asks: "reason" as const }] : []),
    ...(r.state === "suspended" ? [{ to: "active", label: t("registration.restore"), main: true, asks: "note" as const }] : []),
    ...(r.state === "active" && may("administer") ? [{ to: "withdrawn", label: t("registration.withdraw"), asks: "reason" as const }] : []),
  ];
  return (
    <Dialog title={r.name ?? ""} onClose={onClose}>
      <div class="dialog-body">
        <p class="paper-state"><span>{word("registrationKind", r.kind)}</span><Life group="registrationState" value={r.state} tone={tone(r.state)} /></p>
        <Facts rows={[
          [t("registration.party"), party], [t("registration.until"), <Until r={r} />], !!r.document && [t("registration.document"), r.document], !!r.model && [t("registration.model"), r.model],
          !!(r.length_m ?? r.width_m ?? r.height_m) && [t("registration.length"), [r.length_m, r.width_m, r.height_m].map((x) => (x ? quantity(x, "m", 2) : "—")).join(" × ")], !!r.weight_kg && [t("registration.weight"), quantity(r.weight_kg, "kg")],
        ]} />
        <Log paper={r} group="registrationState" first="active" />
        <Steps key={r.version} path="/registrations" paper={r} steps={steps} told={(s) => `${r.name}: ${word("registrationState", s)}`} onDone={onChanged} onRace={onChanged} />
      </div>
    </Dialog>
  );
}

function NewRegistration({ parties, onClose, onSaved }: { parties: Party[]; onClose: () => void; onSaved: () => void }) {
  const form = useForm({ kind: "vehicle", name: "", party: "", until: "", document: "", model: "", length_m: "", width_m: "", height_m: "", weight_kg: "" });
  const v = form.value;
  const save = (e: Event) => {
    e.preventDefault();
    void form.run(async () => {
      const texts = (["document", ...(v.kind === "vehicle" ? (["model"] as const) : [])] as const).filter((k) => v[k].trim()).map((k) => [k, v[k].trim()]);
      const sizes = v.kind === "vehicle" ? (["length_m", "width_m", "height_m", "weight_kg"] as const).filter((k) => v[k].trim()).map((k) => [k, Number.isFinite(Number(v[k])) ? Number(v[k]) : v[k]]) : [];
      const body = { kind: v.kind, name: v.name.trim(), party: v.party, ...(fromInput(v.until) ? { until: fromInput(v.until) } : {}), ...Object.fromEntries([...texts, ...sizes]) } as RegistrationInput;
      await post<Registration>("/registrations", body, { key: newKey() });
      onSaved();
    });
  };
  return (
    <Dialog title={t("registrations.new")} onClose={onClose} wide>
      <form onSubmit={save} noValidate>
        <fieldset class="choices three">
          <legend>{t("col.kind")}</legend>
          {KINDS.map((k) => <label key={k} class={v.kind === k ? "choice on" : "choice"}><input type="radio" name="kind" value={k} autofocus={v.kind === k} checked={v.kind === k} onChange={() => form.set("kind", k)} /><strong>{word("registrationKind", k)}</strong></label>)}
        </fieldset>
        <div class="grid2">
          <Field label={t("registration.name")} error={form.wrong("name")}><Input name="name" value={v.name} onText={(x) => form.set("name", x)} maxLength={63} /></Field>
          <Field label={t("registration.party")} error={form.wrong("party")}><Select value={v.party} onPick={(x) => form.set("party", x)} options={[["", "—"], ...parties.map((p) => [p.id, p.name] as const)]} /></Field>
          <Field label={`${t("registration.until")} (${t("optional")})`} error={form.wrong("until")}><input type="datetime-local" value={v.until} onInput={(e) => form.set("until", e.currentTarget.value)} /></Field>
          <Field label={`${t("registration.document")} (${t("optional")})`} error={form.wrong("document")}><Input name="document" value={v.document} onText={(x) => form.set("document", x)} maxLength={99} /></Field>
          {v.kind === "vehicle" && (
            <>
              <Field label={t("registration.model")} error={form.wrong("model")}><Input name="model" value={v.model} onText={(x) => form.set("model", x)} maxLength={99} /></Field>
              {(["length", "width", "height", "weight"] as const).map((k) => {
                const member = k === "weight" ? "weight_kg" : (`${k}_m` as const);
                return <Field key={k} label={t(`registration.${k}`)} error={form.wrong(member)}><Input name={member} value={v[member]} onText={(x) => form.set(member, x)} inputMode="decimal" maxLength={8} /></Field>;
              })}
            </>
          )}
        </div>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={form.busy} disabled={!v.name.trim() || !v.party}>{t("registrations.new")}</Button></footer>
      </form>
    </Dialog>
  );
}
