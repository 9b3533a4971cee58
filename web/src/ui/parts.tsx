// SPDX-License-Identifier: Apache-2.0
// The small parts every page is made of: button, page head, empty state, facts, skeleton.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "@/i18n";
import { Icon, type IconName } from "./icon";

interface ButtonProps {
  kind?: "main" | "plain" | "quiet" | "danger";
  icon?: IconName;
  small?: boolean;
  busy?: boolean;
  disabled?: boolean;
  title?: string;
  hint?: string;
  type?: "button" | "submit";
  href?: string;
  pressed?: boolean;
  label?: string;
  class?: string;
  id?: string;
  onClick?: (e: MouseEvent) => void;
  children?: ComponentChildren;
}

export function Button({ kind = "plain", icon, small, busy, disabled, title, hint, type = "button", href, pressed, label, class: cls, id, onClick, children }: ButtonProps) {
  const name = `btn ${kind}${small ? " small" : ""}${children ? "" : " only-icon"}${cls ? ` ${cls}` : ""}`;
  const inner = <>{busy ? <span class="spinner" /> : icon && <Icon name={icon} size={small ? 14 : 16} />}{children !== undefined && <span>{children}</span>}{hint && <kbd>{hint}</kbd>}</>;
  if (href) return <a class={name} href={href} title={title ?? label} aria-label={label}>{inner}</a>;
  return (
    <button class={name} type={type} id={id} disabled={disabled || busy} title={title ?? label} aria-label={label} aria-pressed={pressed} aria-busy={busy} onClick={onClick}>
      {inner}
    </button>
  );
}

export function PageHead({ title, sub, children, back }: { title: ComponentChildren; sub?: ComponentChildren; children?: ComponentChildren; back?: string }) {
  return (
    <header class="page-head">
      {back && <a class="btn quiet only-icon" href={back} aria-label={t("back")}><Icon name="left" /></a>}
      <div class="page-title"><h1>{title}</h1>{sub && <p>{sub}</p>}</div>
      <div class="page-actions">{children}</div>
    </header>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return <div class="empty"><Icon name={icon} size={28} /><h2>{title}</h2>{children && <p>{children}</p>}</div>;
}

export function Skeleton({ rows = 6 }: { rows?: number }) {
  return <div class="skeleton" aria-busy="true" aria-label={t("loading")}>{Array.from({ length: rows }, (_, i) => <i key={i} />)}</div>;
}

export function Problem({ error, retry }: { error: { message: string; detail?: string | undefined }; retry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <Icon name="warning" size={18} />
      <div><strong>{error.message}</strong>{error.detail && <p>{error.detail}</p>}</div>
      {retry && <Button small icon="refresh" onClick={retry}>{t("retry")}</Button>}
    </div>
  );
}

export type FactRow = [label: string, value: ComponentChildren] | false | null | undefined;
export function Facts({ rows, wide }: { rows: FactRow[]; wide?: boolean }) {
  return (
    <dl class={wide ? "facts wide" : "facts"}>
      {rows.filter((r): r is [string, ComponentChildren] => !!r).map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value ?? "—"}</dd></div>)}
    </dl>
  );
}

export function Section({ title, aside, children, class: cls }: { title: ComponentChildren; aside?: ComponentChildren; children: ComponentChildren; class?: string }) {
  return <section class={cls ? `section ${cls}` : "section"}><header><h2>{title}</h2>{aside}</header>{children}</section>;
}

interface FieldProps {
  label: string;
  error?: string | undefined;
  help?: string;
  children: ComponentChildren;
  class?: string;
}
export function Field({ label, error, help, children, class: cls }: FieldProps) {
  return (
    <label class={`field${error ? " wrong" : ""}${cls ? ` ${cls}` : ""}`}>
      <span class="field-label">{label}</span>
      {children}
      {error ? <span class="field-error" role="alert">{error}</span> : help && <span class="field-help">{help}</span>}
    </label>
  );
}

interface InputProps {
  value: string;
  onText: (text: string) => void;
  type?: "text" | "password";
  name?: string;
  placeholder?: string;
  autocomplete?: string;
  autocapitalize?: "none";
  inputMode?: "numeric" | "decimal";
  maxLength?: number;
  required?: boolean;
  disabled?: boolean;
  autofocus?: boolean;
  spellcheck?: boolean;
  "aria-label"?: string;
}
export function Input({ value, onText, type = "text", ...rest }: InputProps) {
  const own = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (rest.autofocus) own.current?.focus(); // the attribute works only while a document loads
  }, []);
  return <input {...rest} ref={own} type={type as "text"} value={value} onInput={(e) => onText(e.currentTarget.value)} />;
}

interface SelectProps { value: string; options: readonly (readonly [string, string])[]; onPick: (value: string) => void; label?: string; disabled?: boolean }
export function Select({ value, options, onPick, label, disabled }: SelectProps) {
  return (
    <select value={value} aria-label={label} disabled={disabled} onChange={(e) => onPick((e.currentTarget as HTMLSelectElement).value)}>
      {options.map(([v, text]) => <option key={v} value={v} selected={v === value}>{text}</option>)}
    </select>
  );
}
