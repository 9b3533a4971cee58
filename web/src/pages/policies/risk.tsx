// SPDX-License-Identifier: Apache-2.0
// How well the risk score told beforehand what was found: in sentences, and score by score.
import { useState } from "preact/hooks";
import { get, qs } from "@/api/client";
import type { Policy, RiskBacktest } from "@/api/model";
import { number, percent, t } from "@/i18n";
import { from, verdict } from "@/lib/risk";
import { serverNow } from "@/state/clock";
import { Button, Problem, Section, Select } from "@/ui/parts";
import { tell, type Told } from "@/ui/toast";

const DAYS = [30, 92, 365];
const DAY_MS = 86_400_000;
const FEW = 10;
const MOST = 500; // journeys that the platform counts at once

export function RiskTrial({ policy: p }: { policy: Policy }) {
  const [days, setDays] = useState("92");
  const [test, setTest] = useState<RiskBacktest | null>(null);
  const [lost, setLost] = useState<Told | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    setLost(null);
    try {
      setTest(await get<RiskBacktest>(`/risk/backtest${qs({ from: new Date(serverNow() - Number(days) * DAY_MS).toISOString(), until: new Date(serverNow()).toISOString() })}`));
    } catch (e) {
      setLost(tell(e));
    }
    setBusy(false);
  };
  return (
    <Section title={t("riskTest.title")} class="risk-trial">
      <p class="dim">{t("riskTest.about")}</p>
      <div class="backtest-ask">
        <Select label={t("riskTest.span")} value={days} disabled={busy} onPick={setDays} options={DAYS.map((d) => [String(d), t("statistics.days", { n: d })] as const)} />
        <Button icon="play" busy={busy} onClick={() => void run()}>{t(test ? "riskTest.again" : "riskTest.do")}</Button>
      </div>
      {lost && <Problem error={lost} />}
      {test && <Result test={test} body={p.body} />}
    </Section>
  );
}

function Result({ test: x, body }: { test: RiskBacktest; body: Policy["body"] }) {
  if (x.journeys === 0) return <p class="none">{t("riskTest.none")}</p>;
  const level = (name: string) => { const n = body[name]; return typeof n === "number" ? from(x.tenths, n) : null; };
  const levels = ([["medium", level("medium_from")], ["high", level("high_from")]] as const).flatMap(([name, f]) => (f ? [[name, f] as const] : []));
  return (
    <div class="risk-result">
      <p><strong>{t("riskTest.counted", { n: x.journeys, found: x.with_violation })}</strong></p>
      {x.auc === null ? <p>{t(x.with_violation === 0 ? "riskTest.noneFound" : "riskTest.allFound")}</p> : (
        <>
          <p class="risk-verdict">{t(x.with_violation < FEW ? "riskTest.scarce" : `riskTest.verdict.${verdict(x.auc)}`)} <span class="dim">{t("riskTest.auc", { p: percent(x.auc * 100) })}</span></p>
          <ul class="risk-levels">{levels.map(([name, f]) => <li key={name}>{t("riskTest.from", { score: f.score, level: t(`decide.level.${name}`), caught: f.caught, found: x.with_violation, share: percent((f.journeys / x.journeys) * 100) })}</li>)}</ul>
        </>
      )}
      <Tenths list={x.tenths} />
      <p class="dim">{x.policy_version ? t("riskTest.version", { n: x.policy_version }) : t("riskTest.versionDefault")}{x.journeys >= MOST && ` ${t("riskTest.most")}`}</p>
    </div>
  );
}

/** One row for ten points of the score; the bar is how many journeys, the strong part of it those with a violation. */
function Tenths({ list }: { list: RiskBacktest["tenths"] }) {
  const most = Math.max(1, ...list.map((x) => x.journeys));
  const last = list.reduce((n, x, i) => (x.journeys > 0 ? i : n), 0);
  return (
    <table class="table small tenths">
      <thead><tr><th scope="col">{t("riskTest.score")}</th><th scope="col" class="end">{t("riskTest.journeys")}</th><th scope="col" class="end">{t("riskTest.violations")}</th><th scope="col" class="end">{t("riskTest.share")}</th><th scope="col" aria-hidden="true" /></tr></thead>
      <tbody>
        {list.slice(0, last + 1).map((x) => (
          <tr key={x.from}>
            <th scope="row">{number(x.from)}–{number(x.until === 100 ? 100 : x.until - 1)}</th>
            <td class="end">{number(x.journeys)}</td><td class="end">{number(x.with_violation)}</td><td class="end">{x.journeys ? percent((x.with_violation / x.journeys) * 100) : <span class="none">—</span>}</td>
            <td class="tenth-bar"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="all" width={(x.journeys / most) * 100} height="8" /><rect class="hit" width={(x.with_violation / most) * 100} height="8" /></svg></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
