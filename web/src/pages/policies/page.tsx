// SPDX-License-Identifier: Apache-2.0
// Policies: one at a time as a form; what would change is shown before it is saved, with a reason; every version with who, when and why.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { callWhole, seg } from "@/api/client";
import type { Page, Policy } from "@/api/model";
import { useGet } from "@/api/use";
import { t, word, type Key } from "@/i18n";
import { differences, groupOf, isTried, shapeOf, whole, type Body } from "@/lib/policy";
import { load as loadPolicies } from "@/state/policies";
import { draft } from "@/state/prefs";
import { query, setQuery } from "@/state/route";
import { may } from "@/state/session";
import { useForm } from "@/ui/form";
import { Button, Field, Input, PageHead, Problem, Section, Skeleton } from "@/ui/parts";
import { say, tell } from "@/ui/toast";
import { Time } from "@/ui/time";
import { Member } from "./members";
import { Trial } from "./trial";
import { RiskTrial } from "./risk";
import { Differences } from "./value";

export function Policies({ choice }: { choice: ComponentChildren }) {
  const list = useGet<Page<Policy>>("/policies", true);
  const items = list.value?.items ?? [];
  const name = query.value.get("policy") ?? items[0]?.name ?? "";
  const policy = items.find((p) => p.name === name);
  return (
    <>
      <PageHead title={t(may("administer") ? "admin.title" : "policies.title")}>{choice}</PageHead>
      {list.error && <Problem error={tell(list.error)} retry={list.reload} />}
      {!list.value ? !list.error && <Skeleton rows={8} /> : (
        <div class="policies">
          <nav class="policy-list" aria-label={t("policies.title")}>
            {items.map((p) => (
              <button key={p.name} type="button" aria-current={p.name === name ? "page" : undefined} onClick={() => setQuery({ policy: p.name })}>
                <strong>{word("policy", p.name)}</strong>
                <span class="dim">{p.number ? <>{t("policy.version", { n: p.number })} · <Time at={p.time} /></> : t("policy.default")}</span>
              </button>
            ))}
          </nav>
          {policy && <PolicyForm key={`${policy.name}@${policy.number}`} policy={policy} onSaved={() => { list.reload(); void loadPolicies().catch(() => undefined); }} />}
        </div>
      )}
    </>
  );
}

function PolicyForm({ policy: p, onSaved }: { policy: Policy; onSaved: () => void }) {
  const edits = may("administer");
  const versions = useGet<Page<Policy>>(may("plan") ? `/policies/${seg(p.name)}/versions` : null, true);
  const name = `policy.${p.name}.${p.number}`;
  const start = p.body as Body;
  const form = useForm<{ body: Body; reason: string }>(draft.read<{ body: Body; reason: string }>(name) ?? { body: start, reason: "" }, (v) => draft.write(name, v));
  const changes = useMemo(() => differences(start, form.value.body), [form.value.body]);
  const groups = (["points", "limits", "lists"] as const).map((g) => [g, Object.keys(form.value.body).filter((m) => groupOf(m, shapeOf(m, start[m] ?? form.value.body[m])) === g)] as const).filter(([, list]) => list.length > 0);
  useEffect(() => versions.reload(), [p.number]);
  const save = (e: Event) => {
    e.preventDefault();
    void form.run(async () => {
      const { value } = await callWhole<Policy>("PUT", `/policies/${seg(p.name)}`, { body: { body: form.value.body, reason: form.value.reason.trim() }, etag: `"${p.number}"` });
      draft.write(name, null);
      say(t("policy.saved", { name: word("policy", p.name), n: value.number }));
      onSaved();
    });
  };
  const discard = () => {
    draft.write(name, null);
    form.all({ body: start, reason: "" });
    draft.write(name, null);
  };
  return (
    <div class="policy">
      <form onSubmit={save} noValidate>
        <header><h2>{word("policy", p.name)}</h2><p class="dim">{t(`policy.${p.name}.about` as Key)}{!edits && ` ${t("policy.readOnly")}`}</p></header>
        {groups.map(([g, members]) => (
          <section key={g} class="members">
            {p.name === "risk" && <h3>{t(`policyGroup.${g}` as Key)}</h3>}
            {members.map((m) => <Member key={m} policy={p.name} member={m} value={form.value.body[m]} was={start[m]} edits={edits} wrong={form.wrong(m) ?? form.wrong(`body.${m}`)} onChange={(v) => form.set("body", { ...form.value.body, [m]: v })} />)}
          </section>
        ))}
        {changes.length > 0 && (
          <section class="policy-save">
            <h3>{t("policy.changes")}</h3>
            <Differences policy={p.name} list={changes} />
            {isTried(p.name) && <Trial policy={p.name} body={form.value.body} />}
            <Field label={t("policy.reason")} help={t("policy.reason.help")} error={form.wrong("reason")}><Input name="reason" value={form.value.reason} onText={(v) => form.set("reason", v)} maxLength={200} /></Field>
            {form.error && <Problem error={form.error} />}
            <footer><Button kind="quiet" onClick={discard}>{t("policy.reset")}</Button><Button kind="main" type="submit" busy={form.busy} disabled={!form.value.reason.trim()}>{t("policy.save", { n: p.number + 1 })}</Button></footer>
          </section>
        )}
      </form>
      <div class="policy-side">
      {p.name === "risk" && may("handle") && <RiskTrial policy={p} />}
      <Versions policy={p} list={versions.value?.items ?? []} onTake={edits ? (body) => form.set("body", whole(body, form.value.body)) : undefined} />
      </div>
    </div>
  );
}

function Versions({ policy: p, list, onTake }: { policy: Policy; list: Policy[]; onTake?: ((body: Body) => void) | undefined }) {
  const [open, setOpen] = useState<number | null>(list[0]?.number ?? null);
  if (list.length === 0) return <Section title={t("policy.versions")}><p class="none">{t("policy.default")}</p></Section>;
  return (
    <Section title={t("policy.versions")}>
      <ol class="versions">
        {list.map((v, i) => {
          const before = list[i + 1];
          const changed = before ? differences(before.body as Body, v.body as Body) : [];
          return (
            <li key={v.number} class={v.number === p.number ? "holds" : ""}>
              <button type="button" aria-expanded={open === v.number} onClick={() => setOpen(open === v.number ? null : v.number)}><strong>{t("policy.version", { n: v.number })}</strong><span class="dim">{v.user_name} · <Time at={v.time} exact /></span></button>
              <blockquote>{v.reason}</blockquote>
              {open === v.number && (before ? <Differences policy={p.name} list={changed} /> : <p class="none">{t("policy.first")}</p>)}
              {open === v.number && onTake && v.number !== p.number && <Button small icon="undo" onClick={() => onTake(v.body as Body)}>{t("policy.restore")}</Button>}
            </li>
          );
        })}
      </ol>
    </Section>
  );
}
