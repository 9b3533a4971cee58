// SPDX-License-Identifier: Apache-2.0
// All tasks: who is where on the way to what, and what they reported.
import { useEffect, useState } from "preact/hooks";
import { seg } from "@/api/client";
import type { Task } from "@/api/model";
import { usePages } from "@/api/use";
import { t, word } from "@/i18n";
import { journeyTitle, short } from "@/lib/names";
import { now } from "@/state/clock";
import { journeys } from "@/state/journeys";
import { on } from "@/state/live";
import { query, setQuery } from "@/state/route";
import { GradeMark, Life } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { Button, Empty, PageHead } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Table, type Column } from "@/ui/table";
import { sayError } from "@/ui/toast";
import { Time } from "@/ui/time";
import { TaskLife, whoOf } from "./tasks/life";
import { isLate, isOpenTask } from "./tasks/model";
import { stepTask } from "./tasks/use";

const tone = (x: Task) => (x.state === "closed" || x.state === "withdrawn" ? "done" : x.state === "reported" ? "warn" : x.state === "open" ? "plain" : "live") as "done" | "warn" | "plain" | "live";
const nameOf = (x: Task) => (x.alarm_kind ? word("kind", x.alarm_kind) : word("taskKind", x.kind));
const about = (x: Task) => {
  const j = x.journey ? journeys.value.get(x.journey) : undefined;
  return j ? [j.vehicle, journeyTitle(j)].filter((v, i, all) => v && all.indexOf(v) === i).join(" · ") : x.journey ? short(x.journey) : "—";
};

const columns: Column<Task>[] = [
  { key: "task", head: () => t("col.task"), cell: (x) => <span class="vehicle">{x.grade ? <GradeMark grade={x.grade} size={15} /> : <Icon name="flag" size={15} />}<strong>{nameOf(x)}</strong></span> },
  { key: "state", head: () => t("col.state"), cell: (x) => <span class="vehicle"><Life group="taskState" value={x.state} tone={tone(x)} />{x.escalated && <Icon name="warning" size={14} />}</span>, width: "150px" },
  { key: "who", head: () => t("col.who"), cell: (x) => <span class="clip">{whoOf(x)}</span>, width: "190px" },
  { key: "about", head: () => t("col.about"), cell: (x) => (x.journey ? <a href={`/journeys/${seg(x.journey)}`}>{about(x)}</a> : "—"), width: "220px" },
  { key: "since", head: () => t("col.since"), cell: (x) => <Time at={x.changed} />, width: "110px", minor: true },
  { key: "due", head: () => t("col.due"), cell: (x) => (x.due ? <span class={isLate(x, now.value) ? "late" : ""}><Time at={x.due} /></span> : <span class="none">—</span>), width: "110px", label: t("col.due") },
];

export function TasksPage() {
  const q = query.value;
  const all = q.get("all") === "1";
  const list = usePages<Task>("/tasks", { state: all ? null : "open" }, 200);
  const [chosen, setChosen] = useState<string | null>(null);
  useEffect(() => on("notice", (n) => n.about === "task" && list.reload()), [list.reload]);
  const words = (q.get("q") ?? "").toLowerCase();
  const rows = list.items.filter((x) => !words || [nameOf(x), whoOf(x), about(x), x.note].join(" ").toLowerCase().includes(words));
  const task = list.items.find((x) => x.id === chosen);
  return (
    <main class="page table-page" id="page" tabIndex={-1}>
      <PageHead title={t("tasks.title")} />
      <div class="filters">
        <SearchBox value={q.get("q") ?? ""} placeholder={t("tasks.search")} onText={(x) => setQuery({ q: x.trim() || null })} />
        <label class="check"><input type="checkbox" checked={all} onChange={(e) => setQuery({ all: e.currentTarget.checked ? "1" : null })} /><span>{t("tasks.all")}</span></label>
      </div>
      <Table columns={columns} rows={rows} id={(x) => x.id} onRow={(x) => setChosen(x.id)} list={list} current={chosen}
        empty={words ? <Empty icon="search" title={t("tasks.noHit")} /> : <Empty icon="flag" title={t("tasks.empty")}>{t("tasks.empty.about")}</Empty>} />
      {task && (
        <Dialog title={nameOf(task)} onClose={() => setChosen(null)} wide>
          <div class="dialog-body">
            <TaskLife task={task} onChanged={list.reload} onClose={isOpenTask(task) && !task.alarm ? () => void stepTask(task, "closed", {}).then(() => list.reload(), sayError) : undefined} />
            {task.alarm && <footer><Button href={`/watch?alarm=${seg(task.alarm)}`} icon="watch">{t("alarm.what")}</Button></footer>}
          </div>
        </Dialog>
      )}
    </main>
  );
}
