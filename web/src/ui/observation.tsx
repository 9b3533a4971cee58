// SPDX-License-Identifier: Apache-2.0
// One observation as a line that opens down to its bytes.
import { useState } from "preact/hooks";
import { useGet } from "@/api/use";
import { seg } from "@/api/client";
import type { Observation, ObservationDetail } from "@/api/model";
import { percent, quantity, t, word } from "@/i18n";
import { may } from "@/state/session";
import { Proof } from "./badges";
import { ObservationBytes } from "./bytes";
import { Icon } from "./icon";
import { Problem, Skeleton } from "./parts";
import { tell } from "./toast";
import { Time } from "./time";

/** What a message says besides its position, in words. */
export function gist(o: Observation): string {
  const parts: string[] = (o.events ?? []).map((e) => word("event", e));
  const unlock = o.unlock as { channel?: string; verdict?: string; reason?: string; credential?: string } | null | undefined;
  if (unlock?.verdict) {
    const why = unlock.reason && unlock.reason !== "ok" ? ` (${word("reason", unlock.reason)})` : "";
    parts.push(`${word("channel", unlock.channel)}${unlock.credential ? ` ${unlock.credential}` : ""}: ${word("verdict", unlock.verdict)}${why}`);
  }
  if (parts.length === 0 && o.state?.seal) parts.push(word("sealState", o.state.seal));
  return parts.join(" · ");
}

export function readings(o: Observation): string {
  const parts: string[] = [];
  if (o.fix?.valid && o.fix.speed_kmh !== null && o.fix.speed_kmh !== undefined) parts.push(quantity(o.fix.speed_kmh, "km/h"));
  if (o.power?.percent !== null && o.power?.percent !== undefined) parts.push(percent(o.power.percent));
  const warm = o.sensors?.find((s) => s.kind === "temperature" && s.value !== null);
  if (warm) parts.push(quantity(warm.value!, "C", 1));
  return parts.join(" · ");
}

interface Props { observation: Observation; detail?: ObservationDetail | undefined; open?: boolean; onToggle?: (open: boolean) => void; onHover?: (() => void) | undefined }

export function ObservationRow({ observation: o, detail, open: forced, onToggle, onHover }: Props) {
  const [own, setOwn] = useState(false);
  const open = forced ?? own;
  const toggle = () => {
    onToggle?.(!open);
    if (forced === undefined) setOwn(!open);
  };
  const can = may("observe");
  return (
    <li class={open ? "observation open" : "observation"} onMouseEnter={onHover}>
      <button type="button" class="observation-line" aria-expanded={open} disabled={!can} onClick={toggle}>
        <Icon name={open ? "down" : "right"} size={14} />
        <span class="when"><Time at={o.time ?? o.received} exact seconds /></span>
        <span class="gist">{gist(o) || t("position")}{o.stored && <em title={t("raw.stored")}><Icon name="clock" size={12} /></em>}</span>
        <span class="readings">{readings(o)}</span>
        <Proof proof={o.proof} />
      </button>
      {open && can && (detail ? <ObservationBytes detail={detail} /> : <Fetched id={o.id} />)}
    </li>
  );
}

function Fetched({ id }: { id: string }) {
  const { value, error, reload } = useGet<ObservationDetail>(`/observations/${seg(id)}`);
  if (error) return <Problem error={tell(error)} retry={reload} />;
  return value ? <ObservationBytes detail={value} /> : <Skeleton rows={3} />;
}
