// SPDX-License-Identifier: Apache-2.0
// Parts of the editor's form: places, seals from the stock, limits, and the journey it is made from.
import { useEffect, useState } from "preact/hooks";
import { get, qs } from "@/api/client";
import type { JourneySummary, Page, Seal, Station } from "@/api/model";
import { t, word } from "@/i18n";
import { device, journeyTitle } from "@/lib/names";
import { Battery, SealState } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { Button, Field, Input, Select } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Time } from "@/ui/time";
import type { LimitDraft, PlaceDraft } from "./model";

interface PlaceProps {
  title: string; value: PlaceDraft | null; stations: Station[]; stop?: boolean; picking: boolean; error?: string | undefined;
  onChange: (p: PlaceDraft | null) => void; onPick: () => void; onRemove?: () => void;
}

export function PlaceFields({ title, value, stations, stop, picking, error, onChange, onPick, onRemove }: PlaceProps) {
  const choose = (id: string) => {
    const s = stations.find((x) => x.id === id);
    if (s) onChange({ name: s.name, station: s.id, lat: s.lat, lon: s.lon, radius: s.radius_m, minutes: value?.minutes ?? "" });
  };
  return (
    <div class={error ? "place wrong" : "place"}>
      <header><strong>{title}</strong>
        <Button small kind={picking ? "main" : "quiet"} icon="pin" onClick={onPick}>{t("edit.onMap")}</Button>
        {onRemove && <Button small kind="quiet" icon="trash" label={t("remove")} onClick={onRemove} />}
      </header>
      <Select label={t("edit.station")} value={value?.station ?? ""} onPick={choose} options={[["", value && !value.station ? value.name || t("edit.drawn") : t("edit.pick")], ...stations.map((s) => [s.id, s.code ? `${s.name} (${s.code})` : s.name] as const)]} />
      {value && (
        <div class="place-more">
          <Field label={t("edit.name")}><Input value={value.name} maxLength={79} onText={(name) => onChange({ ...value, name, station: null })} /></Field>
          <Field label={`${t("edit.radius")}, m`}><input type="number" min={10} step={10} value={value.radius} onInput={(e) => onChange({ ...value, radius: Number(e.currentTarget.value) })} /></Field>
          {stop && <Field label={t("edit.maxStay")}><Input value={value.minutes} inputMode="numeric" placeholder={t("none")} onText={(minutes) => onChange({ ...value, minutes })} /></Field>}
        </div>
      )}
      {error && <span class="field-error" role="alert">{error}</span>}
    </div>
  );
}

export function SealPicker({ value, error, onChange }: { value: string[]; error?: string | undefined; onChange: (seals: string[]) => void }) {
  const [search, setSearch] = useState("");
  const [stock, setStock] = useState<Seal[] | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    get<Page<Seal>>(`/seals${qs({ search, limit: 50 })}`, { signal: stop.signal }).then((p) => setStock(p.items.filter((s) => !s.journey && s.life !== "lost" && s.life !== "destroyed" && s.life !== "unregistered")), () => undefined);
    return () => stop.abort();
  }, [search]);
  const free = (stock ?? []).filter((s) => !value.includes(s.id));
  return (
    <div class={error ? "seal-picker wrong" : "seal-picker"}>
      {value.length === 0 ? <p class="none">{t("edit.noSeals")}</p> : <ul class="chips">{value.map((id) => <li key={id}><Icon name="lock" size={13} /><span class="num">{device(id)}</span><button type="button" aria-label={`${t("remove")} ${device(id)}`} onClick={() => onChange(value.filter((x) => x !== id))}><Icon name="close" size={12} /></button></li>)}</ul>}
      {error && <span class="field-error" role="alert">{error}</span>}
      <SearchBox value={search} placeholder={t("edit.sealSearch")} onText={setSearch} />
      <ul class="stock">
        {stock && free.length === 0 && <li class="none">{t("edit.noStock")}</li>}
        {free.slice(0, 8).map((s) => (
          <li key={s.id}><button type="button" onClick={() => onChange([...value, s.id])}>
            <Icon name="plus" size={13} /><strong class="num">{device(s.id)}</strong><span class="dim">{s.label ?? word("life", s.life)}</span><SealState state={s.live?.state.seal} proof={s.live?.knowledge} /><Battery value={s.live?.percent ?? null} />
          </button></li>
        ))}
      </ul>
    </div>
  );
}

const sensors = ["temperature", "humidity", "light", "tilt", "shock", "pressure", "voc"];

export function Limits({ value, onChange, wrong }: { value: LimitDraft[]; onChange: (l: LimitDraft[]) => void; wrong: (field: string) => string | undefined }) {
  const set = (i: number, change: Partial<LimitDraft>) => onChange(value.map((l, k) => (k === i ? { ...l, ...change } : l)));
  return (
    <div class="limits">
      {value.map((l, i) => (
        <div key={i} class="limit">
          <Field label={t("edit.limit.kind")} error={wrong(`limits.${i}`) ?? wrong(`limits[${i}]`)}><Select value={l.kind} onPick={(kind) => set(i, { kind })} options={sensors.map((s) => [s, word("sensor", s)])} /></Field>
          <Field label={t("edit.limit.min")}><Input value={l.min} inputMode="decimal" onText={(min) => set(i, { min })} /></Field>
          <Field label={t("edit.limit.max")}><Input value={l.max} inputMode="decimal" onText={(max) => set(i, { max })} /></Field>
          <Field label={t("edit.limit.for")}><Input value={l.minutes} inputMode="numeric" onText={(minutes) => set(i, { minutes })} /></Field>
          <Button small kind="quiet" icon="trash" label={t("remove")} onClick={() => onChange(value.filter((_, k) => k !== i))} />
        </div>
      ))}
      <Button small icon="plus" onClick={() => onChange([...value, { kind: "temperature", min: "", max: "", minutes: "10" }])}>{t("edit.addLimit")}</Button>
    </div>
  );
}

export function TemplateDialog({ onPick, onClose }: { onPick: (id: string) => void; onClose: () => void }) {
  const [search, setSearch] = useState("");
  const [list, setList] = useState<JourneySummary[] | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    get<Page<JourneySummary>>(`/journeys${qs({ search, limit: 12 })}`, { signal: stop.signal }).then((p) => setList(p.items), () => undefined);
    return () => stop.abort();
  }, [search]);
  return (
    <Dialog title={t("edit.template")} onClose={onClose} wide>
      <div class="template">
        <SearchBox value={search} placeholder={t("edit.template.search")} onText={setSearch} />
        <ul class="stock">
          {list?.length === 0 && <li class="none">{t("search.none")}</li>}
          {list?.map((j) => <li key={j.id}><button type="button" onClick={() => onPick(j.id)}><Icon name="route" size={14} /><strong>{journeyTitle(j)}</strong><span class="dim">{[j.origin?.name, j.destination?.name].filter(Boolean).join(" – ")}</span><Time at={j.created} /></button></li>)}
        </ul>
      </div>
    </Dialog>
  );
}
