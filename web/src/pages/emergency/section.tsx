// SPDX-License-Identifier: Apache-2.0
// The emergency openings of one journey, and asking for one.
import { useEffect, useState } from "preact/hooks";
import { qs } from "@/api/client";
import type { Emergency, Journey, Page } from "@/api/model";
import { useGet } from "@/api/use";
import { t } from "@/i18n";
import { device } from "@/lib/names";
import { on } from "@/state/live";
import { Life } from "@/ui/badges";
import { Button, Problem, Section } from "@/ui/parts";
import { tell } from "@/ui/toast";
import { Time } from "@/ui/time";
import { AskDialog, OneEmergency, tone, Until } from "./dialogs";

/** A seal that is on its way may be opened in an emergency; before and after that there is nothing to permit. */
const canAsk = (j: Journey) => (j.state === "sealed" || j.state === "under-way" || j.state === "arrived") && j.seals.length > 0;

export function Emergencies({ journey: j }: { journey: Journey }) {
  const loaded = useGet<Page<Emergency>>(`/emergencies${qs({ journey: j.id, limit: 50 })}`, true);
  const [asking, setAsking] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  useEffect(() => on("notice", (n) => n.about === "emergency" && loaded.reload()), [loaded.reload]);
  const list = loaded.value?.items ?? [];
  const one = list.find((e) => e.id === chosen);
  if (list.length === 0 && !canAsk(j) && !loaded.error) return null;
  return (
    <Section title={t("emergencies.title")} class="emergencies">
      {loaded.error && <Problem error={tell(loaded.error)} retry={loaded.reload} />}
      {list.length === 0 ? <p class="none">{t("emergency.none")}</p> : (
        <ul>
          {list.map((e) => (
            <li key={e.id} class={e.state}>
              <button type="button" onClick={() => setChosen(e.id)}>
                <span class="emergency-top"><Life group="emergencyState" value={e.state} tone={tone(e.state)} /><Time at={e.changed} /></span>
                <strong>{e.reason}</strong>
                <span class="dim">{e.seal && device(e.seal)}{e.author_name && ` · ${e.author_name}`}</span>
                {e.state === "approved" && <Until e={e} />}
                {e.answer && <q>{e.answer}</q>}
              </button>
            </li>
          ))}
        </ul>
      )}
      {canAsk(j) && !list.some((e) => e.state === "requested") && <Button icon="lock-open" onClick={() => setAsking(true)}>{t("emergency.ask")}</Button>}
      {asking && <AskDialog journey={j} onClose={() => setAsking(false)} onAsked={() => { setAsking(false); loaded.reload(); }} />}
      {one && <OneEmergency e={one} onClose={() => setChosen(null)} onChanged={loaded.reload} />}
    </Section>
  );
}
