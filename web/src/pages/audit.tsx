// SPDX-License-Identifier: Apache-2.0
// Who changed what: newest first, filters in the address.
import { useState } from "preact/hooks";
import { usePages } from "@/api/use";
import { seg } from "@/api/client";
import type { AuditEntry } from "@/api/model";
import { t, word } from "@/i18n";
import { fromInput, toInput } from "@/lib/time";
import { query, setQuery } from "@/state/route";
import { may } from "@/state/session";
import { Empty, PageHead } from "@/ui/parts";
import { SearchBox } from "@/ui/searchbox";
import { Table, type Column } from "@/ui/table";
import { Time } from "@/ui/time";

/** Where an entry's object can be looked at. */
export function objectLink(e: AuditEntry): string | null {
  if (!e.object) return null;
  if (e.action.startsWith("alarm.") || e.action.startsWith("file.")) return `/watch?alarm=${seg(e.object)}`;
  if (e.action.startsWith("journey.")) return `/journeys/${seg(e.object)}`;
  if (e.action.startsWith("seal.") || (e.action.startsWith("command") && e.object.includes(":"))) return `/seals/${seg(e.object)}`;
  if (e.action.startsWith("station.")) return `/stations?id=${seg(e.object)}`;
  return null;
}

export function detailWords(detail: AuditEntry["detail"]): string {
  if (detail === null || detail === undefined) return "";
  if (typeof detail === "string") return detail;
  return Object.entries(detail).map(([k, v]) => `${k.replace(/_/g, " ")}: ${typeof v === "object" ? JSON.stringify(v) : String(v)}`).join(" · ");
}

const columns: Column<AuditEntry>[] = [
  { key: "time", head: () => t("col.time"), cell: (e) => <Time at={e.time} exact seconds />, width: "150px" },
  { key: "user", head: () => t("col.user"), cell: (e) => e.user_name ?? <span class="none">—</span>, width: "150px" },
  { key: "action", head: () => t("col.action"), cell: (e) => <span title={e.action}>{word("action", e.action)}</span>, width: "210px" },
  { key: "object", head: () => t("col.object"), cell: (e) => { const to = objectLink(e); return to ? <a href={to}>{e.object}</a> : (e.object ?? ""); }, width: "220px" },
  { key: "detail", head: () => t("col.detail"), cell: (e) => <span class="dim clip" title={detailWords(e.detail)}>{detailWords(e.detail)}</span> },
  { key: "address", head: () => t("col.address"), cell: (e) => <span class="dim">{e.address}</span>, width: "130px", minor: true },
];

export function AuditPage() {
  const q = query.value;
  const [search, setSearch] = useState(q.get("q") ?? "");
  const list = usePages<AuditEntry>("/audit", { search: q.get("q"), from: q.get("from"), until: q.get("until"), object: q.get("object") });
  return (
    <main class="page table-page" id="page" tabIndex={-1}>
      <PageHead title={t("audit.title")} sub={may("administer") ? undefined : t("audit.own")} />
      <div class="filters">
        <SearchBox value={search} placeholder={t("audit.search")} onText={(x) => { setSearch(x); setQuery({ q: x.trim() || null }); }} />
        <label class="inline-field"><span>{t("audit.from")}</span><input type="datetime-local" value={toInput(q.get("from"))} onChange={(e) => setQuery({ from: fromInput(e.currentTarget.value) })} /></label>
        <label class="inline-field"><span>{t("audit.until")}</span><input type="datetime-local" value={toInput(q.get("until"))} onChange={(e) => setQuery({ until: fromInput(e.currentTarget.value) })} /></label>
      </div>
      <Table columns={columns} rows={list.items} id={(e) => String(e.seq)} list={list} empty={<Empty icon="audit" title={t("audit.empty")} />} />
    </main>
  );
}
