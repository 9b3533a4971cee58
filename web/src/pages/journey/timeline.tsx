// SPDX-License-Identifier: Apache-2.0
// What happened, newest on top: alarms, commands, changes, what the seals reported. And the card of one chosen point.
import { useGet } from "@/api/use";
import { seg } from "@/api/client";
import type { ObservationDetail, TimelineItem } from "@/api/model";
import { t, word } from "@/i18n";
import { device } from "@/lib/names";
import { toMs } from "@/lib/time";
import { may } from "@/state/session";
import { AlarmState, CommandState, GradeMark, Proof, SealState } from "@/ui/badges";
import { ObservationBytes } from "@/ui/bytes";
import { Icon, type IconName } from "@/ui/icon";
import { gist } from "@/ui/observation";
import { Button, Problem, Skeleton } from "@/ui/parts";
import { tell } from "@/ui/toast";
import { Time } from "@/ui/time";
import { Why } from "@/ui/why";
import { detailWords } from "../audit";

const icons: Record<TimelineItem["kind"], IconName> = { alarm: "warning", command: "send", change: "pencil", observation: "lock" };

interface Props { items: TimelineItem[]; cursor: number | null; onHover: (t: number | null) => void; onPick: (id: string) => void }

export function Timeline({ items, cursor, onHover, onPick }: Props) {
  if (items.length === 0) return <p class="none">{t("journey.timeline.empty")}</p>;
  const list = [...items].reverse();
  // The entry nearest before the cursor is marked, so that plot, map and time line point at the same moment.
  const marked = cursor === null ? -1 : list.findIndex((x) => (toMs(x.time) ?? 0) <= cursor);
  return (
    <ol class="timeline" onMouseLeave={() => onHover(null)}>
      {list.map((x, i) => (
        <li key={i} class={`${x.kind}${i === marked ? " marked" : ""}`} onMouseEnter={() => onHover(toMs(x.time))}>
          <span class="dot">{x.alarm ? <GradeMark grade={x.alarm.grade} size={14} /> : <Icon name={icons[x.kind]} size={13} />}</span>
          <Time at={x.time} exact seconds />
          <Entry item={x} onPick={onPick} />
        </li>
      ))}
    </ol>
  );
}

function Entry({ item: x, onPick }: { item: TimelineItem; onPick: (id: string) => void }) {
  if (x.alarm) return <a class="entry" href={`/watch?alarm=${seg(x.alarm.id)}`}><strong>{word("kind", x.alarm.kind)}</strong><span class="dim">{"why" in x.alarm && <Why text={x.alarm.why} />}</span><AlarmState state={x.alarm.state} /></a>;
  if (x.command) return <span class="entry"><strong>{word("command", x.command.name)}</strong><span class="dim">{[device(x.command.seal), x.command.reason, x.command.user_name].filter(Boolean).join(" · ")}</span><CommandState state={x.command.state} /></span>;
  if (x.change) return <span class="entry"><strong>{word("action", x.change.action)}</strong><span class="dim">{[x.change.user_name, detailWords(x.change.detail)].filter(Boolean).join(" · ")}</span></span>;
  if (x.observation) {
    const o = x.observation;
    return <button type="button" class="entry" onClick={() => onPick(o.id)}><strong>{gist(o)}</strong><span class="dim">{device(o.seal)}</span>{o.state?.seal ? <SealState state={o.state.seal} proof={o.proof} /> : <Proof proof={o.proof} />}</button>;
  }
  return null;
}

/** The raw message behind a point of the track. */
export function PointCard({ id, onClose }: { id: string; onClose: () => void }) {
  const { value, error, reload } = useGet<ObservationDetail>(may("observe") ? `/observations/${seg(id)}` : null, true);
  if (!may("observe")) return null;
  return (
    <section class="point-card">
      <header>
        <h3>{value ? <><Time at={value.observation.time ?? value.observation.received} exact seconds /> · {gist(value.observation) || t("position")}</> : t("raw.title")}</h3>
        {value && <a href={`/seals/${seg(value.observation.seal)}`}>{device(value.observation.seal)}</a>}
        <Button small kind="quiet" icon="close" label={t("close")} onClick={onClose} />
      </header>
      {error ? <Problem error={tell(error)} retry={reload} /> : value ? <ObservationBytes detail={value} /> : <Skeleton rows={4} />}
    </section>
  );
}
