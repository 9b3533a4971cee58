// SPDX-License-Identifier: Apache-2.0
// Seals on their way back: recovered at the destination, charged, sent, back in stock; or destroyed, or lost.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, newKey, post, qs, seg } from "@/api/client";
import type { Page, Return, ReturnInput, Seal, Station } from "@/api/model";
import { useGet, usePages } from "@/api/use";
import { t, word } from "@/i18n";
import { device, journeyTitle, short } from "@/lib/names";
import { journeys } from "@/state/journeys";
import { on } from "@/state/live";
import { query, setQuery } from "@/state/route";
import { may, session } from "@/state/session";
import { Life } from "@/ui/badges";
import { Dialog } from "@/ui/dialog";
import { useForm } from "@/ui/form";
import { Button, Empty, Facts, Field, Input, PageHead, Problem, Select } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Table, type Column } from "@/ui/table";
import { Span, Time } from "@/ui/time";
import { say } from "@/ui/toast";
import { Log } from "./papers/log";
import { Steps, type StepOf } from "./papers/step";

const NEXT: Record<string, string[]> = { recovered: ["charging", "in-return", "returned", "destroyed"], charging: ["in-return", "returned"], "in-return": ["returned", "lost"] };
const tone = (s: string) => (NEXT[s] ? (s === "in-return" ? "live" : "plain") : s === "lost" || s === "destroyed" ? "warn" : "done") as "live" | "plain" | "warn" | "done";

export function Returns({ choice }: { choice: ComponentChildren }) {
  const q = query.value;
  const all = q.get("all") === "1";
  const list = usePages<Return>("/returns", { state: all ? null : "open", about: null }, 200);
  const stations = useGet<Page<Station>>("/stations?limit=500", true);
  const [making, setMaking] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  useEffect(() => on("notice", (n) => n.about === "return" && list.reload()), [list.reload]);
  const name = (id: string | null | undefined) => stations.value?.items.find((s) => s.id === id)?.name ?? id ?? "—";
  const text = (q.get("q") ?? "").toLowerCase();
  const rows = list.items.filter((r) => !text || [r.seal, name(r.station), name(r.origin)].join(" ").toLowerCase().includes(text));
  const one = list.items.find((r) => r.id === chosen);
  const columns: Column<Return>[] = [
    { key: "seal", head: () => t("return.seal"), cell: (r) => <a class="strong num" href={`/seals/${seg(r.seal ?? "")}`}>{device(r.seal ?? "")}</a>, width: "200px" },
    { key: "state", head: () => t("col.state"), cell: (r) => <Life group="returnState" value={r.state} tone={tone(r.state)} />, width: "150px" },
    { key: "station", head: () => t("return.station"), cell: (r) => <span class="clip">{r.state === "in-return" ? t("return.to", { name: name(r.station) }) : name(r.station)}</span> },
    { key: "origin", head: () => t("return.origin"), cell: (r) => <span class="clip">{r.origin ? name(r.origin) : <span class="none">—</span>}</span>, width: "190px", minor: true },
    { key: "since", head: () => t("return.since"), cell: (r) => (NEXT[r.state] ? <Span from={r.changed} /> : <Time at={r.changed} />), width: "120px" },
  ];
  const places = (stations.value?.items ?? []).map((s) => [s.id, s.name] as const);
  return (
    <>
      <PageHead title={t("seals.title")}>{choice}{may("stock") && <Button kind="main" icon="plus" onClick={() => setMaking(true)}>{t("returns.new")}</Button>}</PageHead>
      <div class="filters">
        <SearchBox value={q.get("q") ?? ""} placeholder={t("returns.search")} onText={(x) => setQuery({ q: x.trim() || null })} />
        <label class="check"><input type="checkbox" checked={all} onChange={(e) => setQuery({ all: e.currentTarget.checked ? "1" : null })} /><span>{t("returns.all")}</span></label>
      </div>
      <Table columns={columns} rows={rows} id={(r) => r.id} onRow={(r) => setChosen(r.id)} list={list} current={chosen} empty={text ? <Empty icon="search" title={t("seals.noHit")} /> : <Empty icon="undo" title={t("returns.empty")}>{t("returns.empty.about")}</Empty>} />
      {making && <NewReturn places={places} onClose={() => setMaking(false)} onSaved={() => { setMaking(false); list.reload(); }} />}
      {one && <OneReturn r={one} places={places} name={name} onClose={() => setChosen(null)} onChanged={list.reload} />}
    </>
  );
}

