// SPDX-License-Identifier: Apache-2.0
// The platform at size: its nodes, who holds which partition, what waits, and how much comes in.
import { useEffect, useRef, useState } from "preact/hooks";
import { post, seg } from "@/api/client";
import { useGet } from "@/api/use";
import type { Cluster, ClusterNode, Health } from "@/api/model";
import { number, t } from "@/i18n";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { Button, PageHead, Problem, Section, Skeleton } from "@/ui/parts";
import { Time } from "@/ui/time";
import { sayError, tell } from "@/ui/toast";

const EVERY_MS = 3000;
const COLOURS = 6;

/** Rate of a counter between two looks; null until there were two. */
function useRates(health: Health | null): (name: string) => number | null {
  const last = useRef<{ at: number; counters: Record<string, number> } | null>(null);
  const rates = useRef<Record<string, number>>({});
  const counters = (health?.platform as { counters?: Record<string, number> } | undefined)?.counters;
  useEffect(() => {
    if (!counters) return;
    const before = last.current;
    const at = performance.now();
    if (before) for (const [k, v] of Object.entries(counters)) rates.current[k] = Math.max(0, (v - (before.counters[k] ?? v)) / ((at - before.at) / 1000));
    last.current = { at, counters };
  }, [counters]);
  return (name) => rates.current[name] ?? null;
}

const mark = (i: number) => `holder h${(i % COLOURS) + 1}`;
const whole = (http: string) => (/^https?:/.test(http) ? http : `http://${http}/`);
const rate = (r: number | null) => (r === null ? "—" : number(r, r < 10 ? 1 : 0));

function stateOf(n: ClusterNode): "up" | "draining" | "gone" {
  return !n.alive ? "gone" : n.draining ? "draining" : "up";
}

/** One cell a partition, with its holder's number, so that colour alone says nothing. */
function Partitions({ cluster }: { cluster: Cluster }) {
  const order = new Map(cluster.nodes.map((n, i) => [n.name, i]));
  return (
    <ol class="partition-grid" aria-label={t("platform.partitions")}>
      {cluster.held.map((p) => {
        const i = order.get(p.node);
        const about = p.node ? t("platform.partition", { n: p.number, node: p.node, epoch: p.epoch }) : t("platform.partition.nobody", { n: p.number });
        return <li key={p.number} class={i === undefined ? "holder nobody" : mark(i)} title={about} aria-label={about}>{i === undefined ? "–" : i + 1}</li>;
      })}
    </ol>
  );
}

function Nodes({ cluster, onDrain }: { cluster: Cluster; onDrain: (n: ClusterNode) => void }) {
  return (
    <ul class="node-list">
      {cluster.nodes.map((n, i) => {
        const state = stateOf(n);
        return (
          <li key={n.name} class={state}>
            <span class={mark(i)} aria-hidden="true">{i + 1}</span>
            <div class="node-name"><strong>{n.name}</strong>{n.name === cluster.node && <span class="dim">{t("platform.here")}</span>}</div>
            <span class={`badge plain ${state === "gone" ? "off" : ""}`}><Icon name={state === "up" ? "check" : state === "draining" ? "sign-out" : "offline"} size={13} />{t(`platform.state.${state}`)}</span>
            <span>{t("platform.holds", { n: n.partitions })}</span>
            <span class="dim">{n.version}{n.started && n.alive && <> · {t("platform.since")} <Time at={n.started} /></>}</span>
            {n.alive && n.clock_offset_ms !== null && Math.abs(n.clock_offset_ms) > 2000 && <span class="badge plain off" title={t("platform.clock.about")}><Icon name="clock" size={13} />{t("platform.clock", { n: (n.clock_offset_ms / 1000).toFixed(1) })}</span>}
            <span class="node-where">{n.http && n.alive && n.name !== cluster.node && <a href={`${whole(n.http)}platform`}>{whole(n.http).replace(/^https?:\/\/|\/$/g, "")}</a>}</span>
            {cluster.nodes.length > 1 && n.alive ? <Button small kind={n.draining ? "plain" : "quiet"} icon={n.draining ? "undo" : "sign-out"} onClick={() => onDrain(n)}>{t(n.draining ? "platform.undrain" : "platform.drain")}</Button> : <span />}
          </li>
        );
      })}
    </ul>
  );
}

