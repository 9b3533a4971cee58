// SPDX-License-Identifier: Apache-2.0
// The alarm queue: new ones first, then those in hand. It stands still while a pointer is over it.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Alarm } from "@/api/model";
import { t, word } from "@/i18n";
import { rowOf, walk, type Row } from "@/lib/groups";
import { isOpen, merge } from "@/lib/queue";
import { alarms, fresh, open, ready, unheld } from "@/state/alarms";
import { rows, unfolded, type Timed } from "@/state/groups";
import { asked } from "@/state/emergencies";
import { query, setQuery } from "@/state/route";
import { overdue } from "@/state/policies";
import { AlarmState, GradeMark } from "@/ui/badges";
import { Icon } from "@/ui/icon";
import { Empty, Skeleton } from "@/ui/parts";
import { Time } from "@/ui/time";
import { Why } from "@/ui/why";
import { Overdue } from "../alarm/panel";
import { GroupFold, whose } from "./group";
import { ShiftLine } from "./shift";

/** Ids in the order on screen, for j and k. */
export const shownIds: { current: string[] } = { current: [] };

export function Queue({ selected }: { selected: string | null }) {
  const [held, setHeld] = useState(false);
  const order = useRef<string[]>([]);
  const list = useRef<HTMLDivElement>(null);
  const grade = query.value.get("grade");
  const fits = (a: { grade: number }) => !grade || grade.split(",").includes(String(a.grade));

  // Of what is closed, only what is being looked at, or what would leave a gap under the pointer.
  const stays = (a: Alarm) => !isOpen(a) && fits(a) && (a.id === selected || (held && order.current.includes(a.id)));
  const closed = [...alarms.value.values()].filter(stays).map((a) => rowOf(a.id, "alone", [{ ...a, onset: a.onset ?? "", raised: a.raised ?? "" }]));
  const all = [...rows.value.filter(fits), ...closed.filter((c) => !rows.value.some((r) => r.id === c.id))];
  const merged = merge(order.current, all, held);
  const newer = held ? merged.filter((r) => !order.current.includes(r.id)) : [];
  const shown = merged.filter((r) => !newer.includes(r));
  if (!held) order.current = shown.map((r) => r.id);
  const isUnfolded = (r: Row<Timed>) => r.rest.length > 0 && (unfolded.value.has(r.id) || r.rest.some((a) => a.id === selected));
  shownIds.current = walk(shown, new Set(shown.filter(isUnfolded).map((r) => r.id)));

  useEffect(() => {
    if (!selected) return;
    list.current?.querySelector(`[data-id="${CSS.escape(selected)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [selected]);

  const release = () => setHeld(false);
  const firstInHand = shown.findIndex((r) => r.state !== "raised" && isOpen(r));
  return (
    <aside class="queue" aria-label={t("queue.title")}>
      <header class="queue-head">
        <h2>{t("queue.title")}</h2>
        <span class="dim">{t("queue.open", { n: open.value.length })}{unheld.value.length > 0 && ` · ${t("queue.unacknowledged", { n: unheld.value.length })}`}</span>
        <GradeFilter value={grade} />
      </header>
      <ShiftLine />
      {asked.value.length > 0 && <a class="queue-asked" href="/applications?tab=emergencies"><Icon name="lock-open" size={16} /><span>{t("emergencies.asked", { n: asked.value.length })}</span><Icon name="right" size={14} /></a>}
      {newer.length > 0 && <button type="button" class="queue-newer" onClick={release}>{t("queue.held", { n: newer.length })}</button>}
      <div class="queue-list" ref={list} onPointerEnter={(e) => e.pointerType === "mouse" && setHeld(true)} onPointerLeave={release}>
        {!ready.value ? <Skeleton rows={5} />
          : shown.length === 0 ? (grade
            ? <Empty icon="check" title={t("queue.filtered")} />
            : <Empty icon="check" title={t("queue.empty")}>{t("queue.empty.about")}</Empty>)
          : shown.map((r, i) => (
            <div key={r.id} class={r.rest.length > 0 ? "queue-slot of-group" : "queue-slot"}>
              {i === firstInHand && firstInHand > 0 && <h3 class="queue-group">{t("queue.hand")}</h3>}
              <AlarmRow alarm={r.root} grade={r.grade} waits={r.waiting.length > 0} selected={r.root.id === selected} />
              {r.rest.length > 0 && <GroupFold row={r} open={isUnfolded(r)} selected={selected} />}
            </div>
          ))}
      </div>
    </aside>
  );
}

function GradeFilter({ value }: { value: string | null }) {
  const on = new Set(value ? value.split(",") : []);
  const flip = (g: string) => {
    const next = new Set(on);
    if (!next.delete(g)) next.add(g);
    setQuery({ grade: [...next].sort().join(",") || null });
  };
  return (
    <div class="grade-filter" role="group" aria-label={t("queue.grade")}>
      {["3", "2", "1"].map((g) => (
        <button key={g} type="button" aria-pressed={on.has(g)} title={word("grade", g)} onClick={() => flip(g)}>
          <GradeMark grade={Number(g)} size={13} solid={on.size === 0 || on.has(g)} />
        </button>
      ))}
    </div>
  );
}

/** An alarm; or the root of a group, as grave as the worst of it and waiting while one of it waits. */
function AlarmRow({ alarm: a, grade, waits: some, selected }: { alarm: Alarm; grade: number; waits: boolean; selected: boolean }) {
  const waits = overdue(a);
  const cls = `alarm-row g${grade} ${a.state}${selected ? " selected" : ""}${fresh.value.has(a.id) ? " fresh" : ""}`;
  return (
    <button type="button" class={cls} data-id={a.id} aria-current={selected} onClick={() => setQuery({ alarm: a.id, seal: null }, true)}>
      <GradeMark grade={grade} size={16} solid={some} />
      <span class="alarm-row-main">
        <span class="alarm-row-top"><strong>{word("kind", a.kind)}</strong><Time at={a.onset} /></span>
        <span class="alarm-row-who">{whose(a)}</span>
        {a.why && <span class="alarm-row-why"><Why text={a.why} /></span>}
        {waits && <span class="alarm-row-state"><Overdue waits={waits} /></span>}
        {a.state !== "raised" && (
          <span class="alarm-row-state"><AlarmState state={a.state} />{(a.patrol ?? a.handler_name) && <span><Icon name={a.patrol ? "road" : "user"} size={12} />{a.patrol ?? a.handler_name}</span>}</span>
        )}
      </span>
    </button>
  );
}
