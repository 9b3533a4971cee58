// SPDX-License-Identifier: Apache-2.0
// Short words about what just happened; and the sentence for each kind of failure.
import { signal } from "@preact/signals";
import { ApiError } from "@/api/client";
import { t } from "@/i18n";
import { Icon } from "./icon";

interface Toast { id: number; text: string; detail?: string | undefined; bad: boolean }
const toasts = signal<Toast[]>([]);
let next = 1;

export function say(text: string, detail?: string, bad = false): void {
  const toast = { id: next++, text, detail, bad };
  toasts.value = [...toasts.value.filter((x) => x.bad).slice(-1), toast]; // what went well gives way to what comes next; what went wrong stays to be read
  setTimeout(() => (toasts.value = toasts.value.filter((x) => x.id !== toast.id)), bad ? 9000 : 3500);
}

export interface Told { message: string; detail?: string | undefined }

/** A failure in words that say what to do. */
export function tell(e: unknown): Told {
  if (!(e instanceof ApiError)) return { message: t("error.other"), detail: e instanceof Error ? e.message : undefined };
  const detail = e.problem?.detail;
  const fields = (e.problem?.errors ?? []).map((f) => `${f.field}: ${fieldWords(f)}`).join("; ");
  if (e.status === 0) return { message: t("error.offline"), detail: t("error.offline.about") };
  if (e.status === 403) return { message: t("error.forbidden"), detail };
  if (e.status === 404) return { message: t("error.notFound"), detail: t("error.notFound.about") };
  if (e.status === 412) return { message: t("error.changedSince"), detail: t("error.changedSince.about") };
  if (e.status === 429) return { message: t("error.tooMany", { s: e.retryAfter ?? 5 }) };
  if (e.word === "storage") return { message: t("error.storage"), detail };
  return { message: e.problem?.title ?? t("error.other"), detail: fields || detail };
}

export function fieldWords(f: { expected?: string | undefined; got?: string | undefined }): string {
  if (f.expected && f.got) return t("error.field", { expected: f.expected, got: f.got });
  if (f.expected) return t("error.field.expected", { expected: f.expected });
  return f.got ?? t("error.other");
}

export function sayError(e: unknown): void {
  const told = tell(e);
  say(told.message, told.detail, true);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((x) => (
        <div key={x.id} class={x.bad ? "toast bad" : "toast"}>
          <Icon name={x.bad ? "warning" : "check"} />
          <div><strong>{x.text}</strong>{x.detail && <p>{x.detail}</p>}</div>
        </div>
      ))}
    </div>
  );
}
