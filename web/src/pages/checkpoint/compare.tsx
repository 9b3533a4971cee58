// SPDX-License-Identifier: Apache-2.0
// Field by field: what was declared, what was read, by whom and when. Differences stand on top.
import type { Compared, ComparedValue, Journey } from "@/api/model";
import { useState } from "preact/hooks";
import { t, word } from "@/i18n";
import { Icon } from "@/ui/icon";
import { may } from "@/state/session";
import { Button, Section } from "@/ui/parts";
import { Time } from "@/ui/time";
import { sortedComparison } from "./model";
import { Say } from "./say";

function Said({ v, unit }: { v: ComparedValue; unit: string | null }) {
  return <span class={`said${v.equal === false ? " differs" : ""}`}><strong>{v.value}{unit ? ` ${unit}` : ""}</strong><span class="dim">{word("source", v.source)} · <Time at={v.time} exact /></span></span>;
}

export function Comparison({ journey, list, onChanged }: { journey: Journey; list: Compared[]; onChanged: () => void }) {
  const [saying, setSaying] = useState(false);
  const rows = sortedComparison(list);
  const differing = rows.filter((c) => c.equal === false).length;
  return (
    <Section title={t("compare.title")} aside={<span class="row"><span class={differing ? "odd" : "dim"}>{differing ? t("compare.differ", { n: differing }) : rows.length ? t("compare.agree") : ""}</span>{may("plan") && <Button small icon="plus" onClick={() => setSaying(true)}>{t("say.add")}</Button>}</span>}>
      {rows.length === 0 ? <p class="none">{t("compare.empty")}</p> : (
        <table class="table compare">
          <thead><tr><th scope="col">{t("compare.field")}</th><th scope="col">{t("compare.declared")}</th><th scope="col">{t("compare.read")}</th></tr></thead>
          <tbody>
            {rows.map((c) => (
              <tr key={c.field} class={c.equal === false ? "differs" : c.equal === null ? "open" : "agrees"}>
                <th scope="row"><Icon name={c.equal === false ? "warning" : c.equal === null ? "clock" : "check"} size={15} label={t(c.equal === false ? "compare.differs" : c.equal === null ? "compare.notRead" : "compare.agrees")} />{word("field", c.field)}</th>
                <td>{c.declared ? <Said v={c.declared} unit={c.unit} /> : <span class="none">{t("compare.notDeclared")}</span>}</td>
                <td>{c.others.length ? c.others.map((v, i) => <Said key={i} v={v} unit={c.unit} />) : <span class="none">{t("compare.notRead")}</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {saying && <Say journey={journey} onClose={() => setSaying(false)} onSaid={() => { setSaying(false); onChanged(); }} />}
    </Section>
  );
}
