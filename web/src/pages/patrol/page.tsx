// SPDX-License-Identifier: Apache-2.0
// The patrol's phone: what to do, where the vehicle is, one large button for what comes next. Works without a network: what is
// done is kept and sent in order when the platform is reached.
import { useEffect, useState } from "preact/hooks";
import { seg } from "@/api/client";
import type { Journey, Page, Task, TaskState } from "@/api/model";
import { useGet } from "@/api/use";
import { t, word, type Key } from "@/i18n";
import { newKey } from "@/api/client";
import { device } from "@/lib/names";
import { now, serverNow } from "@/state/clock";
import { seals as fleet, tick } from "@/state/fleet";
import { journeys } from "@/state/journeys";
import { on } from "@/state/live";
import { answered, begin, dismiss, kept, put, sending, waiting } from "@/state/outbox";
import { go } from "@/state/route";
import { GradeMark, Life, SealState } from "@/ui/badges";
import { Icon, type IconName } from "@/ui/icon";
import { Button, Empty, Facts, Problem, Skeleton } from "@/ui/parts";
import { tell } from "@/ui/toast";
import { Time } from "@/ui/time";
import { isLate } from "../tasks/model";
import { PatrolMap } from "./map";
import { nextOf, sorted, stateOf } from "./model";
import { Report } from "./report";
import { whereAmI } from "./where";

const icons: Record<string, IconName> = { patrol: "flag", inspection: "eye", deployment: "station" };

const tones: Partial<Record<TaskState, "live" | "done" | "plain">> = { accepted: "live", "under-way": "live", arrived: "live", reported: "done", closed: "done", withdrawn: "done" };
const plate = (x: Task) => (x.journey ? journeys.value.get(x.journey)?.vehicle : null) ?? null;

const newest = (x: Task): Task => {
  const answer = answered.value.get(x.id);
  return answer && answer.version > x.version ? answer : x;
};

/** The list from the platform, or as last seen. */
function useTasks() {
  const loaded = useGet<Page<Task>>("/tasks?user=me&state=open", true);
  const [old, setOld] = useState<Task[] | null>(null);
  useEffect(() => void begin(), []);
  useEffect(() => {
    if (loaded.value) void kept.write("tasks", loaded.value.items.map(newest));
    else void kept.read<Task[]>("tasks").then((x) => setOld(x ?? null));
  }, [loaded.value, answered.value]);
  useEffect(() => on("alarm", () => loaded.reload()), []);
  useEffect(() => on("notice", (n) => n.about === "task" && loaded.reload()), []);
  const sent = waiting.value.length;
  useEffect(() => loaded.reload(), [sent]);
  return { tasks: (loaded.value?.items ?? old)?.map(newest) ?? null, error: loaded.error, reload: loaded.reload, stale: !loaded.value };
}

export function PatrolPage({ id }: { id: string | null }) {
  const { tasks, error, reload } = useTasks();
  const one = id ? tasks?.find((x) => x.id === id) : undefined;
  if (!tasks) return <main class="page patrol" id="page">{error ? <Problem error={tell(error)} retry={reload} /> : <Skeleton rows={6} />}</main>;
  return (
    <main class="page patrol" id="page" tabIndex={-1}>
      <Outbox />
      {id ? one ? <TaskPage key={one.id} task={one} /> : <Empty icon="flag" title={t("patrol.gone")}><Button href="/patrol">{t("patrol.all")}</Button></Empty> : <List tasks={tasks} />}
    </main>
  );
}

