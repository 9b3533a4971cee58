// SPDX-License-Identifier: Apache-2.0
import { locale, t } from "@/i18n";
import { clock, full, relative, span, toMs, type Instant } from "@/lib/time";
import { now } from "@/state/clock";

/** A time: relative while fresh (unless `exact`), local otherwise; date, zone and UTC on hover. */
export function Time({ at, exact, seconds, class: cls }: { at: Instant; exact?: boolean; seconds?: boolean; class?: string }) {
  const ms = toMs(at);
  if (ms === null) return <span class="none">—</span>;
  const text = (!exact && relative(ms, now.value, locale.value)) || clock(ms, now.value, locale.value, undefined, seconds);
  return <time class={cls} dateTime={new Date(ms).toISOString()} title={full(ms, locale.value)}>{text}</time>;
}

export function words() {
  return { d: t("unit.d"), h: t("unit.h"), min: t("unit.min"), s: t("unit.s") };
}

/** How long something lasted, or lasts until now. */
export function Span({ from, to }: { from: Instant; to?: Instant }) {
  const a = toMs(from);
  if (a === null) return <span class="none">—</span>;
  return <span>{span((toMs(to) ?? now.value) - a, words())}</span>;
}
