// SPDX-License-Identifier: Apache-2.0
// A form's values, kept as typed; the platform's verdict on each field; saving with what was read (ETag).
import { useState } from "preact/hooks";
import { ApiError } from "@/api/client";
import { fieldWords, sayError, tell, type Told } from "./toast";
import { t } from "@/i18n";

export interface Form<T> {
  value: T;
  set: <K extends keyof T>(key: K, value: T[K]) => void;
  all: (value: T) => void;
  wrong: (field: string) => string | undefined;
  fail: (field: string, words: string) => void;
  busy: boolean;
  error: Told | null;
  run: (save: () => Promise<void>) => Promise<boolean>;
}

export function useForm<T extends object>(start: T, changed?: (value: T) => void): Form<T> {
  const [value, setValue] = useState(start);
  const [errors, setErrors] = useState<Map<string, string>>(new Map());
  const [error, setError] = useState<Told | null>(null);
  const [busy, setBusy] = useState(false);
  const all = (next: T) => {
    setValue(next);
    changed?.(next);
  };
  return {
    value, busy, error, all,
    set: (key, v) => {
      setValue((old) => {
        const next = { ...old, [key]: v };
        changed?.(next);
        return next;
      });
      if (errors.has(String(key))) setErrors(new Map([...errors].filter(([k]) => k !== key && !k.startsWith(`${String(key)}.`) && !k.startsWith(`${String(key)}[`))));
    },
    wrong: (field) => errors.get(field) ?? [...errors].find(([k]) => k.startsWith(`${field}.`) || k.startsWith(`${field}[`))?.[1],
    fail: (field, words) => setErrors((old) => new Map([...old, [field, words]])),
    run: async (save) => {
      setBusy(true);
      setError(null);
      setErrors(new Map());
      try {
        await save();
        return true;
      } catch (e) {
        if (e instanceof ApiError && e.fields.size > 0) {
          setErrors(new Map([...e.fields].map(([k, f]) => [k, fieldWords(f)])));
          setError({ message: t("error.fields"), detail: tell(e).detail });
        } else if (e instanceof ApiError) setError(tell(e));
        else sayError(e);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
