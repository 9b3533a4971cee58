// SPDX-License-Identifier: Apache-2.0
// One alarm with its proof: what, which, where, since when, how sure, what was before, what to do, down to the bytes.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useGet } from "@/api/use";
import { seg } from "@/api/client";
import type { Alarm, AlarmDetail, Task } from "@/api/model";
import { t, word, type Key } from "@/i18n";
import { span, toMs } from "@/lib/time";
import { device, journeyTitle } from "@/lib/names";
import { isOpen } from "@/lib/queue";
import { alarms, put } from "@/state/alarms";
import { flip, rowOfAlarm } from "@/state/groups";
import { journeys } from "@/state/journeys";
import { useKeys } from "@/state/keyboard";
import { overdue, planOf } from "@/state/policies";
import { may } from "@/state/session";
import { AlarmState, Grade } from "@/ui/badges";
import { Icon } from "@/ui/icon";
import { ObservationRow } from "@/ui/observation";
import { Button, Empty, Facts, Problem, Section, Skeleton } from "@/ui/parts";
import { sayError, tell } from "@/ui/toast";
import { Span, Time, words } from "@/ui/time";
import { Why } from "@/ui/why";
import { dms } from "@/lib/geo";
import { acknowledge, canDispatch, ResolveDialog } from "./actions";
import { DispatchDialog } from "./dispatch";
import { addFiles, FileList, pick } from "./files";
import { AcknowledgeAll, acknowledgeAll, GroupSection } from "./group";
import { History } from "./history";
import { MiniMap } from "./minimap";
import { Before } from "./before";
import { TaskLife } from "../tasks/life";
import { isOpenTask } from "../tasks/model";
import { stepTask, useTasks } from "../tasks/use";

interface Props { id: string; onClose: () => void; onShow?: ((a: Alarm) => void) | undefined; mini: boolean }

