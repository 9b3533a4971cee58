// SPDX-License-Identifier: Apache-2.0
// Stations on a map and parties in a list: what journeys are made from.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { usePages } from "@/api/use";
import { callWhole, newKey, seg } from "@/api/client";
import type { Party, PartyInput, Station, StationInput } from "@/api/model";
import { metres, t, word } from "@/i18n";
import { bounds, dms, type Position } from "@/lib/geo";
import type { Chart } from "@/map/chart";
import { MapBox } from "@/map/mapbox";
import { GroundOverlay } from "@/map/paths";
import { query, setQuery } from "@/state/route";
import { may } from "@/state/session";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Button, Empty, Field, Input, PageHead, Problem, Select } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Table, type Column } from "@/ui/table";
import { Tabs } from "@/ui/tabs";
import { Registrations } from "./registrations";

const stationColumns: Column<Station>[] = [
  { key: "name", head: () => t("col.name"), cell: (s) => <strong>{s.name}</strong> },
  { key: "kind", head: () => t("col.kind"), cell: (s) => word("station", s.kind), width: "130px" },
  { key: "code", head: () => t("col.code"), cell: (s) => s.code ?? <span class="none">—</span>, width: "90px" },
  { key: "radius", head: () => t("col.radius"), cell: (s) => metres(s.radius_m), width: "80px", end: true },
  { key: "place", head: () => t("col.place"), cell: (s) => <span class="dim num">{dms(s.lat, s.lon)}</span>, width: "190px", minor: true },
];
const partyColumns: Column<Party>[] = [
  { key: "name", head: () => t("col.name"), cell: (p) => <strong>{p.name}</strong> },
  { key: "kind", head: () => t("col.kind"), cell: (p) => word("party", p.kind), width: "160px" },
  { key: "code", head: () => t("col.code"), cell: (p) => p.code ?? <span class="none">—</span>, width: "200px" },
];

export function StationsPage() {
  const tabs = [["stations", t("stations.tab")] as const, ...(may("parties") ? [["parties", t("parties.tab")] as const] : []), ...(may("register") ? [["registrations", t("registrations.tab")] as const] : [])];
  const asked = query.value.get("tab");
  const tab = tabs.find(([name]) => name === asked)?.[0] ?? "stations";
  const choice = tabs.length > 1 && <Tabs value={tab} options={tabs} onPick={(v) => setQuery({ tab: v === "stations" ? null : v, q: null, id: null })} />;
  return (
    <main class="page table-page" id="page" tabIndex={-1}>
      {tab === "stations" ? <Stations choice={choice} /> : tab === "parties" ? <Parties choice={choice} /> : <Registrations choice={choice} />}
    </main>
  );
}

interface Chosen { choice: ComponentChildren }

function Stations({ choice }: Chosen) {
  const q = query.value;
  const list = usePages<Station>("/stations", { search: q.get("q") }, 500);
  const overlay = useRef(new GroundOverlay(0));
  const [chart, setChart] = useState<Chart | null>(null);
  const [making, setMaking] = useState(false);
  const chosen = q.get("id") ? list.items.find((s) => s.id === q.get("id")) : undefined;
  useEffect(() => {
    overlay.current.stations(list.items);
    const b = bounds(list.items.map((s): Position => [s.lon, s.lat]));
    if (b && chart && !chosen) chart.map.fitBounds(b, { padding: 48, maxZoom: 11, duration: 0 });
  }, [list.items, chart]);
  useEffect(() => {
    if (chosen) chart?.fly([chosen.lon, chosen.lat], 11);
  }, [chosen?.id, chart]);
  const edits = may("places");
  return (
    <>
      <PageHead title={t("stations.title")}>{choice}{edits && <Button kind="main" icon="plus" onClick={() => setMaking(true)}>{t("stations.new")}</Button>}</PageHead>
      <div class="split">
        <div class="split-list">
          <div class="filters"><SearchBox value={q.get("q") ?? ""} placeholder={t("stations.search")} onText={(x) => setQuery({ q: x.trim() || null })} /></div>
          <Table columns={stationColumns} rows={list.items} id={(s) => s.id} onRow={(s) => setQuery({ id: s.id })} list={list} current={q.get("id")}
            empty={<Empty icon="station" title={t(q.get("q") ? "search.none" : "stations.empty")}>{q.get("q") ? "" : t("stations.empty.about")}</Empty>} />
        </div>
        <MapBox class="split-map" label={t("map.label")} onOpen={setChart} options={() => ({ overlays: [overlay.current] })}>
          {chosen && edits && <Edit station={chosen} onSaved={() => list.reload()} />}
        </MapBox>
      </div>
      {making && <StationDialog station={null} centre={chart ? [chart.view().lon, chart.view().lat] : null} onClose={() => setMaking(false)} onSaved={(s) => { setMaking(false); list.reload(); setQuery({ id: s.id }); }} />}
    </>
  );
}

