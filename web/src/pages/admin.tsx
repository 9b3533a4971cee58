// SPDX-License-Identifier: Apache-2.0
// Users (for the administrator), policies and one's own API keys.
import { useState } from "preact/hooks";
import { useGet, usePages } from "@/api/use";
import { call, callWhole, drop, post, seg } from "@/api/client";
import type { Key, Page, Party, Role, Scope, Station, User, UserInput } from "@/api/model";
import { t, word } from "@/i18n";
import { query, setQuery } from "@/state/route";
import { may } from "@/state/session";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Button, Empty, Field, Input, PageHead, Problem, Select } from "@/ui/parts";
import { Policies } from "./policies/page";
import { SearchBox } from "@/ui/searchbox";
import { Table, type Column } from "@/ui/table";
import { Tabs } from "@/ui/tabs";
import { sayError } from "@/ui/toast";
import { Time } from "@/ui/time";

const userColumns: Column<User>[] = [
  { key: "name", head: () => t("user.name"), cell: (u) => <strong>{u.name}</strong>, width: "180px" },
  { key: "full", head: () => t("user.fullName"), cell: (u) => u.full_name ?? <span class="none">—</span> },
  { key: "role", head: () => t("col.role"), cell: (u) => word("role", u.role), width: "170px" },
  { key: "state", head: () => t("col.state"), cell: (u) => (u.disabled ? <span class="badge plain">{t("user.disabled")}</span> : u.must_change ? <span class="dim">{t("user.mustChange")}</span> : t("user.active")), width: "160px" },
  { key: "created", head: () => t("journey.created"), cell: (u) => <Time at={u.created} />, width: "130px", minor: true },
];

export function AdminPage() {
  const tabs = [...(may("administer") ? [["users", t("users.tab")] as const] : []), ...(may("plan") ? [["policies", t("policies.tab")] as const] : []), ["keys", t("keys.tab")] as const];
  const first = tabs[0]![0];
  const asked = query.value.get("tab");
  const tab = tabs.find(([name]) => name === asked)?.[0] ?? first;
  const choice = tabs.length > 1 && <Tabs value={tab} options={tabs} onPick={(v) => setQuery({ tab: v === first ? null : v, q: null, policy: null })} />;
  if (tab === "policies") return <main class="page" id="page" tabIndex={-1}><Policies choice={choice} /></main>;
  return <main class="page table-page" id="page" tabIndex={-1}>{tab === "users" ? <Users choice={choice} /> : <Keys choice={choice} />}</main>;
}

interface OneTime { user: User; password: string }

function Users({ choice }: { choice: preact.ComponentChildren }) {
  const q = query.value;
  const list = usePages<User>("/users", { search: q.get("q") }, 200);
  const [editing, setEditing] = useState<User | "new" | null>(null);
  const [once, setOnce] = useState<OneTime | null>(null);
  return (
    <>
      <PageHead title={t("admin.title")}>{choice}<Button kind="main" icon="plus" onClick={() => setEditing("new")}>{t("users.new")}</Button></PageHead>
      <div class="filters"><SearchBox value={q.get("q") ?? ""} placeholder={t("col.name")} onText={(x) => setQuery({ q: x.trim() || null })} /></div>
      <Table columns={userColumns} rows={list.items} id={(u) => u.id} onRow={setEditing} list={list} empty={<Empty icon="users" title={t("users.empty")} />} />
      {editing && <UserDialog user={editing === "new" ? null : editing} onClose={() => setEditing(null)} onSaved={(o) => { setEditing(null); setOnce(o); list.reload(); }} />}
      {once && <Secret title={once.user.name} about={t("user.password.once", { name: once.user.name })} secret={once.password} onClose={() => setOnce(null)} />}
    </>
  );
}

const roles: Role[] = ["administrator", "watch-officer", "checkpoint-officer", "patrol-officer", "seal-operator", "carrier", "trader"];

function UserDialog({ user, onClose, onSaved }: { user: User | null; onClose: () => void; onSaved: (o: OneTime | null) => void }) {
  const parties = useGet<Page<Party>>("/parties?limit=1000");
  const stations = useGet<Page<Station>>("/stations?limit=1000");
  const form = useForm({ name: user?.name ?? "", full_name: user?.full_name ?? "", role: user?.role ?? ("watch-officer" as Role), party: user?.party ?? "", station: user?.station ?? "", disabled: user?.disabled ?? false });
  const v = form.value;
  const save = (e: Event) => {
    e.preventDefault();
    const body: UserInput = { name: v.name.trim(), full_name: v.full_name.trim() || null, role: v.role, party: v.party || null, station: v.station || null, disabled: v.disabled };
    void form.run(async () => {
      if (user) await callWhole<User>("PUT", `/users/${seg(user.id)}`, { body, etag: `"${user.version}"` });
      onSaved(user ? null : await post<OneTime>("/users", body));
    });
  };
  const reset = () => void form.run(async () => onSaved(await call<OneTime>("POST", `/users/${seg(user!.id)}/password`)));
  return (
    <Dialog title={t(user ? "user.edit" : "users.new")} onClose={onClose} wide>
      <form onSubmit={save} noValidate>
        <div class="grid2">
          <Field label={t("user.name")} error={form.wrong("name")}><Input value={v.name} onText={(x) => form.set("name", x)} maxLength={63} autocomplete="off" autofocus name="name" /></Field>
          <Field label={t("user.fullName")} error={form.wrong("full_name")}><Input value={v.full_name} onText={(x) => form.set("full_name", x)} maxLength={119} autocomplete="off" /></Field>
          <Field label={t("user.role")} error={form.wrong("role")}><Select value={v.role} onPick={(x) => form.set("role", x as Role)} options={roles.map((r) => [r, word("role", r)])} /></Field>
          <Field label={t("user.party")} error={form.wrong("party")}><Select value={v.party} onPick={(x) => form.set("party", x)} options={[["", "—"], ...(parties.value?.items ?? []).map((p) => [p.id, p.name] as const)]} /></Field>
          <Field label={t("user.station")} error={form.wrong("station")}><Select value={v.station} onPick={(x) => form.set("station", x)} options={[["", "—"], ...(stations.value?.items ?? []).map((p) => [p.id, p.name] as const)]} /></Field>
        </div>
        {user && <label class="check"><input type="checkbox" checked={v.disabled} onChange={(e) => form.set("disabled", e.currentTarget.checked)} /><span><strong>{t("user.disabled")}</strong> <span class="dim">{t("user.disabled.about")}</span></span></label>}
        {form.error && <Problem error={form.error} />}
        <footer>{user && <Button icon="key" class="start" onClick={reset}>{t("user.reset")}</Button>}<Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={form.busy}>{t("save")}</Button></footer>
      </form>
    </Dialog>
  );
}

