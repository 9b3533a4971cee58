// SPDX-License-Identifier: Apache-2.0
// The alarm queue: new ones first, then those in hand. It stands still while a pointer is over it.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Alarm } from "@/api/model";
import { t, word } from "@/i18n";
import { device } from "@/lib/names";
import { isOpen, merge } from "@/lib/queue";
import { alarms, fresh, open, ready, unheld } from "@/state/alarms";
import { journeys } from "@/state/journeys";
import { query, setQuery } from "@/state/route";
import { overdue } from "@/state/policies";
import { AlarmState, GradeMark } from "@/ui/badges";
import { Icon } from "@/ui/icon";
import { Empty, Skeleton } from "@/ui/parts";
import { Time } from "@/ui/time";
import { Why } from "@/ui/why";
import { Overdue } from "../alarm/panel";
import { ShiftLine } from "./shift";

/** Ids in the order on screen, for j and k. */
export const shownIds: { current: string[] } = { current: [] };

export function Queue({ selected }: { selected: string | null }) {
  const [held, setHeld] = useState(false);
  const order = useRef<string[]>([]);
  const list = useRef<HTMLDivElement>(null);
  const grade = query.value.get("grade");
  const fits = (a: Alarm) => !grade || grade.split(",").includes(String(a.grade));

  const known = [...alarms.value.values()].filter((a) => fits(a) && (isOpen(a) || a.id === selected || (held && order.current.includes(a.id))));
  const all = known.map((a) => ({ ...a, onset: a.onset ?? "", raised: a.raised ?? "" }));
  const merged = merge(order.current, all, held);
  const newer = held ? merged.filter((a) => !order.current.includes(a.id)) : [];
  const shown = merged.filter((a) => !newer.includes(a));
  if (!held) order.current = shown.map((a) => a.id);
  shownIds.current = shown.map((a) => a.id);

  useEffect(() => {
    if (!selected) return;
    list.current?.querySelector(`[data-id="${CSS.escape(selected)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [selected]);

  const release = () => setHeld(false);
  const isNew = (a: Alarm) => a.state === "raised";
  const firstInHand = shown.findIndex((a) => !isNew(a) && isOpen(a));
  return (
    <aside class="queue" aria-label={t("queue.title")}>
      <header class="queue-head">
        <h2>{t("queue.title")}</h2>
        <span class="dim">{t("queue.open", { n: open.value.length })}{unheld.value.length > 0 && ` · ${t("queue.unacknowledged", { n: unheld.value.length })}`}</span>
        <GradeFilter value={grade} />
      </header>
      <ShiftLine />
      {newer.length > 0 && <button type="button" class="queue-newer" onClick={release}>{t("queue.held", { n: newer.length })}</button>}
      <div class="queue-list" ref={list} onPointerEnter={(e) => e.pointerType === "mouse" && setHeld(true)} onPointerLeave={release}>
        {!ready.value ? <Skeleton rows={5} />
          : shown.length === 0 ? (grade
            ? <Empty icon="check" title={t("queue.filtered")} />
            : <Empty icon="check" title={t("queue.empty")}>{t("queue.empty.about")}</Empty>)
          : shown.map((a, i) => (
            <div key={a.id} class="queue-slot">
              {i === firstInHand && firstInHand > 0 && <h3 class="queue-group">{t("queue.hand")}</h3>}
              <Row alarm={a} selected={a.id === selected} />
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

function Row({ alarm: a, selected }: { alarm: Alarm; selected: boolean }) {
  const j = journeys.value.get(a.journey);
  const name = [j?.vehicle ?? j?.reference, a.seal && device(a.seal)].filter(Boolean).join(" · ");
  const waits = overdue(a);
  const cls = `alarm-row g${a.grade} ${a.state}${selected ? " selected" : ""}${fresh.value.has(a.id) ? " fresh" : ""}`;
  return (
    <button type="button" class={cls} data-id={a.id} aria-current={selected} onClick={() => setQuery({ alarm: a.id, seal: null }, true)}>
      <GradeMark grade={a.grade} size={16} solid={a.state === "raised"} />
      <span class="alarm-row-main">
        <span class="alarm-row-top"><strong>{word("kind", a.kind)}</strong><Time at={a.onset} /></span>
        <span class="alarm-row-who">{name || a.journey}</span>
        {a.why && <span class="alarm-row-why"><Why text={a.why} /></span>}
        {waits && <span class="alarm-row-state"><Overdue waits={waits} /></span>}
        {a.state !== "raised" && (
          <span class="alarm-row-state"><AlarmState state={a.state} />{(a.patrol ?? a.handler_name) && <span><Icon name={a.patrol ? "road" : "user"} size={12} />{a.patrol ?? a.handler_name}</span>}</span>
        )}
      </span>
    </button>
  );
}
