// SPDX-License-Identifier: Apache-2.0
// Who did what with an alarm, and the other alarms of its journey.
import { useEffect } from "preact/hooks";
import { useGet } from "@/api/use";
import { qs, seg } from "@/api/client";
import type { Alarm, AuditEntry, Page } from "@/api/model";
import { t, word } from "@/i18n";
import { may } from "@/state/session";
import { AlarmState, GradeMark } from "@/ui/badges";
import { Section } from "@/ui/parts";
import { Time } from "@/ui/time";

interface Step { at: string | null | undefined; text: string; who?: string | null | undefined }

export function History({ alarm: a }: { alarm: Alarm }) {
  const audit = useGet<Page<AuditEntry>>(may("observe") ? `/audit${qs({ object: a.id, limit: 50 })}` : null, true);
  useEffect(() => audit.reload(), [a.version]); // read again after each change
  const others = useGet<Page<Alarm>>(`/journeys/${seg(a.journey)}/alarms?limit=50`);
  const changes: Step[] = (audit.value?.items ?? []).map((e) => ({ at: e.time, text: word("action", e.action), who: e.user_name })).reverse();
  const steps: Step[] = [{ at: a.onset, text: t("alarm.happened") }, { at: a.raised, text: t("alarm.raised") }, ...changes];
  if (a.ended) steps.push({ at: a.ended, text: t("alarm.ended") });
  if (changes.length === 0 && a.state !== "raised" && a.changed) steps.push({ at: a.changed, text: word("alarmState", a.state), who: a.handler_name });
  steps.sort((x, y) => Date.parse(x.at ?? "") - Date.parse(y.at ?? ""));
  const similar = (others.value?.items ?? []).filter((o) => o.id !== a.id && o.state !== "withdrawn");
  return (
    <>
      <Section title={t("alarm.history")}>
        <ol class="steps">{steps.map((s, i) => <li key={i}><Time at={s.at} exact seconds /><span>{s.text}</span>{s.who && <em>{s.who}</em>}</li>)}</ol>
      </Section>
      {similar.length > 0 && (
        <Section title={t("alarm.similar")}>
          <ul class="similar">
            {similar.map((o) => <li key={o.id}><a href={`/watch?alarm=${seg(o.id)}`}><GradeMark grade={o.grade} size={13} /><span>{word("kind", o.kind)}</span><Time at={o.onset} /><AlarmState state={o.state} /></a></li>)}
          </ul>
        </Section>
      )}
    </>
  );
}