/** A secret that is shown once: copied, then gone. */
function Secret({ title, about, secret, onClose }: { title: string; about: string; secret: string; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="secret"><p>{about}</p><code>{secret}</code>
        <footer><Button icon={copied ? "check" : "copy"} onClick={() => void navigator.clipboard?.writeText(secret).then(() => setCopied(true))}>{t(copied ? "copied" : "copy")}</Button><Button kind="main" onClick={onClose}>{t("close")}</Button></footer>
      </div>
    </Dialog>
  );
}

const scopes: Scope[] = ["read", "journeys", "alarms", "commands", "seals", "admin", "devices"];

function Keys({ choice }: { choice: preact.ComponentChildren }) {
  const list = usePages<Key>("/keys", {});
  const [making, setMaking] = useState(false);
  const [once, setOnce] = useState<(Key & { key: string }) | null>(null);
  const withdraw = (k: Key) => {
    if (confirm(t("key.withdraw.sure"))) drop(`/keys/${seg(k.id)}`).then(list.reload, sayError);
  };
  const columns: Column<Key>[] = [
    { key: "label", head: () => t("key.label"), cell: (k) => <strong>{k.label}</strong> },
    { key: "scopes", head: () => t("key.scopes"), cell: (k) => k.scopes.map((s) => word("scope", s)).join(", "), width: "240px" },
    { key: "used", head: () => t("key.used"), cell: (k) => (k.used ? <Time at={k.used} /> : <span class="none">{t("key.never")}</span>), width: "120px" },
    { key: "expires", head: () => t("key.expires"), cell: (k) => <Time at={k.expires} exact />, width: "150px" },
    { key: "act", head: () => "", cell: (k) => <Button small kind="quiet" icon="trash" onClick={() => withdraw(k)}>{t("key.withdraw")}</Button>, width: "120px", end: true },
  ];
  return (
    <>
      <PageHead title={t(may("administer") ? "admin.title" : "keys.tab")}>{choice}<Button kind="main" icon="plus" onClick={() => setMaking(true)}>{t("key.new")}</Button></PageHead>
      <Table columns={columns} rows={list.items} id={(k) => k.id} list={list} empty={<Empty icon="key" title={t("key.empty")}>{t("key.empty.about")}</Empty>} />
      {making && <KeyDialog onClose={() => setMaking(false)} onMade={(k) => { setMaking(false); setOnce(k); list.reload(); }} />}
      {once && <Secret title={once.label} about={t("key.once")} secret={once.key} onClose={() => setOnce(null)} />}
    </>
  );
}

function KeyDialog({ onClose, onMade }: { onClose: () => void; onMade: (k: Key & { key: string }) => void }) {
  const form = useForm({ label: "", scopes: ["read"] as Scope[], days: "90" });
  const v = form.value;
  const make = (e: Event) => {
    e.preventDefault();
    void form.run(async () => onMade(await post<Key & { key: string }>("/keys", { label: v.label.trim(), scopes: v.scopes, days: Number(v.days) })));
  };
  const flip = (s: Scope) => form.set("scopes", v.scopes.includes(s) ? v.scopes.filter((x) => x !== s) : [...v.scopes, s]);
  return (
    <Dialog title={t("key.new")} onClose={onClose}>
      <form onSubmit={make} noValidate>
        <Field label={t("key.label")} error={form.wrong("label")}><Input value={v.label} onText={(x) => form.set("label", x)} maxLength={63} autofocus /></Field>
        <fieldset class="checks"><legend class="field-label">{t("key.scopes")}</legend>{scopes.filter((s) => s !== "admin" || may("administer")).map((s) => <label key={s} class="check"><input type="checkbox" checked={v.scopes.includes(s)} onChange={() => flip(s)} /><span>{word("scope", s)}</span></label>)}</fieldset>
        <Field label={t("key.days")} error={form.wrong("days")}><Input value={v.days} onText={(x) => form.set("days", x)} inputMode="numeric" /></Field>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={form.busy} disabled={!v.label.trim() || v.scopes.length === 0}>{t("key.new")}</Button></footer>
      </form>
    </Dialog>
  );
}
