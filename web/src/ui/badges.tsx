// SPDX-License-Identifier: Apache-2.0
// Grade, seal state, proof, life: each a shape and a word; only grades have red, amber and blue.
import { percent, t, word } from "@/i18n";
import { Icon, type IconName } from "./icon";

/** The shape of a grade: 3 an octagon, 2 a triangle, 1 a disc, 0 a small ring. */
export function GradeMark({ grade, size = 14, solid = true }: { grade: number; size?: number; solid?: boolean }) {
  const shape =
    grade === 3 ? <path d="M5.100 1h5.800L15 5.100v5.800L10.900 15H5.100L1 10.900V5.100z" />
    : grade === 2 ? <path d="M8 1.600 15.200 14.400H.8z" />
    : grade === 1 ? <circle cx="8" cy="8" r="6.400" />
    : <circle cx="8" cy="8" r="3" />;
  return (
    <svg class={`grade-mark g${grade}${solid ? "" : " hollow"}`} width={size} height={size} viewBox="0 0 16 16" role="img" aria-label={word("grade", String(grade))}>
      {shape}
    </svg>
  );
}

export function Grade({ grade, short }: { grade: number; short?: boolean }) {
  if (!grade) return <span class="none">{short ? "—" : t("grade.0")}</span>;
  return <span class={`badge grade g${grade}`}><GradeMark grade={grade} size={12} />{word("grade", String(grade))}</span>;
}

const sealIcons: Record<string, IconName> = { sealed: "lock", open: "lock-open", "unlocked-closed": "lock-open" };

/** What the seal says of itself and how sure that is: proven is solid, claimed outlined, unknown dashed. */
export function SealState({ state, proof, tampered }: { state: string | null | undefined; proof: string | null | undefined; tampered?: boolean | undefined }) {
  if (tampered && state === "sealed") // says it is sealed again, which counts for nothing in this journey
    return <span class="badge seal-state unknown tampered" title={t("proof.tampered.about")}><Icon name="warning" size={13} />{t("proof.tampered")}</span>;
  const known = state && state !== "unknown" ? state : "unknown";
  const sure = known === "unknown" ? "unknown" : (proof ?? "claimed");
  return (
    <span class={`badge seal-state ${sure} s-${known}`} title={t(sure === "proven" ? "proof.proven.about" : sure === "claimed" ? "proof.claimed.about" : "proof.unknown.about")}>
      <Icon name={sealIcons[known] ?? "unknown"} size={13} />
      {word("sealState", known)}
      {sure !== "unknown" && <em>{word("proof", sure)}</em>}
    </span>
  );
}

export function Proof({ proof }: { proof: string | null | undefined }) {
  const sure = proof === "proven" || proof === "claimed" ? proof : "unknown";
  return <span class={`badge proof ${sure}`}><Icon name={sure} size={13} />{word("proof", sure)}</span>;
}

export function Life({ group, value, tone }: { group: string; value: string | null | undefined; tone?: "live" | "done" | "plain" | "warn" }) {
  return <span class={`badge life ${tone ?? "plain"}`}><i />{word(group, value)}</span>;
}

const journeyTone: Record<string, "live" | "done" | "plain"> = { sealed: "live", "under-way": "live", arrived: "live", released: "done", cancelled: "done" };
export const JourneyState = ({ state }: { state: string }) => <Life group="journeyState" value={state} tone={journeyTone[state]} />;

const alarmTone: Record<string, "live" | "done" | "plain"> = { acknowledged: "live", dispatched: "live", resolved: "done", withdrawn: "done" };
export const AlarmState = ({ state }: { state: string }) => <Life group="alarmState" value={state} tone={alarmTone[state]} />;

const commandTone: Record<string, "live" | "done" | "plain" | "warn"> = { queued: "plain", sent: "live", accepted: "done", refused: "warn", expired: "warn", cancelled: "done" };
export const CommandState = ({ state }: { state: string }) => <Life group="commandState" value={state} tone={commandTone[state]} />;

export function Battery({ value, charging }: { value: number | null | undefined; charging?: boolean | null }) {
  if (charging && (value === null || value === undefined)) return <span class="battery"><Icon name="battery-charging" />{t("battery.charging")}</span>;
  if (value === null || value === undefined) return <span class="none">—</span>;
  const icon: IconName = charging ? "battery-charging" : value <= 15 ? "battery-warning" : value <= 35 ? "battery-low" : value <= 75 ? "battery-medium" : "battery-full";
  return <span class={value <= 15 ? "battery low" : "battery"}><Icon name={icon} />{percent(value)}</span>;
}

const modeIcons: Record<string, IconName> = { road: "road", rail: "rail", vessel: "vessel", multimodal: "multimodal" };
export const Mode = ({ mode, words }: { mode: string; words?: boolean }) => (
  <span class="mode" title={word("mode", mode)}><Icon name={modeIcons[mode] ?? "road"} label={words ? undefined : word("mode", mode)} />{words && word("mode", mode)}</span>
);
