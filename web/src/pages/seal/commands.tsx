// SPDX-License-Identifier: Apache-2.0
// Commands: what the seal's protocol offers, given with a reason; each with its verdict as it comes.
import { useEffect, useState } from "preact/hooks";
import { useGet, usePages } from "@/api/use";
import { newKey, post, seg } from "@/api/client";
import type { Command, CommandKind, Page } from "@/api/model";
import { t, word } from "@/i18n";
import { on } from "@/state/live";
import { CommandState } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Icon } from "@/ui/icon";
import { Button, Field, Input, Problem, Section, Skeleton } from "@/ui/parts";
import { say, tell } from "@/ui/toast";
import { Time } from "@/ui/time";

const FIRST = ["unlock", "lock", "locate"]; // what officers give most
const FEW = 5;

export function Commands({ seal }: { seal: string }) {
  const kinds = useGet<Page<CommandKind>>(`/seals/${seg(seal)}/command-list`);
  const given = usePages<Command>(`/seals/${seg(seal)}/commands`, {}, 50);
  const [all, setAll] = useState(false);
  const [chosen, setChosen] = useState<CommandKind | null>(null);
  const merge = (c: Command) => given.patch((items) => (items.some((x) => x.id === c.id) ? items.map((x) => (x.id === c.id ? { ...x, ...c } : x)) : [c, ...items]));
  useEffect(() => on("command", (c) => {
    if (c.seal === seal) merge(c);
  }), [seal]);
  const list = [...(kinds.value?.items ?? [])].sort((a, b) => rank(a.name) - rank(b.name));
  return (
    <>
      <Section title={t("seal.commands")}>
        {kinds.error ? <Problem error={tell(kinds.error)} retry={kinds.reload} /> : !kinds.value ? <Skeleton rows={2} /> : list.length === 0 ? <p class="none">{t("seal.commands.none")}</p> : (
          <div class="command-list">
            {(all ? list : list.slice(0, FEW)).map((k) => <Button key={k.name} kind="plain" icon={k.name === "unlock" ? "lock-open" : k.name === "lock" ? "lock" : k.name === "locate" ? "pin" : undefined} title={k.about} onClick={() => setChosen(k)}>{word("command", k.name)}</Button>)}
            {!all && list.length > FEW && <Button kind="quiet" icon="more" onClick={() => setAll(true)}>{t("more")}</Button>}
          </div>
        )}
      </Section>
      <Section title={t("seal.given")}>
        {given.items.length === 0 ? <p class="none">{t("seal.given.empty")}</p> : (
          <ul class="commands">
            {given.items.map((c) => (
              <li key={c.id}>
                <div class="command-top"><strong>{word("command", c.name)}</strong><CommandState state={c.state} /><Time at={c.done ?? c.sent ?? c.created} /></div>
                <div class="command-sub">
                  {Object.entries(c.args ?? {}).map(([k, x]) => <code key={k}>{k}={x}</code>)}
                  {c.reason && <span>{c.reason}</span>}
                  {c.user_name && <span>{t("seal.by", { name: c.user_name })}</span>}
                </div>
                {c.answer && <div class="command-answer"><Icon name="right" size={12} /><code>{c.answer}</code></div>}
                <ol class="verdict" aria-hidden="true">{(["queued", "sent", "done"] as const).map((s, i) => <li key={s} class={stage(c) >= i ? "on" : ""} />)}</ol>
              </li>
            ))}
          </ul>
        )}
        {given.more && <Button small kind="quiet" onClick={given.more}>{t("more")}</Button>}
      </Section>
      {chosen && <CommandDialog seal={seal} kind={chosen} onClose={() => setChosen(null)} onGiven={(c) => { merge(c); setChosen(null); say(t("toast.command", { state: word("commandState", c.state).toLowerCase() }), word("command", c.name)); }} />}
    </>
  );
}

const rank = (name: string) => (FIRST.indexOf(name) + 1 || 99);
const stage = (c: Command) => (c.state === "queued" ? 0 : c.state === "sent" ? 1 : 2);

function CommandDialog({ seal, kind, onClose, onGiven }: { seal: string; kind: CommandKind; onClose: () => void; onGiven: (c: Command) => void }) {
  const names = [...kind.required, ...kind.optional];
  const form = useForm<Record<string, string>>(Object.fromEntries([...names.map((n) => [n, ""]), ["reason", ""]]));
  const [key] = useState(newKey);
  const secret = (n: string) => kind.secret && /pass|old|new|pin|secret/.test(n);
  const give = (e: Event) => {
    e.preventDefault();
    const args = Object.fromEntries(names.filter((n) => form.value[n]!.trim() !== "").map((n) => [n, form.value[n]!.trim()]));
    void form.run(async () => onGiven(await post<Command>(`/seals/${seg(seal)}/commands`, { name: kind.name, args, reason: form.value["reason"]!.trim() }, { key })));
  };
  const ready = form.value["reason"]!.trim() && kind.required.every((n) => form.value[n]!.trim());
  return (
    <Dialog title={word("command", kind.name)} onClose={onClose}>
      <form onSubmit={give} noValidate>
        <p class="dialog-sub">{kind.about}{kind.name === "unlock" && ` ${t("seal.unlock.about")}`}</p>
        {names.map((n, i) => (
          <Field key={n} label={word("arg", n) + (kind.optional.includes(n) ? ` (${t("optional")})` : "")} error={form.wrong(n) ?? form.wrong(`args.${n}`)}>
            <Input value={form.value[n]!} onText={(x) => form.set(n, x)} type={secret(n) ? "password" : "text"} autocomplete="off" autofocus={i === 0} spellcheck={false} name={n} />
          </Field>
        ))}
        <Field label={t("seal.reason")} help={t("seal.reason.help")} error={form.wrong("reason")}><Input value={form.value["reason"]!} onText={(x) => form.set("reason", x)} maxLength={199} required autofocus={names.length === 0} name="reason" /></Field>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" icon="send" type="submit" busy={form.busy} disabled={!ready}>{t("seal.give")}</Button></footer>
      </form>
    </Dialog>
  );
}
