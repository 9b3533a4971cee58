// SPDX-License-Identifier: Apache-2.0
// The stock: every seal with what it last said; and those on their way back.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { usePages } from "@/api/use";
import { seg } from "@/api/client";
import type { Seal } from "@/api/model";
import { t, word } from "@/i18n";
import { device, protocol, short } from "@/lib/names";
import { grades } from "@/state/alarms";
import { seals as live, tick } from "@/state/fleet";
import { journeys } from "@/state/journeys";
import { query, setQuery } from "@/state/route";
import { may } from "@/state/session";
import { Battery, Grade, SealState } from "@/ui/badges";
import { Button, Empty, PageHead, Select } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Table, type Column } from "@/ui/table";
import { Tabs } from "@/ui/tabs";
import { Time } from "@/ui/time";
import { Returns } from "./returns";
import { SealDialog } from "./seal/record";

const now = (s: Seal) => live.get(s.id) ?? s.live ?? null;
const journeyName = (id: string) => {
  const j = journeys.value.get(id);
  return j?.reference ?? j?.vehicle ?? short(id);
};

const columns: Column<Seal>[] = [
  { key: "alarm", head: () => t("col.alarm"), cell: (s) => <Grade grade={grades.value.get(s.id) ?? 0} short />, width: "114px" },
  { key: "seal", head: () => t("col.seal"), cell: (s) => <a class="strong num" href={`/seals/${seg(s.id)}`}>{device(s.id)}</a>, width: "184px" },
  { key: "state", head: () => t("col.state"), cell: (s) => <SealState state={now(s)?.state.seal} proof={now(s)?.knowledge} tampered={now(s)?.tampered} />, width: "172px" },
  { key: "battery", head: () => t("col.battery"), cell: (s) => <Battery value={now(s)?.percent ?? null} charging={now(s)?.charging ?? null} />, width: "84px" },
  { key: "heard", head: () => t("col.heard"), cell: (s) => <Time at={now(s)?.heard} />, width: "100px" },
  { key: "life", head: () => t("col.life"), cell: (s) => word("life", s.life), width: "120px" },
  { key: "journey", head: () => t("col.journey"), cell: (s) => (s.journey ? <a href={`/journeys/${seg(s.journey)}`}>{journeyName(s.journey)}</a> : <span class="none">—</span>) },
  { key: "label", head: () => t("col.label"), cell: (s) => s.label ?? <span class="none">—</span>, width: "120px", minor: true },
  { key: "model", head: () => t("col.model"), cell: (s) => <span class="dim">{[protocol(s.id), s.model].filter(Boolean).join(" · ")}</span>, width: "140px", minor: true },
];

const lives = ["commissioned", "in-stock", "charging", "assigned", "hung", "sealed", "opened", "unsealed", "in-return", "lost", "destroyed", "unregistered"];

export function SealsPage() {
  const tab = may("stock") && query.value.get("tab") === "returns" ? "returns" : "stock";
  const choice = may("stock") && <Tabs value={tab} options={[["stock", t("seals.tab.stock")], ["returns", t("seals.tab.returns")]]} onPick={(v) => setQuery({ tab: v === "stock" ? null : v, q: null, life: null, all: null })} />;
  return <main class="page table-page" id="page" tabIndex={-1}>{tab === "stock" ? <Stock choice={choice} /> : <Returns choice={choice} />}</main>;
}

function Stock({ choice }: { choice: ComponentChildren }) {
  const q = query.value;
  void tick.value;
  const list = usePages<Seal>("/seals", { search: q.get("q"), life: q.get("life") }, 200);
  const [making, setMaking] = useState(false);
  const filtered = q.get("q") || q.get("life");
  return (
    <>
      <PageHead title={t("seals.title")}>{choice}{may("stock") && <Button kind="main" icon="plus" onClick={() => setMaking(true)}>{t("seals.new")}</Button>}</PageHead>
      <div class="filters">
        <SearchBox value={q.get("q") ?? ""} placeholder={t("seals.search")} onText={(x) => setQuery({ q: x.trim() || null })} />
        <Select label={t("col.life")} value={q.get("life") ?? ""} onPick={(v) => setQuery({ life: v })} options={[["", `${t("col.life")}: ${t("all")}`], ...lives.map((s) => [s, word("life", s)] as const)]} />
      </div>
      <Table columns={columns} rows={list.items} id={(s) => s.id} href={(s) => `/seals/${seg(s.id)}`} list={list}
        empty={filtered ? <Empty icon="search" title={t("seals.noHit")}>{t("journeys.noHit.about")}</Empty> : <Empty icon="lock" title={t("seals.empty")}>{t("seals.empty.about")}</Empty>} />
      {making && <SealDialog seal={null} onClose={() => setMaking(false)} onSaved={() => { setMaking(false); list.reload(); }} />}
    </>
  );
}
