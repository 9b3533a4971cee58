// SPDX-License-Identifier: Apache-2.0
// How the platform is: listeners, rates, what was refused and why. Members the platform adds later are shown as they come.
import { useEffect } from "preact/hooks";
import { useState } from "preact/hooks";
import { useGet } from "@/api/use";
import type { Damage, Health, Page } from "@/api/model";
import { number, t } from "@/i18n";
import { Icon } from "@/ui/icon";
import { RawView } from "@/ui/bytes";
import { Empty, Facts, PageHead, Problem, Section, Skeleton } from "@/ui/parts";
import { tell } from "@/ui/toast";
import { Time } from "@/ui/time";

const name = (key: string) => key.replace(/_/g, " ").replace(/^./, (c) => c.toUpperCase());
const plain = (v: unknown): v is string | number | boolean | null => v === null || typeof v !== "object";
const show = (v: string | number | boolean | null) => (v === null || v === "" ? "—" : typeof v === "number" ? number(v, 2) : typeof v === "boolean" ? t(v ? "yes" : "no") : v);

/** Any record of the platform: numbers as facts, lists of records as tables, records inside as their own section. */
function Anything({ title, value }: { title: string; value: Record<string, unknown> }) {
  const facts = Object.entries(value).filter(([, v]) => plain(v)) as [string, string | number | boolean | null][];
  const lists = Object.entries(value).filter(([, v]) => Array.isArray(v) && v.length > 0) as [string, unknown[]][];
  const inner = Object.entries(value).filter(([, v]) => v !== null && typeof v === "object" && !Array.isArray(v)) as [string, Record<string, unknown>][];
  return (
    <>
      {facts.length > 0 && <Section title={title}><Facts rows={facts.map(([k, v]) => [name(k), show(v)])} /></Section>}
      {lists.map(([k, rows]) => <Section key={k} title={name(k)}><List rows={rows} /></Section>)}
      {inner.map(([k, v]) => <Anything key={k} title={name(k)} value={v} />)}
    </>
  );
}

function List({ rows }: { rows: unknown[] }) {
  if (rows.every(plain)) return <p>{rows.map((r) => show(r)).join(", ")}</p>;
  const records = rows as Record<string, unknown>[];
  const keys = [...new Set(records.flatMap((r) => Object.keys(r)))].filter((k) => records.some((r) => plain(r[k] ?? null)));
  return (
    <div class="scroll-x">
      <table class="table small">
        <thead><tr>{keys.map((k) => <th key={k} class={typeof records[0]?.[k] === "number" ? "end" : ""}>{name(k)}</th>)}</tr></thead>
        <tbody>{records.map((r, i) => <tr key={i}>{keys.map((k) => <td key={k} class={typeof r[k] === "number" ? "end" : ""}>{plain(r[k] ?? null) ? show((r[k] ?? null) as never) : ""}</td>)}</tr>)}</tbody>
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
        <>
          <div class="columns even">
            <div class="column">
              <Section title={t("col.state")}>
                <Facts rows={[
                  [t("col.state"), <span class="badge plain"><Icon name={h.ready ? "check" : "warning"} size={13} />{t(h.ready ? "health.ready" : "health.notReady")}</span>],
                  !!h.waits_for && [t("health.waits", { what: "" }), h.waits_for],
                  !!h.recovery && [t("health.recovery"), h.recovery],
                  [t("health.requests"), number(h.http.requests)], [t("health.streams"), number(h.http.streams)], [t("health.refused"), number(h.http.refused)],
                ]} />
              </Section>
            </div>
            <div class="column">{h.platform && <Anything title={t("health.platform")} value={h.platform} />}</div>
          </div>
          <Section title={t("health.damages")} aside={<span class="dim">{t("health.damages.about")}</span>}>
            {damages.error && <Problem error={tell(damages.error)} retry={damages.reload} />}
            {damages.value?.items.length === 0 ? <Empty icon="check" title={t("health.damages.empty")} /> : <ul class="observations">{damages.value?.items.map((d, i) => <DamageRow key={i} damage={d} />)}</ul>}
          </Section>
        </>
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