export function AlarmPanel({ id, onClose, onShow, mini }: Props) {
  const loaded = useGet<AlarmDetail>(`/alarms/${seg(id)}`);
  const live = alarms.value.get(id);
  const [dialog, setDialog] = useState<"dispatch" | "resolve" | null>(null);
  const [bytesOf, setBytesOf] = useState<string | null>(null);
  const { tasks, reload: reloadTasks } = useTasks({ about: id });

  // What the detail knows better than the queue goes into the queue, and the other way round.
  useEffect(() => {
    if (loaded.value) put(loaded.value);
  }, [loaded.value]);
  useEffect(() => {
    if (bytesOf) document.querySelector(".panel .observation.open")?.scrollIntoView({ block: "start", behavior: "smooth" });
  }, [bytesOf]);
  useEffect(() => reloadTasks(), [live?.version]);
  const stale = live?.version !== undefined && loaded.value?.version !== undefined && live.version > loaded.value.version;
  useEffect(() => {
    if (stale) loaded.reload();
  }, [stale]);

  const a: AlarmDetail | null = loaded.value ? { ...loaded.value, ...(live ?? {}) } : live ? { ...live } : null;
  const handles = may("handle");
  const row = rowOfAlarm(id);
  const group = row && row.rest.length > 0 ? row : undefined;
  const ofGroup = group && group.root.id === id && group.waiting.some((x) => x.id !== id) ? group : null; // taken as a whole
  const openNow = a !== null && isOpen(a);
  const first = loaded.value?.observations?.[0]?.observation.id ?? null;
  useKeys([
    { stroke: "a", label: ofGroup ? "key.acknowledgeAll" : "key.acknowledge", act: () => (!handles ? false : ofGroup ? void acknowledgeAll(ofGroup.id, ofGroup.waiting) : a?.state === "raised" ? void acknowledge(a) : false) },
    { stroke: "u", label: "key.unfold", act: () => (group ? flip(group.id) : false) },
    { stroke: "d", label: "key.dispatch", act: () => (handles && a && canDispatch(a) ? setDialog("dispatch") : false) },
    { stroke: "r", label: "key.resolve", act: () => (handles && openNow ? setDialog("resolve") : false) },
    { stroke: "b", label: "key.bytes", act: () => (first ? setBytesOf(bytesOf ? null : first) : false) },
    { stroke: "Escape", label: "key.close", act: onClose },
  ], [a?.state, a?.version, handles, first, bytesOf, ofGroup?.waiting.length, group?.id]);

  if (!a) return (
    <Frame onClose={onClose} title={t("alarm.what")}>
      {loaded.error ? (loaded.error.status === 404 ? <Empty icon="info" title={t("alarm.notFound")} /> : <Problem error={tell(loaded.error)} retry={loaded.reload} />) : <Skeleton rows={8} />}
    </Frame>
  );
  /** A report that came after the alarm was closed. */
  const closeAlone = (x: Task) => stepTask(x, "closed", {}).catch(sayError).finally(reloadTasks);
  const journey = journeys.value.get(a.journey);
  const reduced = loaded.value !== null && loaded.value.why === undefined;
  const telling = loaded.value?.observations?.[0]?.observation;
  const plan = planOf(a.kind);
  const waits = overdue(a);
  const reported = tasks.find((x) => x.state === "reported") ?? null;
  const going = tasks.some((x) => isOpenTask(x) && x !== reported);
  const delay = (toMs(a.raised) ?? 0) - (toMs(a.onset) ?? 0);
  return (
    <Frame onClose={onClose} grade={a.grade} badges={<><Grade grade={a.grade} /><AlarmState state={a.state} />{a.finding && <span class="badge plain">{word("finding", a.finding)}</span>}{waits && <Overdue waits={waits} />}</>}
      title={word("kind", a.kind)}
      foot={handles && openNow ? (
        <>
          {ofGroup && <AcknowledgeAll row={ofGroup} />}
          {a.state === "raised" && !ofGroup && <Button kind="main" icon="hand" hint="a" onClick={() => void acknowledge(a)}>{t("alarm.acknowledge")}</Button>}
          {!reported && <Button kind={a.state === "acknowledged" && !ofGroup ? "main" : "plain"} icon="road" hint="d" onClick={() => setDialog("dispatch")}>{t("alarm.dispatch")}</Button>}
          <Button kind={reported || (a.state === "dispatched" && !going) ? "main" : "plain"} icon="check" hint="r" onClick={() => setDialog("resolve")}>{t("alarm.resolve")}</Button>
        </>
      ) : null}>
      {a.why && <p class="why"><Why text={a.why} /></p>}
      {openNow && handles && <p class={`advice g${a.grade}`}>{t(`advice.${a.grade}` as Key)}{plan && <span class="plan"><em>{t("alarm.plan")}</em> {word("plan", plan)}</span>}</p>}
      {loaded.error && <Problem error={tell(loaded.error)} retry={loaded.reload} />}
      {group && <GroupSection row={group} id={id} only={ofGroup && a.state === "raised" && handles ? () => void acknowledge(a) : null} />}
      <Facts rows={[
        [t("alarm.journey"), <a href={`/journeys/${seg(a.journey)}`}>{journey ? journeyTitle(journey) : a.journey}</a>],
        !!journey?.vehicle && [t("alarm.vehicle"), <span class="plate">{journey.vehicle}</span>],
        !!a.seal && [t("alarm.seal"), <a href={`/seals/${seg(a.seal)}`}>{device(a.seal)}</a>],
        [t("alarm.happened"), <><Time at={a.onset} seconds />{delay > 5000 && <em class="dim"> · {t("alarm.delay", { delay: span(delay, words()) })}</em>}</>],
        [a.ended ? t("alarm.lasted") : t("alarm.ongoing"), <Span from={a.onset} to={a.ended ?? undefined} />],
        (a.count ?? 1) > 1 && [t("raw.counter"), t("alarm.count", { n: a.count! })],
        [t("alarm.where"), a.position ? (
          <span class="where">{dms(a.position.lat, a.position.lon)}{onShow && <Button small kind="quiet" icon="centre" label={t("alarm.showMap")} onClick={() => onShow(a)} />}</span>
        ) : <span class="none">{t("map.noFix")}</span>],
        !!a.patrol && [t("alarm.patrol"), a.patrol],
        !!a.handler_name && [t("alarm.handler"), a.handler_name],
      ]} />
      {tasks.length > 0 && <Section title={t("alarm.tasks")}>{tasks.map((x) => <TaskLife key={x.id} task={x} alarm={a} onChanged={reloadTasks} onClose={openNow ? undefined : () => void closeAlone(x)} />)}</Section>}
      {reduced && <p class="none">{t("alarm.reduced")}</p>}
      {mini && a.position && <MiniMap alarm={a} />}
      {telling?.state && <Before before={loaded.value?.before ?? null} then={telling} />}
      {loaded.value?.observations && (
        <Section title={t("alarm.evidence")} aside={first && <Button small kind="quiet" icon="bytes" hint="b" onClick={() => setBytesOf(bytesOf ? null : first)}>{bytesOf ? t("alarm.bytes.hide") : t("alarm.bytes")}</Button>}>
          {loaded.value.observations.length === 0 ? <p class="none">{t("alarm.evidence.none")}</p> : (
            <ul class="observations">
              {loaded.value.observations.map((d) => (
                <ObservationRow key={d.observation.id} observation={d.observation} detail={d} open={bytesOf === d.observation.id} onToggle={(on) => setBytesOf(on ? d.observation.id : null)} />
              ))}
            </ul>
          )}
        </Section>
      )}
      {a.note && <Section title={t("alarm.note")}><p class="note">{a.note}</p></Section>}
      {loaded.value?.files && (handles || loaded.value.files.length > 0) && (
        <Section title={t("alarm.files")} aside={may("plan") && <AddPhoto id={a.id} done={loaded.reload} />}>
          {loaded.value.files.length > 0 ? <FileList files={loaded.value.files} /> : <p class="none">{t("none")}</p>}
        </Section>
      )}
      {!reduced && <History alarm={a} />}
      {dialog === "dispatch" && <DispatchDialog alarm={a} tasks={tasks} onClose={() => { setDialog(null); reloadTasks(); }} />}
      {dialog === "resolve" && <ResolveDialog alarm={a} task={reported} onClose={() => { setDialog(null); loaded.reload(); reloadTasks(); }} />}
    </Frame>
  );
}

