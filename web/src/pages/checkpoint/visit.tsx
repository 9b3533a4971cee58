// SPDX-License-Identifier: Apache-2.0
// Between two stays: where the journey arrives next.
import { useState } from "preact/hooks";
import { newKey, post, seg } from "@/api/client";
import type { Dossier, Journey, Page, Station } from "@/api/model";
import { useGet } from "@/api/use";
import { t, word } from "@/i18n";
import { may, session } from "@/state/session";
import { useForm } from "@/ui/form";
import { Button, Problem, Select } from "@/ui/parts";
import { ahead } from "./model";
import { stationHere } from "./here";

export function NextVisit({ journey: j, dossier: d, onChanged }: { journey: Journey; dossier: Dossier; onChanged: (d: Dossier | null) => void }) {
  const stations = useGet<Page<Station>>("/stations?limit=500", true);
  const here = stationHere.value || session.value?.user.station || "";
  const own = here === d.visits.at(-1)?.station ? "" : here; // it has just left here: it arrives somewhere else
  const [station, setStation] = useState(own);
  const form = useForm({});
  const atEnd = station !== "" && station === j.destination?.station;
  const open = (stage: string) => void form.run(async () => onChanged(await post<Dossier>(`/journeys/${seg(j.id)}/visits`, { stage, station: station || null }, { key: newKey() })));
  return (
    <section class="step-card">
      <header><span class="dim">{t("journey.step")}</span><h2>{t("visit.next")}</h2></header>
      <label class="field"><span class="field-label">{t("checkpoint.station")}</span><Select value={station} onPick={setStation} options={[["", "—"], ...(stations.value?.items ?? []).map((s) => [s.id, s.name] as const)]} /></label>
      {form.error && <Problem error={form.error} />}
      {may("plan") && (
        <footer>
          {ahead(d).map((stage) => <Button key={stage} kind={station !== "" && (stage === "destination") === atEnd ? "main" : "plain"} class="huge" busy={form.busy} onClick={() => open(stage)}>{t(stage === "destination" ? "visit.destination" : "visit.enRoute")}</Button>)}
        </footer>
      )}
      <p class="dim">{t("visit.about", { stage: word("stage", d.stage) })}</p>
    </section>
  );
}
