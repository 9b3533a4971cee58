// SPDX-License-Identifier: Apache-2.0
// The platform's shapes by their short names; all come from docs/api/openapi.yaml.
import type { components } from "./types.gen";

type S = components["schemas"];
export type Session = S["Session"];
export type User = S["User"];
export type Role = S["Role"];
export type Key = S["Key"];
export type Scope = S["Scope"];
export type Seal = S["Seal"];
export type SealInput = S["SealInput"];
export type LiveSeal = S["LiveSeal"];
export type LiveState = NonNullable<S["LiveState"]>;
export type Command = S["Command"];
export type CommandKind = S["CommandKind"];
export type Observation = S["Observation"];
export type ObservationDetail = S["ObservationDetail"];
export type Damage = S["Damage"];
export type Raw = S["Raw"];
export type Track = S["Track"];
export type TimelineItem = S["TimelineItem"];
export type AlarmFile = S["File"];
export type Station = S["Station"];
export type StationInput = S["StationInput"];
export type Party = S["Party"];
export type PartyInput = S["PartyInput"];
export type UserInput = S["UserInput"];
export type AuditEntry = S["AuditEntry"];
export type Statistics = S["Statistics"];
export type SealingDuty = S["SealingDuty"];
export type DutyTrial = S["DutyTrial"];
export type Cluster = S["Cluster"];
export type ClusterNode = Cluster["nodes"][number];
export type Place = S["Place"];
export type JourneySummary = S["JourneySummary"];
export type Journey = S["Journey"];
export type JourneyInput = S["JourneyInput"];
export type JourneyEvent = S["JourneyEvent"];
export type JourneyStateName = S["JourneyState"];
export type ProblemBody = S["Problem"];

/** An alarm as the queue shows it: what a carrier is not shown is absent. */
export type Alarm = S["AlarmReduced"] & Partial<S["Alarm"]>;
export type AlarmGroup = S["AlarmGroup"];
export type AlarmDetail = Alarm & Partial<S["AlarmDetail"]>;

export interface Page<T> { items: T[]; next: string | null }
export interface Versioned<T> { value: T; etag: string | null }

export interface Health {
  version: string;
  ready: boolean;
  waits_for?: string | null;
  recovery?: string | null;
  platform?: Record<string, unknown>;
  http: { requests: number; streams: number; refused: number };
}
export interface LiveSnapshot { change: number; event: number; seals: LiveSeal[] }
export interface RuleFigure { name: string; unit: string; value: number; journey: string | null; fixed: boolean }
export interface AlarmKind { kind: string; grade: number; meaning: string; parameters: RuleFigure[] }

export type TaskState = "open" | "accepted" | "under-way" | "arrived" | "reported" | "closed" | "withdrawn";
export type Paper = S["Paper"];
export type PaperEntry = NonNullable<Paper["log"]>[number];
export type Task = S["Task"];
export type TaskInput = S["TaskInput"];
export type Application = S["Application"];
export type ApplicationInput = S["ApplicationInput"];
export type Registration = S["Registration"];
export type RegistrationInput = S["RegistrationInput"];
export type Return = S["Return"];
export type ReturnInput = S["ReturnInput"];
export type Emergency = S["Emergency"];
export type EmergencyInput = S["EmergencyInput"];
export type Policy = S["Policy"];
export type RiskBacktest = S["RiskBacktest"];
export type Shift = S["Shift"];
export type Person = S["Person"];
export type Decision = S["Decision"];
export type Risk = S["Risk"];

export type Need = S["FactState"];
export type StepField = S["StepField"];
export type DossierStep = S["DossierStep"];
export type StepState = DossierStep["state"];
export type Visit = S["Visit"];
export type ComparedValue = S["ComparedValue"];
export type Compared = S["Compared"];
export type Bound = S["Bound"];
export type Source = S["Source"];
export type Statement = S["Statement"];
export type StatementInput = S["StatementInput"];
export type DossierFile = S["Document"];
export type Upload = S["Upload"];
export type Dossier = S["Dossier"];
export type Procedure = S["Procedure"];
export type Rule = S["Rule"];
export type RuleInput = S["RuleInput"];
export type Backtest = S["Backtest"];
export type BacktestInput = S["BacktestInput"];