function List({ tasks }: { tasks: Task[] }) {
  if (tasks.length === 0) return <Empty icon="flag" title={t("patrol.none")}>{t("patrol.none.about")}</Empty>;
  return (
    <>
      <h1 class="patrol-title">{t("patrol.title")}</h1>
      <ul class="task-cards">
        {sorted(tasks, waiting.value).map((x) => (
          <li key={x.id}>
            <a class={`task-card g${x.grade ?? 0}`} href={`/patrol/${seg(x.id)}`}>
              <span class="task-kind">{x.grade ? <GradeMark grade={x.grade} size={18} /> : <Icon name={icons[x.kind ?? ""] ?? "flag"} size={18} />}<strong>{x.alarm_kind ? word("kind", x.alarm_kind) : word("taskKind", x.kind)}</strong><Time at={x.created} /></span>
              {plate(x) && <span class="plate">{plate(x)}</span>}
              {x.note && <span class="dim">{x.note}</span>}
              <span class="task-foot"><Life group="taskState" value={stateOf(x, waiting.value)} tone={tones[stateOf(x, waiting.value)]} />{x.due && <span class={isLate(x, now.value) ? "late" : "dim"}><Icon name="clock" size={14} /> <Time at={x.due} /></span>}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What waits to be sent, and what the platform did not take. */
function Outbox() {
  const list = waiting.value;
  if (list.length === 0) return null;
  const refused = list.filter((j) => j.refused);
  return (
    <section class="outbox" role="status">
      {list.length > refused.length && <p><Icon name={sending.value ? "send" : "offline"} size={16} />{t("patrol.waits", { n: list.length - refused.length })}</p>}
      {refused.map((j) => <div key={j.id} class="problem" role="alert"><Icon name="warning" size={18} /><div><strong>{j.what}</strong><p>{j.refused}</p></div><Button small onClick={() => void dismiss(j.id)}>{t("patrol.understood")}</Button></div>)}
    </section>
  );
}

function TaskPage({ task }: { task: Task }) {
  void tick.value;
  const [reporting, setReporting] = useState(false);
  const [busy, setBusy] = useState(false);
  const state = stateOf(task, waiting.value);
  const next = nextOf(state);
  const loaded = useGet<Journey>(task.journey ? `/journeys/${seg(task.journey)}` : null, true);
  const [old, setOld] = useState<Journey | null>(null);
  const name = `journey.${task.journey ?? ""}`;
  useEffect(() => {
    if (loaded.value) void kept.write(name, loaded.value);
    else void kept.read<Journey>(name).then((x) => setOld(x ?? null));
  }, [loaded.value]);
  const journey = loaded.value ?? old;
  const step = async () => {
    if (!next) return;
    if (next === "reported") return setReporting(true);
    setBusy(true);
    const here = await whereAmI();
    await put({
      id: newKey(), about: task.id, what: word("taskState", next), at: serverNow(), path: `/tasks/${seg(task.id)}/state`, uploads: `/tasks/${seg(task.id)}/uploads`, photos: [],
      body: { state: next, ...(here ? { lat: here.lat, lon: here.lon } : {}) },
    });
    setBusy(false);
  };
  if (reporting) return <Report task={task} onClose={() => setReporting(false)} onDone={() => { setReporting(false); go("/patrol"); }} />;
  return (
    <>
      <header class="patrol-head">
        <a class="btn quiet only-icon" href="/patrol" aria-label={t("back")}><Icon name="left" /></a>
        <h1>{task.alarm_kind ? word("kind", task.alarm_kind) : word("taskKind", task.kind)}</h1>
        {!!task.grade && <GradeMark grade={task.grade} size={20} />}
      </header>
      <PatrolMap task={task} journey={journey} />
      {task.note && <p class="patrol-note">{task.note}</p>}
      <Facts rows={[
        !!journey?.vehicle && [t("alarm.vehicle"), <span class="plate big">{journey.vehicle}</span>],
        !!journey?.driver && [t("journey.driver"), journey.driver],
        !!journey?.cargo && [t("journey.cargo"), journey.cargo],
        !!journey && [t("journey.seals"), journey.seals.map((s) => <div key={s}>{device(s)} <SealState state={fleet.get(s)?.state.seal} proof={fleet.get(s)?.knowledge} /></div>)],
        [t("patrol.state"), word("taskState", state)], !!task.due && [t("patrol.due"), <span class={isLate(task, now.value) ? "late" : ""}><Time at={task.due} exact /></span>],
      ]} />
      {next && <footer class="patrol-do"><Button kind="main" busy={busy} onClick={() => void step()}>{t(`patrol.do.${next}` as Key)}</Button></footer>}
    </>
  );
}
