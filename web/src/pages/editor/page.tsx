// SPDX-License-Identifier: Apache-2.0
// Journey editor: the form left, the map right. What is typed is kept until it is saved or thrown away.
import { useEffect, useState } from "preact/hooks";
import { callWhole, get, newKey, seg } from "@/api/client";
import { useGet } from "@/api/use";
import type { Journey, JourneyInput, Page, Party, Station } from "@/api/model";
import { metres, t, word } from "@/i18n";
import { length, type Position } from "@/lib/geo";
import { journeyTitle } from "@/lib/names";
import { draft as keep } from "@/state/prefs";
import { back, go, guardWith, query, unsavedWhen } from "@/state/route";
import { useForm } from "@/ui/form";
import { Button, Empty, Field, Input, PageHead, Problem, Section, Select, Skeleton } from "@/ui/parts";
import { say, sayError } from "@/ui/toast";
import { EditorMap, type Tool } from "./map";
import { emptyDraft, fromJourney, toInputBody, type Draft, type PlaceDraft } from "./model";
import { Limits, PlaceFields, SealPicker, TemplateDialog } from "./parts";

export function EditorPage({ id }: { id: string | null }) {
  const from = id ?? query.value.get("from");
  const loaded = useGet<Journey>(from ? `/journeys/${seg(from)}` : null);
  if (loaded.error) return <main class="page" id="page"><PageHead title={t("edit.title")} back="/journeys" />{loaded.error.status === 404 ? <Empty icon="route" title={t("journey.notFound")} /> : <Problem error={{ message: t("error.other") }} retry={loaded.reload} />}</main>;
  if (from && !loaded.value) return <main class="page" id="page"><Skeleton rows={12} /></main>;
  return <Editor key={`${id}${from}`} id={id} journey={id ? loaded.value : null} etag={id ? loaded.etag : null} start={loaded.value ? fromJourney(loaded.value, id === null) : emptyDraft()} />;
}

const RADIUS = { origin: 500, destination: 500, stop: 200 };
const modes = ["road", "rail", "vessel", "multimodal"];
const regimes = ["transit", "import", "export", "cross-border", "internal"];

