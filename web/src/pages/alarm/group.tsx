// SPDX-License-Identifier: Apache-2.0
// What an alarm has in common with others, and taking all of them at once: one action each, and it is said of each that failed why.
import { signal } from "@preact/signals";
import { ApiError, get, post, seg } from "@/api/client";
import type { Alarm, AlarmDetail } from "@/api/model";
import { t, word } from "@/i18n";
import type { Row } from "@/lib/groups";
import { alarms, put } from "@/state/alarms";
import type { Timed } from "@/state/groups";
import { AlarmState, GradeMark } from "@/ui/badges";
import { Icon } from "@/ui/icon";
import { Button, Section } from "@/ui/parts";
import { say, tell } from "@/ui/toast";
import { Time } from "@/ui/time";
import { whose } from "../watch/group";

const LANES = 4;
const TRIES = 6;

interface Left { alarm: Alarm; why: string }
interface Taking { name: string; done: number; of: number; left: Left[]; over: boolean }
/** The group that is being taken, or was taken last. */
export const taking = signal<Taking | null>(null);

const pause = (seconds: number) => new Promise((r) => setTimeout(r, seconds * 1000));

/** One alarm. "" when it is taken; else why not. What changed meanwhile and may still be taken is tried again, also when the platform asks to wait. */
async function take(id: string): Promise<string> {
  for (let n = 0; ; n++) {
    const a = alarms.value.get(id);
    if (!a || a.state !== "raised") return a?.handler_name ? t("group.other", { name: a.handler_name }) : t("group.elsewhere", { state: word("alarmState", a?.state ?? "withdrawn") });
    try {
      put(await post<Alarm>(`/alarms/${seg(id)}/acknowledge`, {}, { etag: a.version === undefined ? null : `"${a.version}"` }));
      return "";
    } catch (e) {
      if (!(e instanceof ApiError)) throw e;
      const again = n < TRIES && (e.status === 429 || e.status === 412 || e.status === 409);
      if (!again) return tell(e).message;
      if (e.status === 429) await pause(e.retryAfter ?? 1);
      else put(await get<AlarmDetail>(`/alarms/${seg(id)}`));
    }
  }
}

export async function acknowledgeAll(name: string, list: readonly Alarm[]): Promise<void> {
  if (taking.value && !taking.value.over) return;
  const todo = [...list];
  const state: Taking = { name, done: 0, of: list.length, left: [], over: false };
  taking.value = state;
  const lane = async () => {
    for (let a = todo.shift(); a; a = todo.shift()) {
      const why = await take(a.id).catch((e: unknown) => tell(e).message);
      if (why) state.left.push({ alarm: a, why });
      else state.done++;
      taking.value = { ...state };
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  taking.value = { ...state, over: true };
  if (state.left.length === 0) say(t("group.done", { n: state.done }));
  else say(t("group.partly", { done: state.done, of: state.of }), state.left[0]!.why, true);
}

/** The others of its cause, of the root; of another one, where it belongs. */
export function GroupSection({ row: r, id, only }: { row: Row<Timed>; id: string; only: (() => void) | null }) {
  const x = taking.value?.name === r.id ? taking.value : null;
  const rest = [r.root, ...r.rest].filter((a) => a.id !== id);
  return (
    <Section title={id === r.root.id ? t("group.title") : t("group.part", { n: r.rest.length + 1 })} aside={only && <Button small kind="quiet" icon="hand" onClick={only}>{t("group.only")}</Button>}>
      <p class="group-cause">{word("cause", r.cause)}{r.journeys > 1 && ` · ${t("group.journeys", { n: r.journeys })}`}</p>
      {x && x.over && x.left.length > 0 && (
        <div class="group-left" role="alert">
          <p><Icon name="warning" size={14} /><strong>{t("group.partly", { done: x.done, of: x.of })}</strong></p>
          <ul>{x.left.map((l) => <li key={l.alarm.id}><a href={`/watch?alarm=${seg(l.alarm.id)}`}>{word("kind", l.alarm.kind)} · {whose(l.alarm)}</a><em>{l.why}</em></li>)}</ul>
        </div>
      )}
      <ul class="similar">
        {rest.map((a) => <li key={a.id}><a href={`/watch?alarm=${seg(a.id)}`}><GradeMark grade={a.grade} size={13} solid={a.state === "raised"} /><span>{word("kind", a.kind)} <em class="dim">{whose(a)}</em></span><Time at={a.onset} /><AlarmState state={a.state} /></a></li>)}
      </ul>
    </Section>
  );
}

/** The main button of a root: all that nobody has taken. */
export function AcknowledgeAll({ row: r }: { row: Row<Timed> }) {
  const x = taking.value;
  const going = x !== null && !x.over && x.name === r.id;
  return <Button kind="main" icon="hand" hint="a" busy={going} onClick={() => void acknowledgeAll(r.id, r.waiting)}>{going ? t("group.going", { done: x.done + x.left.length, of: x.of }) : t("group.acknowledge", { n: r.waiting.length })}</Button>;
}
