// SPDX-License-Identifier: Apache-2.0
// A seal clicked on the map: the least one must know, and where to go from here.
import { seg } from "@/api/client";
import { quantity, t, word } from "@/i18n";
import { device, fromTo, journeyTitle } from "@/lib/names";
import { open } from "@/state/alarms";
import { seals, tick } from "@/state/fleet";
import { journeys } from "@/state/journeys";
import { Battery, GradeMark, SealState } from "@/ui/badges";
import { Icon } from "@/ui/icon";
import { Button, Facts } from "@/ui/parts";
import { Time } from "@/ui/time";

export function SealCard({ id, onClose }: { id: string; onClose: () => void }) {
  void tick.value;
  const s = seals.get(id);
  if (!s) return null;
  const j = s.journey ? journeys.value.get(s.journey) : undefined;
  const mine = open.value.filter((a) => a.seal === id);
  const [from, to] = j ? fromTo(j) : [];
  return (
    <div class="seal-card" role="dialog" aria-label={device(id)}>
      <header><a href={`/seals/${seg(id)}`}><h3>{device(id)}</h3></a><Button small kind="quiet" icon="close" label={t("close")} onClick={onClose} /></header>
      <SealState state={s.state.seal} proof={s.knowledge} tampered={s.tampered} />
      {s.tampered && s.state.seal !== "sealed" && <span class="badge tampered" title={t("proof.tampered.about")}><Icon name="warning" size={13} />{t("proof.tampered")}</span>}
      <Facts rows={[
        [t("seal.heard"), <Time at={s.heard} />],
        [t("battery"), <Battery value={s.percent ?? null} charging={s.charging ?? null} />],
        s.fix?.speed_kmh !== null && s.fix?.speed_kmh !== undefined && [t("speed"), quantity(s.fix.speed_kmh, "km/h")],
        !!j && [t("alarm.journey"), <a href={`/journeys/${seg(j.id)}`}>{journeyTitle(j)}</a>],
        !!j?.vehicle && [t("alarm.vehicle"), <span class="plate">{j.vehicle}</span>],
        !!(from && to) && [t("col.route"), `${from} – ${to}`],
      ]} />
      {mine.length > 0 && <ul class="similar">{mine.slice(0, 4).map((a) => <li key={a.id}><a href={`/watch?alarm=${seg(a.id)}`}><GradeMark grade={a.grade} size={13} /><span>{word("kind", a.kind)}</span><Time at={a.onset} /></a></li>)}</ul>}
    </div>
  );
}
