// SPDX-License-Identifier: Apache-2.0
// The seal before the onset and at it, side by side; what changed stands out, what was not said says so.
import type { LiveState, Observation } from "@/api/model";
import { t, word } from "@/i18n";
import { Proof } from "@/ui/badges";
import { Icon } from "@/ui/icon";
import { Section } from "@/ui/parts";
import { Time } from "@/ui/time";

const parts = ["seal", "shackle", "motor", "cover", "door"] as const;
const group = { seal: "sealState", shackle: "shackle", motor: "motor", cover: "cover", door: "door" } as const;

export function Before({ before, then }: { before: Observation | null; then: Observation }) {
  const a: LiveState = before?.state ?? {};
  const b: LiveState = then.state ?? {};
  const rows = parts.filter((p) => a[p] !== undefined || b[p] !== undefined);
  if (rows.length === 0) return null;
  return (
    <Section title={t("alarm.state")}>
      <table class="before">
        <thead>
          <tr><td /><th>{t("alarm.before")}</th><td /><th>{t("alarm.then")}</th></tr>
        </thead>
        <tbody>
          {rows.map((p) => {
            const changed = a[p] !== undefined && b[p] !== undefined && a[p] !== b[p];
            return (
              <tr key={p} class={changed ? "changed" : ""}>
                <th>{t(`part.${p}`)}</th>
                <td>{a[p] ? word(group[p], a[p]) : <span class="none">{t("alarm.notSaid")}</span>}</td>
                <td class="arrow">{changed && <Icon name="arrow" size={14} />}</td>
                <td>{b[p] ? word(group[p], b[p]) : <span class="none">{t("alarm.notSaid")}</span>}</td>
              </tr>
            );
          })}
        </tbody>
        <tfoot>
          <tr>
            <th>{t("alarm.sure")}</th>
            <td>{before ? <Proof proof={before.proof} /> : <Proof proof="unknown" />}</td><td />
            <td><Proof proof={then.proof} /></td>
          </tr>
          <tr>
            <th>{t("time")}</th>
            <td>{before ? <Time at={before.time ?? before.received} exact seconds /> : <span class="none">—</span>}</td><td />
            <td><Time at={then.time ?? then.received} exact seconds /></td>
          </tr>
        </tfoot>
      </table>
    </Section>
  );
}
