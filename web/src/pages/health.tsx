// SPDX-License-Identifier: Apache-2.0
// How the platform is: listeners, rates, what was refused and why. Members the platform adds later are shown as they come.
import { useEffect } from "preact/hooks";
import { useState } from "preact/hooks";
import { useGet } from "@/api/use";
import type { Damage, Health, Page } from "@/api/model";
import { number, t } from "@/i18n";
import { Icon } from "@/ui/icon";
import { RawView } from "@/ui/bytes";
import { Empty, PageHead, Problem, Section, Skeleton } from "@/ui/parts";
import { tell } from "@/ui/toast";
import { Time } from "@/ui/time";

const name = (key: string) => key.replace(/^bulla_/, "").replace(/_total$/, "").replace(/_/g, " ").replace(/^./, (c) => c.toUpperCase());
type Plain = string | number | boolean | null;
const plain = (v: unknown): v is Plain => v === null || typeof v !== "object";
const show = (key: string, v: Plain) => (v === null || v === "" ? "—" : typeof v === "number" ? (key === "port" ? String(v) : number(v, 2)) : typeof v === "boolean" ? t(v ? "yes" : "no") : v);
const SHOWN = ["version", "ready", "waits_for", "waiting_for", "recovery"]; // in the first section already

/** Any record of the platform: numbers as facts, lists of records as tables, records inside as their own section. */
function Anything({ title, value }: { title: string; value: Record<string, unknown> }) {
  const entries = Object.entries(value).filter(([k]) => !SHOWN.includes(k));
  const facts = entries.filter(([, v]) => plain(v)) as [string, Plain][];
  const lists = entries.filter(([, v]) => Array.isArray(v) && v.length > 0) as [string, unknown[]][];
  const inner = entries.filter(([, v]) => v !== null && typeof v === "object" && !Array.isArray(v)) as [string, Record<string, unknown>][];
  return (
    <>
      {lists.map(([k, rows]) => <Section key={k} title={name(k)}><List rows={rows} /></Section>)}
      {facts.length > 0 && <Section title={title}><dl class="counters">{facts.map(([k, v]) => <div key={k} class={v === 0 ? "zero" : ""}><dt>{name(k)}</dt><dd>{show(k, v)}</dd></div>)}</dl></Section>}
      {inner.map(([k, v]) => <Anything key={k} title={name(k)} value={v} />)}
    </>
  );
}

function List({ rows }: { rows: unknown[] }) {
  if (rows.every(plain)) return <p>{rows.map((r) => show("", r as Plain)).join(", ")}</p>;
  const records = rows as Record<string, unknown>[];
  const keys = [...new Set(records.flatMap((r) => Object.keys(r)))].filter((k) => records.some((r) => plain(r[k] ?? null)));
  const end = (k: string) => (typeof records[0]?.[k] === "number" ? "end" : "");
  return (
    <div class="scroll-x">
      <table class="table small">
        <thead><tr>{keys.map((k) => <th key={k} class={end(k)}>{name(k)}</th>)}</tr></thead>
        <tbody>{records.map((r, i) => <tr key={i}>{keys.map((k) => <td key={k} class={end(k)}>{plain(r[k] ?? null) ? show(k, (r[k] ?? null) as Plain) : ""}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

export function HealthPage() {
  const health = useGet<Health>("/health", true);
  const damages = useGet<Page<Damage>>("/damages?limit=50", true);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && health.reload(), 5000);
    return () => clearInterval(timer);
  }, []);
  const h = health.value;
  return (
    <main class="page" id="page" tabIndex={-1}>
      <PageHead title={t("health.title")} sub={h ? `${t("health.version")} ${h.version}` : undefined} />
      {health.error && <Problem error={tell(health.error)} retry={health.reload} />}
      {!h && !health.error ? <Skeleton rows={8} /> : h && (
        <div class="statistics">
          <ul class="tiles">
            <li class="tile"><span>{t("col.state")}</span><strong class="word"><Icon name={h.ready ? "check" : "warning"} size={22} />{t(h.ready ? "health.ready" : "health.notReady")}</strong>{h.waits_for && <span>{t("health.waits", { what: h.waits_for })}</span>}</li>
            <li class="tile"><span>{t("health.requests")}</span><strong>{number(h.http.requests)}</strong></li>
            <li class="tile"><span>{t("health.streams")}</span><strong>{number(h.http.streams)}</strong></li>
            <li class="tile"><span>{t("health.refused")}</span><strong>{number(h.http.refused)}</strong></li>
          </ul>
          {h.recovery && <Section title={t("health.recovery")}><p>{h.recovery}</p></Section>}
          {h.platform && <Anything title={t("health.platform")} value={h.platform} />}
          <Section title={t("health.damages")} aside={<span class="dim">{t("health.damages.about")}</span>}>
            {damages.error && <Problem error={tell(damages.error)} retry={damages.reload} />}
            {damages.value?.items.length === 0 ? <Empty icon="check" title={t("health.damages.empty")} /> : <ul class="observations">{damages.value?.items.map((d, i) => <DamageRow key={i} damage={d} />)}</ul>}
          </Section>
        </div>
      )}
    </main>
  );
}

function DamageRow({ damage: d }: { damage: Damage }) {
  const [open, setOpen] = useState(false);
  return (
    <li class={open ? "observation open" : "observation"}>
      <button type="button" class="observation-line damage" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? "down" : "right"} size={14} />
        <span class="when"><Time at={d.received} exact seconds /></span>
        <span class="gist">{d.why}</span>
        <span class="readings">{[d.protocol, d.peer].filter(Boolean).join(" · ")}</span>
        <span class="badge plain">{d.outcome}</span>
      </button>
      {open && <div class="observation-bytes"><RawView raw={d.raw} /></div>}
    </li>
  );
}