function Waiting({ cluster, per }: { cluster: Cluster; per: (name: string) => number | null }) {
  const held = cluster.held.filter((p) => p.node).length;
  const alive = cluster.nodes.filter((n) => n.alive).length;
  return (
    <ul class="tiles">
      <li class="tile"><span>{t("platform.nodes")}</span><strong>{t("platform.of", { n: alive, all: cluster.nodes.length })}</strong><span>{t("platform.alive")}</span></li>
      <li class="tile"><span>{t("platform.partitions")}</span><strong>{t("platform.of", { n: held, all: cluster.partitions })}</strong><span>{t("platform.held")}</span></li>
      <li class="tile"><span>{t("platform.in")}</span><strong>{rate(per("bulla_observations_total"))}</strong><span>{t("platform.second")}</span></li>
      <li class="tile"><span>{t("platform.stored")}</span><strong>{rate(per("bulla_observations_stored_total"))}</strong><span>{t("platform.second")}</span></li>
      {cluster.outbox && <li class="tile"><span>{t("platform.backlog")}</span><strong>{number(cluster.outbox.rows)}</strong><span>{cluster.outbox.rows ? t("platform.oldest", { n: number(cluster.outbox.oldest_s ?? 0) }) : t("platform.nothing")}</span></li>}
    </ul>
  );
}

export function PlatformPage() {
  const cluster = useGet<Cluster>("/cluster", true);
  const health = useGet<Health>("/health", true);
  const per = useRates(health.value);
  const [asked, setAsked] = useState<ClusterNode | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      cluster.reload();
      health.reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const drain = async (n: ClusterNode, draining: boolean) => {
    setBusy(true);
    try {
      await post(`/cluster/nodes/${seg(n.name)}/drain`, { draining });
      cluster.reload();
    } catch (e) {
      sayError(e);
    }
    setBusy(false);
    setAsked(null);
  };
  const c = cluster.value;
  return (
    <main class="page" id="page" tabIndex={-1}>
      <PageHead title={t("platform.title")} sub={c ? t("platform.seen", { node: c.node }) : undefined} />
      {cluster.error && <Problem error={tell(cluster.error)} retry={cluster.reload} />}
      {!c && !cluster.error ? <Skeleton rows={8} /> : c && (
        <div class="statistics">
          <Waiting cluster={c} per={per} />
          {c.bus && <p class={c.bus.up ? "bus-line" : "bus-line down"}><Icon name={c.bus.up ? "check" : "warning"} size={16} /><span>{t(c.bus.up ? "platform.bus.up" : "platform.bus.down")}</span><span class="dim">{c.bus.text}</span></p>}
          <Section title={t("platform.nodes")}><Nodes cluster={c} onDrain={(n) => (n.draining ? void drain(n, false) : setAsked(n))} /></Section>
          <Section title={t("platform.partitions")} aside={<span class="dim">{t("platform.partitions.about")}</span>}><Partitions cluster={c} /></Section>
          {!c.bus && <p class="dim">{t("platform.alone")}</p>}
        </div>
      )}
      {asked && (
        <Dialog title={t("platform.drain.title", { node: asked.name })} onClose={() => setAsked(null)}>
          <div class="secret"><p>{t("platform.drain.about")}</p>
          <footer><Button onClick={() => setAsked(null)}>{t("cancel")}</Button><Button kind="main" busy={busy} onClick={() => void drain(asked, true)}>{t("platform.drain")}</Button></footer></div>
        </Dialog>
      )}
    </main>
  );
}