function OneReturn({ r, places, name, onClose, onChanged }: { r: Return; places: (readonly [string, string])[]; name: (id: string | null | undefined) => string; onClose: () => void; onChanged: () => void }) {
  const j = r.journey ? journeys.value.get(r.journey) : undefined;
  const steps: StepOf[] = may("stock") ? (NEXT[r.state] ?? []).map((to, i) => ({
    to, label: word("returnDo", to), main: i === 0, asks: to === "destroyed" || to === "lost" ? "reason" : "station", ...(to === "destroyed" || to === "lost" ? { about: t("return.reason.about") } : {}),
  })) : [];
  return (
    <Dialog title={device(r.seal ?? "")} onClose={onClose}>
      <div class="dialog-body">
        <p class="paper-state"><Life group="returnState" value={r.state} tone={tone(r.state)} /></p>
        <Facts rows={[
          [t("return.seal"), <a href={`/seals/${seg(r.seal ?? "")}`}>{r.seal}</a>], [t("return.station"), r.state === "in-return" ? t("return.to", { name: name(r.station) }) : name(r.station)], !!r.origin && [t("return.origin"), name(r.origin)],
          !!r.journey && [t("return.journey"), may("watch") ? <a href={`/journeys/${seg(r.journey)}`}>{j ? journeyTitle(j) : short(r.journey)}</a> : short(r.journey)], !!r.note && [t("return.note"), r.note],
        ]} />
        <Log paper={r} group="returnState" first="recovered" />
        <Steps key={r.version} path="/returns" paper={r} steps={steps} stations={places} station={(r.origin ?? r.station) || ""} told={(s) => t("toast.return", { state: word("returnState", s) })} onDone={onChanged} onRace={onChanged} />
      </div>
    </Dialog>
  );
}

/** The seal is found by its number among those that are not in stock. */
function NewReturn({ places, onClose, onSaved }: { places: (readonly [string, string])[]; onClose: () => void; onSaved: () => void }) {
  const form = useForm({ search: "", station: session.value?.user.station ?? "", origin: "", note: "", destroyed: false });
  const [seal, setSeal] = useState<Seal | null>(null);
  const [hits, setHits] = useState<Seal[] | null>(null);
  const v = form.value;
  useEffect(() => {
    if (v.search.trim().length < 2 || seal) return setHits(null);
    const stop = new AbortController();
    const timer = setTimeout(() => get<Page<Seal>>(`/seals${qs({ search: v.search.trim(), limit: 20 })}`, { signal: stop.signal }).then((p) => setHits(p.items.filter((s) => s.life !== "in-stock" && s.life !== "destroyed").slice(0, 6)), () => undefined), 160);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [v.search, seal]);
  const save = (e: Event) => {
    e.preventDefault();
    void form.run(async () => {
      const body: ReturnInput = { seal: seal!.id, ...(seal!.journey ? { journey: seal!.journey } : {}), station: v.station, destroyed: v.destroyed ? "yes" : "no", ...(v.origin ? { origin: v.origin } : {}), ...(v.note.trim() ? { note: v.note.trim() } : {}) };
      const made = await post<Return>("/returns", body, { key: newKey() });
      say(t("toast.return", { state: word("returnState", made.state) }));
      onSaved();
    });
  };
  return (
    <Dialog title={t("returns.new")} onClose={onClose} wide>
      <form onSubmit={save} noValidate>
        {seal ? (
          <p class="picked"><strong class="num">{device(seal.id)}</strong><span class="dim">{[seal.label, word("class", seal.class)].filter(Boolean).join(" · ")}</span><Button small kind="quiet" icon="close" label={t("remove")} onClick={() => setSeal(null)} /></p>
        ) : (
          <div class="seal-find">
            <Field label={t("return.pickSeal")} error={form.wrong("seal")}><Input name="seal" value={v.search} onText={(x) => form.set("search", x)} maxLength={40} autofocus autocomplete="off" /></Field>
            {hits && (hits.length === 0 ? <span class="field-help">{t("return.noSeal")}</span> : <ul class="pick-list">{hits.map((s) => <li key={s.id}><button type="button" class="pick" onClick={() => setSeal(s)}><span class="num">{device(s.id)}</span><em>{[s.label, word("life", s.life)].filter(Boolean).join(" · ")}</em></button></li>)}</ul>)}
          </div>
        )}
        <div class="grid2">
          <Field label={t("return.station")} error={form.wrong("station")}><Select value={v.station} onPick={(x) => form.set("station", x)} options={[["", t("application.pick")], ...places]} /></Field>
          <Field label={`${t("return.origin")} (${t("optional")})`} error={form.wrong("origin")}><Select value={v.origin} onPick={(x) => form.set("origin", x)} options={[["", "—"], ...places]} /></Field>
        </div>
        <label class="check"><input type="checkbox" checked={v.destroyed} onChange={(e) => form.set("destroyed", e.currentTarget.checked)} /><span>{t("return.destroyed")}</span></label>
        <Field label={`${t("return.note")} (${t("optional")})`} error={form.wrong("note")}><Input name="note" value={v.note} onText={(x) => form.set("note", x)} maxLength={199} /></Field>
        {form.error && <Problem error={form.error} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={form.busy} disabled={!seal || !v.station}>{t("returns.new")}</Button></footer>
      </form>
    </Dialog>
  );
}
