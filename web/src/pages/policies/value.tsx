// SPDX-License-Identifier: Apache-2.0
// A member's name and value in words, and the difference between two versions.
import type { ComponentChildren } from "preact";
import { number, t, word, type Key } from "@/i18n";
import type { Difference, Phase } from "@/lib/policy";
import { choicesOf, unitOf } from "@/lib/policy";
import { Time } from "@/ui/time";

/** Names of alarm kinds stand in the policy of handling. */
export const memberName = (policy: string, member: string) => (policy === "handling" && member !== "others" ? word("kind", member) : word("policyMember", member));

const listWord = (member: string, v: string) => (member === "classes" ? word("class", v) : member === "modes" ? word("mode", v) : member === "regimes" ? word("regime", v) : v);

export function wordOf(policy: string, v: string): string {
  return policy === "handling" ? word("plan", v) : policy === "goods-compulsory" ? t(`policy.seal.${v}` as Key) : word("decision", v);
}

export function phaseText(p: Phase): ComponentChildren {
  return <><Time at={p.from} exact /> · {p.mode && p.mode !== "any" ? word("mode", p.mode) : t("policy.any")} · {p.hs?.length ? p.hs.join(", ") : t("policy.phase.all")}{p.class === "active" && <> · {t("policy.seal.active")}</>}</>;
}

export function ValueText({ policy, member, value }: { policy: string; member: string; value: unknown }) {
  if (value === undefined || value === null) return <span class="none">—</span>;
  if (typeof value === "boolean") return <>{t(value ? "policy.on" : "policy.off")}</>;
  if (typeof value === "number") {
    const unit = unitOf(policy, member);
    return <span class="num">{number(value)}{unit && <span class="dim"> {t(`policy.${unit}` as Key)}</span>}</span>;
  }
  if (typeof value === "string") return <>{wordOf(policy, value)}</>;
  const list = value as unknown[];
  if (list.length === 0) return <span class="none">{choicesOf(member).length ? t("all") : t("policy.empty")}</span>;
  if (member === "phases") return <>{(list as Phase[]).map((p, i) => <span key={i} class="phase-text">{phaseText(p)}</span>)}</>;
  return <span class="num">{(list as string[]).map((v) => listWord(member, v)).join(", ")}</span>;
}

export function Differences({ policy, list }: { policy: string; list: Difference[] }) {
  return (
    <ul class="differences">
      {list.map((d) => (
        <li key={d.member}><span>{memberName(policy, d.member)}</span><span class="was"><ValueText policy={policy} member={d.member} value={d.was} /></span><i aria-hidden="true">→</i><strong><ValueText policy={policy} member={d.member} value={d.is} /></strong></li>
      ))}
    </ul>
  );
}