function Editor({ id, journey, etag, start }: { id: string | null; journey: Journey | null; etag: string | null; start: Draft }) {
  const name = `journey.${id ?? "new"}`;
  const [kept] = useState(() => keep.read<Draft>(name));
  const [dirty, setDirty] = useState(kept !== null);
  const [tool, setTool] = useState<Tool>({ kind: "none" });
  const [templating, setTemplating] = useState(false);
  const [key] = useState(newKey);
  const form = useForm<Draft>(kept ? { ...start, ...kept } : start, (v) => {
    setDirty(true);
    keep.write(name, v);
  });
  const d = form.value;
  const stations = useGet<Page<Station>>("/stations?limit=1000");
  const parties = useGet<Page<Party>>("/parties?limit=1000");

  useEffect(() => {
    if (kept) say(t("restored"));
  }, []);
  useEffect(() => {
    guardWith(dirty ? () => confirm(t("unsaved")) : null);
    unsavedWhen(dirty ? () => true : null);
    return () => {
      guardWith(null);
      unsavedWhen(null);
    };
  }, [dirty]);

  const save = async (state: "draft" | "sealed" | null) => {
    const body: JourneyInput = { ...toInputBody(d), ...(state && !id ? { state } : {}) };
    const ok = await form.run(async () => {
      const r = id
        ? await callWhole<Journey>("PUT", `/journeys/${seg(id)}`, { body, etag: etag ?? `"${journey!.version}"` })
        : await callWhole<Journey>("POST", "/journeys", { body, key: state === "sealed" ? `${key}-s` : key });
      keep.write(name, null);
      guardWith(null);
      unsavedWhen(null);
      setDirty(false);
      say(t("edit.saved"));
      go(`/journeys/${seg(r.value.id)}`, true);
    });
    if (!ok) document.querySelector(".wrong")?.scrollIntoView({ block: "center" });
  };
  const discard = () => {
    keep.write(name, null);
    form.all(start);
    keep.write(name, null);
    setDirty(false);
  };
  const place = (role: "origin" | "destination" | "stop", index: number, [lon, lat]: Position) => {
    const old = role === "stop" ? d.stops[index] : d[role];
    const next: PlaceDraft = { name: old?.name ?? (role === "stop" ? t("edit.stopN", { n: index + 1 }) : t(`edit.${role}`)), station: null, radius: old?.radius ?? RADIUS[role], minutes: old?.minutes ?? "", lat, lon };
    if (role === "stop") form.set("stops", index < d.stops.length ? d.stops.map((s, i) => (i === index ? next : s)) : [...d.stops, next]);
    else form.set(role, next);
    setTool({ kind: "none" });
  };
  const picks = (role: "origin" | "destination" | "stop", index: number) => tool.kind === "place" && tool.role === role && tool.index === index;
  const togglePick = (role: "origin" | "destination" | "stop", index: number) => setTool(picks(role, index) ? { kind: "none" } : { kind: "place", role, index });
  const useTemplate = (from: string) => get<Journey>(`/journeys/${seg(from)}`).then((j) => { form.all({ ...fromJourney(j, true), seals: d.seals, reference: d.reference }); setTemplating(false); }, sayError);
  const st = stations.value?.items ?? [];
  const people = (kind: string): [string, string][] => [["", "—"], ...(parties.value?.items ?? []).filter((p) => p.kind === kind).map((p): [string, string] => [p.id, p.name])];
  const txt = (field: "reference" | "vehicle" | "driver" | "cargo" | "containers" | "credentials" | "silence" | "stay" | "battery", max = 119) => ({ value: d[field], onText: (x: string) => form.set(field, x), maxLength: max, name: field });
  const straight = d.origin && d.destination && d.route.length === 0;

  return (
    <main class="editor" id="page" tabIndex={-1}>
      <div class="editor-form">
        <PageHead title={id ? `${t("edit.title")}: ${journey ? journeyTitle(journey) : id}` : t("edit.title.new")} back={id ? `/journeys/${seg(id)}` : "/journeys"}>
          {!id && <Button kind="quiet" icon="copy" onClick={() => setTemplating(true)}>{t("edit.template")}</Button>}
        </PageHead>
        <form class="editor-body" onSubmit={(e) => e.preventDefault()} noValidate>
          <Section title={t("edit.journey")}>
            <div class="grid2">
              <Field label={t("edit.reference")} help={t("edit.reference.help")} error={form.wrong("reference")}><Input {...txt("reference", 63)} /></Field>
              <Field label={t("edit.vehicle")} error={form.wrong("vehicle")}><Input {...txt("vehicle", 31)} /></Field>
              <Field label={t("journey.mode")} error={form.wrong("mode")}><Select value={d.mode} onPick={(x) => form.set("mode", x)} options={modes.map((m) => [m, word("mode", m)])} /></Field>
              <Field label={t("journey.regime")} error={form.wrong("regime")}><Select value={d.regime} onPick={(x) => form.set("regime", x)} options={regimes.map((m) => [m, word("regime", m)])} /></Field>
            </div>
          </Section>
          <Section title={t("edit.route")}>
            <PlaceFields title={t("edit.origin")} value={d.origin} stations={st} picking={picks("origin", 0)} error={form.wrong("origin")} onChange={(p) => form.set("origin", p)} onPick={() => togglePick("origin", 0)} />
            <PlaceFields title={t("edit.destination")} value={d.destination} stations={st} picking={picks("destination", 0)} error={form.wrong("destination")} onChange={(p) => form.set("destination", p)} onPick={() => togglePick("destination", 0)} />
            <div class={form.wrong("route") ? "route-tools wrong" : "route-tools"}>
              <Button kind={tool.kind === "draw" ? "main" : "plain"} icon={tool.kind === "draw" ? "check" : "route"} onClick={() => setTool(tool.kind === "draw" ? { kind: "none" } : { kind: "draw" })}>{t(tool.kind === "draw" ? "edit.stopDraw" : "edit.draw")}</Button>
              {d.route.length > 0 && <Button kind="quiet" icon="undo" onClick={() => form.set("route", d.route.slice(0, -1))}>{t("edit.undo")}</Button>}
              {d.route.length > 0 && <Button kind="quiet" icon="trash" onClick={() => form.set("route", [])}>{t("edit.clearRoute")}</Button>}
              {straight && <Button kind="quiet" onClick={() => form.set("route", [[d.origin!.lon, d.origin!.lat], [d.destination!.lon, d.destination!.lat]])}>{t("edit.straight")}</Button>}
              <span class="dim">{d.route.length > 1 ? t("edit.routeLength", { length: metres(length(d.route)), n: d.route.length }) : t("edit.noRoute")}</span>
              {form.wrong("route") && <span class="field-error" role="alert">{form.wrong("route")}</span>}
            </div>
            <Field label={`${t("edit.corridor")}: ${metres(d.corridor)}`} help={t("edit.corridor.help")} error={form.wrong("corridor_m")}>
              <input type="range" min={0} max={100} step={1} value={toSlider(d.corridor)} onInput={(e) => form.set("corridor", fromSlider(Number(e.currentTarget.value)))} aria-valuetext={metres(d.corridor)} />
            </Field>
            <h3 class="sub">{t("edit.stops")}</h3>
            {d.stops.length === 0 && <p class="none">{t("edit.noStops")}</p>}
            {d.stops.map((s, i) => <PlaceFields key={i} stop title={t("edit.stopN", { n: i + 1 })} value={s} stations={st} picking={picks("stop", i)} error={form.wrong(`stops.${i}`) ?? form.wrong(`stops[${i}]`)} onChange={(p) => p && form.set("stops", d.stops.map((x, k) => (k === i ? p : x)))} onPick={() => togglePick("stop", i)} onRemove={() => form.set("stops", d.stops.filter((_, k) => k !== i))} />)}
            <div><Button small icon="plus" kind={picks("stop", d.stops.length) ? "main" : "plain"} onClick={() => togglePick("stop", d.stops.length)}>{t("edit.addStop")}</Button></div>
          </Section>
          <Section title={t("edit.seals")}><SealPicker value={d.seals} error={form.wrong("seals")} onChange={(s) => form.set("seals", s)} /></Section>
          <Section title={t("edit.times")}>
            <div class="grid2">
              <Field label={t("edit.departBy")} error={form.wrong("depart_by")}><input type="datetime-local" value={d.depart} onInput={(e) => form.set("depart", e.currentTarget.value)} /></Field>
              <Field label={t("edit.arriveBy")} error={form.wrong("arrive_by")}><input type="datetime-local" value={d.arrive} onInput={(e) => form.set("arrive", e.currentTarget.value)} /></Field>
            </div>
          </Section>
          <Section title={t("edit.limits")}>
            <div class="grid3">
              <Field label={t("edit.silence")} error={form.wrong("silence_minutes")}><Input {...txt("silence", 6)} inputMode="numeric" placeholder={t("edit.default")} /></Field>
              <Field label={t("edit.stay")} error={form.wrong("stay_minutes")}><Input {...txt("stay", 6)} inputMode="numeric" placeholder={t("edit.default")} /></Field>
              <Field label={t("edit.battery")} error={form.wrong("battery_percent")}><Input {...txt("battery", 3)} inputMode="numeric" placeholder={t("edit.default")} /></Field>
            </div>
            <Limits value={d.limits} onChange={(l) => form.set("limits", l)} wrong={form.wrong} />
          </Section>
          <Section title={t("edit.people")}>
            <div class="grid2">
              <Field label={t("edit.carrier")} error={form.wrong("carrier")}><Select value={d.carrier} onPick={(x) => form.set("carrier", x)} options={people("carrier")} /></Field>
              <Field label={t("edit.administration")} error={form.wrong("administration")}><Select value={d.administration} onPick={(x) => form.set("administration", x)} options={people("administration")} /></Field>
              <Field label={t("edit.driver")} error={form.wrong("driver")}><Input {...txt("driver", 63)} /></Field>
              <Field label={t("edit.cargo")} error={form.wrong("cargo")}><Input {...txt("cargo", 119)} /></Field>
            </div>
            <Field label={t("edit.containers")} help={t("edit.containers.help")} error={form.wrong("containers")}><Input {...txt("containers", 120)} /></Field>
            <Field label={t("edit.credentials")} help={t("edit.credentials.help")} error={form.wrong("credentials")}><Input {...txt("credentials", 400)} /></Field>
          </Section>
        </form>
        <footer class="editor-foot">
          {form.error && <Problem error={form.error} />}
          <div>
            {dirty && <Button kind="quiet" class="start" onClick={discard}>{t("discard")}</Button>}
            <Button kind="quiet" onClick={() => back("/journeys")}>{t("cancel")}</Button>
            {id ? <Button kind="main" busy={form.busy} onClick={() => void save(null)}>{t("edit.save")}</Button> : (
              <>
                <Button busy={form.busy} onClick={() => void save("draft")}>{t("edit.saveDraft")}</Button>
                <Button kind="main" icon="lock" busy={form.busy} onClick={() => void save("sealed")}>{t("edit.saveSeal")}</Button>
              </>
            )}
          </div>
        </footer>
      </div>
      <div class="editor-side">
        <EditorMap draft={d} stations={st} tool={tool} onRoute={(r) => form.set("route", r)} onCorridor={(m) => form.set("corridor", m)} onPlace={place} />
        {tool.kind !== "none" && <div class="map-hint" role="status">{tool.kind === "draw" ? t("edit.drawing") : t("edit.picking", { what: tool.role === "stop" ? t("edit.stopN", { n: tool.index + 1 }) : t(`edit.${tool.role}`) })}</div>}
      </div>
      {templating && <TemplateDialog onPick={(x) => void useTemplate(x)} onClose={() => setTemplating(false)} />}
    </main>
  );
}

// The slider is logarithmic: 50 m to 20 km.
const toSlider = (m: number) => Math.round((Math.log(m / 50) / Math.log(400)) * 100);
const fromSlider = (v: number) => {
  const m = 50 * 400 ** (v / 100);
  return m < 1000 ? Math.round(m / 10) * 10 : Math.round(m / 100) * 100;
};