/** Nobody has taken it within the time that the policy gives. */
export function Overdue({ waits }: { waits: { waits: number; given: number } }) {
  return <span class="badge overdue" title={t("alarm.waits.about", { span: span(waits.given, words()) })}><Icon name="clock" size={13} />{t("alarm.waits", { span: span(waits.waits, words()) })}</span>;
}

interface FrameProps { title: string; grade?: number; badges?: ComponentChildren; foot?: ComponentChildren; onClose: () => void; children: ComponentChildren }
function Frame({ title, grade, badges, foot, onClose, children }: FrameProps) {
  return (
    <article class={`panel${grade ? ` g${grade}` : ""}`} aria-label={title}>
      <header class="panel-head">
        <div class="badges">{badges}</div>
        <Button kind="quiet" icon="close" label={t("close")} onClick={onClose} />
        <h2>{title}</h2>
      </header>
      <div class="panel-body">{children}</div>
      {foot && <footer class="panel-foot">{foot}</footer>}
    </article>
  );
}

function AddPhoto({ id, done }: { id: string; done: () => void }) {
  const [busy, setBusy] = useState(false);
  const add = async (input: HTMLInputElement) => {
    const files = pick(input.files ?? []);
    input.value = "";
    if (files.length === 0) return;
    setBusy(true);
    await addFiles(id, files);
    setBusy(false);
    done();
  };
  return (
    <label class="btn quiet small" aria-busy={busy}>
      {busy ? <span class="spinner" /> : <Icon name="camera" size={14} />}<span>{t("alarm.addPhoto")}</span>
      <input class="hidden-input" type="file" multiple accept="image/jpeg,image/png,image/webp,application/pdf" onChange={(e) => void add(e.currentTarget)} />
    </label>
  );
}
