// SPDX-License-Identifier: Apache-2.0
// Signing in, and the change of a one-time password that must follow.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "@/api/client";
import { t } from "@/i18n";
import { askTraining } from "@/state/clock";
import { changePassword, session, signIn, signOut } from "@/state/session";
import { Logo } from "@/ui/logo";
import { Button, Field, Input, Problem } from "@/ui/parts";
import { tell, type Told } from "@/ui/toast";

const MIN_LENGTH = 12;

function Card({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <main class="sign-in" id="page">
      <Frieze />
      <section class="sign-card">
        <header><Logo size={48} /><div><strong>{t("app.name")}</strong><span>{t("app.about")}</span></div></header>
        <h1>{title}</h1>
        {children}
      </section>
    </main>
  );
}

/** The seal rolled out over the clay, as ground. */
function Frieze() {
  return <div class="frieze" aria-hidden="true">{Array.from({ length: 24 }, (_, i) => <Logo key={i} size={120} />)}</div>;
}

export function SignInPage() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Told | null>(null);
  useEffect(() => void askTraining(), []);
  const submit = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn(name.trim(), password);
    } catch (x) {
      setError(x instanceof ApiError && x.status === 401 ? { message: t("signIn.wrong") } : tell(x));
      setBusy(false);
    }
  };
  return (
    <Card title={t("signIn.title")}>
      <form onSubmit={submit}>
        <Field label={t("signIn.name")}><Input value={name} onText={setName} name="name" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus /></Field>
        <Field label={t("signIn.password")}>
          <span class="with-button">
            <Input value={password} onText={setPassword} name="password" type={shown ? "text" : "password"} autocomplete="current-password" required />
            <button type="button" class="inside" onClick={() => setShown(!shown)}>{t(shown ? "signIn.hide" : "signIn.show")}</button>
          </span>
        </Field>
        {error && <Problem error={error} />}
        <Button kind="main" type="submit" busy={busy} class="block">{t("signIn.do")}</Button>
        <p class="dim">{t("signIn.help")}</p>
      </form>
    </Card>
  );
}

export function PasswordPage() {
  return (
    <Card title={t("password.title")}>
      <p class="dim">{t("password.about")}</p>
      <PasswordForm first done={() => undefined} cancel={() => void signOut()} />
    </Card>
  );
}

export function PasswordForm({ first, done, cancel }: { first: boolean; done: () => void; cancel: () => void }) {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  const [error, setError] = useState<Told | null>(null);
  const missing = MIN_LENGTH - fresh.length;
  const submit = async (e: Event) => {
    e.preventDefault();
    setTried(true);
    if (missing > 0 || fresh !== again) return;
    setBusy(true);
    setError(null);
    try {
      await changePassword(old, fresh);
      done();
    } catch (x) {
      setError(x instanceof ApiError && x.word === "wrong-name-or-password" ? { message: t("password.wrong") } : tell(x));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} noValidate>
      <input class="sr" type="text" name="username" autocomplete="username" value={session.value?.user.name ?? ""} readOnly tabIndex={-1} aria-hidden="true" />
      <Field label={t(first ? "password.old" : "password.current")}><Input value={old} onText={setOld} type="password" name="old" autocomplete="current-password" required autofocus /></Field>
      <Field label={t("password.new")} help={t("password.help")} error={tried && missing > 0 ? t("password.short", { n: missing }) : undefined}>
        <Input value={fresh} onText={setFresh} type="password" name="new" autocomplete="new-password" required />
      </Field>
      <Field label={t("password.again")} error={again && fresh !== again && (tried || again.length >= fresh.length) ? t("password.differs") : undefined}>
        <Input value={again} onText={setAgain} type="password" name="again" autocomplete="new-password" required />
      </Field>
      {error && <Problem error={error} />}
      <footer><Button kind="quiet" onClick={cancel}>{t(first ? "signOut" : "cancel")}</Button><Button kind="main" type="submit" busy={busy}>{t("password.do")}</Button></footer>
    </form>
  );
}
