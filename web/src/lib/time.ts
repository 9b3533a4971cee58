// SPDX-License-Identifier: Apache-2.0
// Times as officers read them: relative while fresh, local otherwise, the zone on hover. Pure: `now` and the locale are arguments.

export type Instant = string | number | null | undefined;

export function toMs(at: Instant): number | null {
  if (at === null || at === undefined || at === "") return null;
  const ms = typeof at === "number" ? at : Date.parse(at);
  return Number.isFinite(ms) ? ms : null;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 8_000; // younger than our own clock ticks

/** "12 s ago", "in 5 min": under an hour; null beyond, where a clock time says more. */
export function relative(at: number, now: number, locale: string): string | null {
  const gap = at - now;
  const size = Math.abs(gap);
  if (size >= HOUR) return null;
  if (size < NOW) return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(0, "second");
  const f = new Intl.RelativeTimeFormat(locale, { style: "short", numeric: "auto" });
  if (size < MINUTE) return f.format(Math.round(gap / 1000), "second");
  return f.format(Math.trunc(gap / MINUTE), "minute");
}

function parts(at: number, locale: string, zone: string | undefined, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...options }).format(at);
}

function sameDay(a: number, b: number, zone: string | undefined): boolean {
  const day = (ms: number) => parts(ms, "en-CA", zone, { year: "numeric", month: "2-digit", day: "2-digit" });
  return day(a) === day(b);
}

/** "14:05" today, "Tue 14:05" within six days, "3 May 14:05" this year, with the year otherwise. */
export function clock(at: number, now: number, locale: string, zone?: string, seconds = false): string {
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) };
  if (sameDay(at, now, zone)) return parts(at, locale, zone, time);
  if (Math.abs(now - at) < 6 * DAY) return `${parts(at, locale, zone, { weekday: "short" })} ${parts(at, locale, zone, time)}`;
  const year = (ms: number) => parts(ms, "en", zone, { year: "numeric" });
  const date: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", ...(year(at) === year(now) ? {} : { year: "numeric" }) };
  return `${parts(at, locale, zone, date)} ${parts(at, locale, zone, time)}`;
}

/** The whole truth, for the hover: date, seconds, zone, and UTC. */
export function full(at: number, locale: string, zone?: string): string {
  const local = parts(at, locale, zone, {
    weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "shortOffset",
  });
  return `${local} · ${new Date(at).toISOString().replace(/\.\d+Z$/, "Z")}`;
}

/** "2 d 3 h", "4 h 05 min", "12 min", "40 s". */
export function span(ms: number, words: { d: string; h: string; min: string; s: string } = { d: "d", h: "h", min: "min", s: "s" }): string {
  const size = Math.abs(ms);
  if (size < MINUTE) return `${Math.round(size / 1000)} ${words.s}`;
  if (size < HOUR) return `${Math.floor(size / MINUTE)} ${words.min}`;
  if (size < DAY) {
    const minutes = Math.floor((size % HOUR) / MINUTE);
    return `${Math.floor(size / HOUR)} ${words.h} ${String(minutes).padStart(2, "0")} ${words.min}`;
  }
  return `${Math.floor(size / DAY)} ${words.d} ${Math.floor((size % DAY) / HOUR)} ${words.h}`;
}

/** For <input type="datetime-local">: local wall time without zone, and back. */
export function toInput(at: Instant): string {
  const ms = toMs(at);
  if (ms === null) return "";
  const d = new Date(ms);
  return new Date(ms - d.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

export function fromInput(text: string): string | null {
  if (!text) return null;
  const ms = new Date(text).getTime();
  return Number.isFinite(ms) ? new Date(ms).toISOString().replace(".000Z", "Z") : null;
}