function Edit({ station, onSaved }: { station: Station; onSaved: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <div class="map-card">
      <strong>{station.name}</strong><span class="dim">{[word("station", station.kind), station.code].filter(Boolean).join(" · ")}</span>
      <Button small icon="pencil" onClick={() => setOpen(true)}>{t("edit")}</Button>
      {open && <StationDialog station={station} centre={null} onClose={() => setOpen(false)} onSaved={() => { setOpen(false); onSaved(); }} />}
    </div>
  );
}

const stationKinds = ["checkpoint", "depot", "port", "border", "stop"] as const;

function StationDialog({ station, centre, onClose, onSaved }: { station: Station | null; centre: Position | null; onClose: () => void; onSaved: (s: Station) => void }) {
  const form = useForm({
    name: station?.name ?? "", kind: station?.kind ?? "checkpoint", code: station?.code ?? "", lat: String(station?.lat ?? centre?.[1].toFixed(5) ?? ""),
    lon: String(station?.lon ?? centre?.[0].toFixed(5) ?? ""), radius: String(station?.radius_m ?? 300),
  });
  const v = form.value;
  const latest = useRef(v); // the map's listener outlives one drawing
  latest.current = v;
  const overlay = useRef(new GroundOverlay(0));
  const drawn: Station | null = [v.lat, v.lon, v.radius].every((x) => x !== "" && Number.isFinite(Number(x))) && Math.abs(Number(v.lat)) <= 90
    ? { id: "", kind: v.kind, name: v.name, lat: Number(v.lat), lon: Number(v.lon), radius_m: Math.max(1, Number(v.radius)), version: 0 } : null;
  useEffect(() => overlay.current.stations(drawn ? [drawn] : []), [v.lat, v.lon, v.radius, v.name]);
  const save = (e: Event) => {
    e.preventDefault();
    const body: StationInput = { name: v.name.trim(), kind: v.kind, code: v.code.trim() || null, lat: Number(v.lat), lon: Number(v.lon), radius_m: Number(v.radius) };
    void form.run(async () => onSaved((station
      ? await callWhole<Station>("PUT", `/stations/${seg(station.id)}`, { body, etag: `"${station.version}"` })
      : await callWhole<Station>("POST", "/stations", { body, key: newKey() })).value));
  };
  return (
    <Dialog title={t(station ? "station.edit" : "stations.new")} onClose={onClose} wide>
      <form onSubmit={save} noValidate>
        <div class="grid2">
          <Field label={t("col.name")} error={form.wrong("name")}><Input value={v.name} onText={(x) => form.set("name", x)} maxLength={79} autofocus name="name" /></Field>
          <Field label={t("col.kind")} error={form.wrong("kind")}><Select value={v.kind} onPick={(x) => form.set("kind", x as typeof v.kind)} options={stationKinds.map((k) => [k, word("station", k)])} /></Field>
          <Field label={`${t("col.code")} (UN/LOCODE)`} error={form.wrong("code")}><Input value={v.code} onText={(x) => form.set("code", x)} maxLength={15} /></Field>
          <Field label={`${t("col.radius")}, m`} error={form.wrong("radius_m")}><Input value={v.radius} onText={(x) => form.set("radius", x)} inputMode="decimal" /></Field>
          <Field label={t("arg.lat")} error={form.wrong("lat")}><Input value={v.lat} onText={(x) => form.set("lat", x)} inputMode="decimal" /></Field>
          <Field label={t("arg.lon")} error={form.wrong("lon")}><Input value={v.lon} onText={(x) => form.set("lon", x)} inputMode="decimal" /></Field>
        </div>
        <MapBox class="dialog-map" label={t("station.onMap")} options={() => ({ overlays: [overlay.current], ...(drawn ? { view: { lat: drawn.lat, lon: drawn.lon, zoom: station ? 12 : 6 } } : {}) })}
          onOpen={(c) => { c.map.getCanvas().style.cursor = "crosshair"; c.map.on("click", (e) => form.all({ ...latest.current, lat: e.lngLat.lat.toFixed(6), lon: e.lngLat.wrap().lng.toFixed(6) })); }} />
        <span class="field-help">{t("station.onMap")}</span>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={form.busy}>{t("save")}</Button></footer>
      </form>
    </Dialog>
  );
}

