// SPDX-License-Identifier: Apache-2.0
// What stands below the root of a group in the queue: its cause, how many more there are, and these when unfolded.
import { t, word } from "@/i18n";
import type { Row } from "@/lib/groups";
import { device } from "@/lib/names";
import type { Alarm } from "@/api/model";
import { fresh } from "@/state/alarms";
import { flip, type Timed } from "@/state/groups";
import { journeys } from "@/state/journeys";
import { setQuery } from "@/state/route";
import { AlarmState, GradeMark } from "@/ui/badges";
import { Icon } from "@/ui/icon";
import { Time } from "@/ui/time";

/** The vehicle and the seal that an alarm is about, as far as they are known. */
export function whose(a: Alarm): string {
  const j = journeys.value.get(a.journey);
  return [j?.vehicle ?? j?.reference, a.seal && device(a.seal)].filter(Boolean).join(" · ") || a.journey;
}

const KINDS = 3;

/** Other kinds than the root's, the gravest first: an opening must not hide behind the stay that it began with. */
function others(r: Row<Timed>): string {
  const kinds = [...new Set([...r.rest].sort((a, b) => b.grade - a.grade).map((a) => a.kind))].filter((k) => k !== r.root.kind);
  return kinds.slice(0, KINDS).map((k) => word("kind", k)).join(", ") + (kinds.length > KINDS ? " …" : "");
}

export function GroupFold({ row: r, open, selected }: { row: Row<Timed>; open: boolean; selected: string | null }) {
  const kinds = others(r);
  return (
    <div class="group-fold">
      <p class="group-cause">{word("cause", r.cause)}{r.journeys > 1 && ` · ${t("group.journeys", { n: r.journeys })}`}</p>
      <button type="button" class="group-more" aria-expanded={open} onClick={() => flip(r.id)}>
        <Icon name={open ? "down" : "right"} size={14} /><strong>{open ? t("group.fold") : t("group.more", { n: r.rest.length })}</strong>{!open && kinds && <span>{kinds}</span>}
      </button>
      {open && (
        <ul class="group-members">
          {r.rest.map((a) => (
            <li key={a.id}>
              <button type="button" class={`group-member ${a.state}${a.id === selected ? " selected" : ""}${fresh.value.has(a.id) ? " fresh" : ""}`} data-id={a.id} aria-current={a.id === selected} onClick={() => setQuery({ alarm: a.id, seal: null }, true)}>
                <GradeMark grade={a.grade} size={13} solid={a.state === "raised"} />
                <span class="group-member-main"><span class="alarm-row-top"><strong>{word("kind", a.kind)}</strong><Time at={a.onset} /></span><span class="alarm-row-who">{whose(a)}</span>{a.state !== "raised" && <AlarmState state={a.state} />}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
