// SPDX-License-Identifier: Apache-2.0
// Texts by key. `en` is the catalogue; another language is a file of the same keys. Numbers, times and units by Intl.
import { signal } from "@preact/signals";
import { en } from "./en";

export type Key = keyof typeof en;
export type Catalogue = Record<Key, string>;
export type Values = Record<string, string | number>;

const catalogues: Record<string, () => Promise<Catalogue>> = {};
let texts: Catalogue = en;
export const locale = signal(navigator.language.startsWith("en") ? navigator.language : "en-GB");

export async function useLanguage(name: string): Promise<void> {
  const load = catalogues[name];
  texts = load ? await load() : en;
  locale.value = name;
  document.documentElement.lang = name;
  document.documentElement.dir = /^(ar|fa|he|ur)\b/.test(name) ? "rtl" : "ltr";
}

/** The text of a key; "{name}" is replaced; with `n`, the plural form "key.one", "key.few" … is taken where it exists. */
export function t(key: Key, values?: Values): string {
  void locale.value; // whoever renders a text follows the language
  let text: string = texts[key];
  if (values && typeof values.n === "number") {
    const form = new Intl.PluralRules(locale.value).select(values.n);
    const plural = (texts as Record<string, string>)[`${key}.${form}`];
    if (plural !== undefined) text = plural;
  }
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number(value) : value;
  });
}

/** A word of the platform's vocabulary ("cable_cut", "under-way"): its text, or the word itself made readable. */
export function word(group: string, name: string | null | undefined): string {
  if (!name) return "—";
  void locale.value;
  const text = (texts as Record<string, string>)[`${group}.${name}`];
  return text ?? name.replace(/[_-]+/g, " ").replace(/^./, (c) => c.toUpperCase());
}

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(locale.value, { maximumFractionDigits: digits, minimumFractionDigits: 0 }).format(value);
}

export function percent(value: number): string {
  return new Intl.NumberFormat(locale.value, { style: "percent", maximumFractionDigits: 0 }).format(value / 100);
}

const units: Record<string, string> = { "km/h": "kilometer-per-hour", km: "kilometer", m: "meter", C: "celsius", deg: "degree", min: "minute", h: "hour", d: "day", L: "liter" };

export function quantity(value: number, unit: string, digits = 0): string {
  const name = units[unit];
  if (!name) return `${number(value, digits)} ${unit}`.trim();
  return new Intl.NumberFormat(locale.value, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
}

/** A distance in m up to a kilometre, else in km. */
export function metres(value: number): string {
  return value < 995 ? quantity(Math.round(value / 5) * 5, "m") : quantity(value / 1000, "km", value < 20_000 ? 1 : 0);
}

export function bytes(value: number): string {
  const steps = ["B", "KB", "MB", "GB", "TB"];
  let i = 0;
  while (value >= 1000 && i < steps.length - 1) {
    value /= 1000;
    i++;
  }
  return `${number(value, value < 10 && i > 0 ? 1 : 0)} ${steps[i]}`;
}