function Parties({ choice }: Chosen) {
  const q = query.value;
  const list = usePages<Party>("/parties", { search: q.get("q") }, 200);
  const [editing, setEditing] = useState<Party | "new" | null>(null);
  const edits = may("places");
  return (
    <>
      <PageHead title={t("stations.title")}>{choice}{edits && <Button kind="main" icon="plus" onClick={() => setEditing("new")}>{t("parties.new")}</Button>}</PageHead>
      <div class="filters"><SearchBox value={q.get("q") ?? ""} placeholder={t("stations.search")} onText={(x) => setQuery({ q: x.trim() || null })} /></div>
      <Table columns={partyColumns} rows={list.items} id={(p) => p.id} {...(edits ? { onRow: (p: Party) => setEditing(p) } : {})} list={list}
        empty={<Empty icon="building" title={t(q.get("q") ? "search.none" : "parties.empty")}>{q.get("q") ? "" : t("parties.empty.about")}</Empty>} />
      {editing && <PartyDialog party={editing === "new" ? null : editing} onClose={() => setEditing(null)} onSaved={() => { setEditing(null); list.reload(); }} />}
    </>
  );
}

const partyKinds = ["administration", "carrier", "operator", "trader"] as const;

function PartyDialog({ party, onClose, onSaved }: { party: Party | null; onClose: () => void; onSaved: () => void }) {
  const form = useForm({ name: party?.name ?? "", kind: party?.kind ?? "carrier", code: party?.code ?? "" });
  const v = form.value;
  const save = (e: Event) => {
    e.preventDefault();
    const body: PartyInput = { name: v.name.trim(), kind: v.kind, code: v.code.trim() || null };
    void form.run(async () => {
      if (party) await callWhole<Party>("PUT", `/parties/${seg(party.id)}`, { body, etag: `"${party.version}"` });
      else await callWhole<Party>("POST", "/parties", { body, key: newKey() });
      onSaved();
    });
  };
  return (
    <Dialog title={t(party ? "party.edit" : "parties.new")} onClose={onClose}>
      <form onSubmit={save} noValidate>
        <Field label={t("col.name")} error={form.wrong("name")}><Input value={v.name} onText={(x) => form.set("name", x)} maxLength={119} autofocus name="name" /></Field>
        <Field label={t("col.kind")} error={form.wrong("kind")}><Select value={v.kind} onPick={(x) => form.set("kind", x as typeof v.kind)} options={partyKinds.map((k) => [k, word("party", k)])} /></Field>
        <Field label={t("col.code")} help="EORI, TIN" error={form.wrong("code")}><Input value={v.code} onText={(x) => form.set("code", x)} maxLength={31} /></Field>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={form.busy}>{t("save")}</Button></footer>
      </form>
    </Dialog>
  );
}
