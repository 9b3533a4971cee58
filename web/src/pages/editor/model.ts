// SPDX-License-Identifier: Apache-2.0
// What the editor holds: everything as typed, so that nothing is lost before it can be understood. Pure.
import type { Journey, JourneyInput, Place } from "@/api/model";
import type { Position } from "@/lib/geo";
import { fromInput, toInput } from "@/lib/time";

export interface PlaceDraft { name: string; station: string | null; lat: number; lon: number; radius: number; minutes: string }
type Limit = NonNullable<JourneyInput["limits"]>[number];
/** `kept`: what the form does not show and must not lose. */
export interface LimitDraft { kind: string; min: string; max: string; minutes: string; kept?: Partial<Limit> }
export interface Draft {
  reference: string; mode: string; regime: string; vehicle: string; driver: string; cargo: string; containers: string; carrier: string; administration: string;
  seals: string[]; depart: string; arrive: string; route: Position[]; corridor: number; origin: PlaceDraft | null; destination: PlaceDraft | null;
  stops: PlaceDraft[]; silence: string; stay: string; battery: string; limits: LimitDraft[]; credentials: string; kept: Partial<JourneyInput>;
}

export const DEFAULT_CORRIDOR_M = 500;

export const emptyDraft = (): Draft => ({
  reference: "", mode: "road", regime: "transit", vehicle: "", driver: "", cargo: "", containers: "", carrier: "", administration: "", seals: [], depart: "", arrive: "",
  route: [], corridor: DEFAULT_CORRIDOR_M, origin: null, destination: null, stops: [], silence: "", stay: "", battery: "", limits: [], credentials: "", kept: {},
});

const UNSHOWN = ["dead_zones", "profile", "zones", "points", "legs"] as const;
const unshown = (j: Journey): Partial<JourneyInput> => Object.fromEntries(UNSHOWN.filter((k) => j[k] !== undefined).map((k) => [k, j[k]]));

const text = (v: number | null | undefined) => (v === null || v === undefined || v === 0 ? "" : String(v));
const placeDraft = (p: Place): PlaceDraft => ({ name: p.name, station: p.station ?? null, lat: p.lat, lon: p.lon, radius: p.radius_m, minutes: text(p.max_minutes) });

export function fromJourney(j: Journey, template: boolean): Draft {
  return {
    reference: template ? "" : (j.reference ?? ""), mode: j.mode, regime: j.regime, vehicle: j.vehicle ?? "", driver: j.driver ?? "", cargo: j.cargo ?? "",
    containers: template ? "" : (j.containers ?? []).join(", "), carrier: j.carrier ?? "", administration: j.administration ?? "", seals: template ? [] : j.seals,
    depart: template ? "" : toInput(j.depart_by), arrive: template ? "" : toInput(j.arrive_by),
    route: (j.route?.coordinates ?? []).map((c) => [c[0]!, c[1]!]), corridor: j.corridor_m && j.corridor_m > 0 ? j.corridor_m : DEFAULT_CORRIDOR_M,
    origin: j.origin ? placeDraft(j.origin) : null, destination: j.destination ? placeDraft(j.destination) : null, stops: (j.stops ?? []).map(placeDraft),
    silence: text(j.silence_minutes), stay: text(j.stay_minutes), battery: text(j.battery_percent),
    limits: (j.limits ?? []).map((l) => ({ kind: l.kind, min: l.min === null || l.min === undefined ? "" : String(l.min), max: l.max === null || l.max === undefined ? "" : String(l.max), minutes: text(l.for_minutes), kept: l })),
    credentials: (j.credentials ?? []).join(", "), kept: unshown(j),
  };
}

const list = (s: string) => s.split(/[,;\n]/).map((x) => x.trim()).filter(Boolean);
/** What is not a number goes as typed: the platform names the field and what it expected. */
const num = (s: string): number | null => (s.trim() === "" ? null : ((Number.isFinite(Number(s)) ? Number(s) : s) as number));
const round = (v: number) => Math.round(v * 1e6) / 1e6;
const place = (p: PlaceDraft): Place => ({ name: p.name.trim(), station: p.station, lat: round(p.lat), lon: round(p.lon), radius_m: p.radius, max_minutes: num(p.minutes) });

export function toInputBody(d: Draft): JourneyInput {
  return {
    ...d.kept, mode: d.mode as NonNullable<JourneyInput["mode"]>, regime: d.regime as NonNullable<JourneyInput["regime"]>, carrier: d.carrier || null, administration: d.administration || null, reference: d.reference.trim() || null,
    vehicle: d.vehicle.trim() || null, driver: d.driver.trim() || null, cargo: d.cargo.trim() || null, containers: list(d.containers).map((c) => c.replace(/\s+/g, "").toUpperCase()),
    seals: d.seals, depart_by: fromInput(d.depart), arrive_by: fromInput(d.arrive), route: d.route.length > 1 ? { type: "LineString", coordinates: d.route.map(([x, y]) => [round(x), round(y)]) } : null,
    corridor_m: d.route.length > 1 ? Math.round(d.corridor) : null, origin: d.origin && place(d.origin), destination: d.destination && place(d.destination), stops: d.stops.map(place),
    silence_minutes: num(d.silence), stay_minutes: num(d.stay), battery_percent: num(d.battery),
    limits: d.limits.map((l) => ({ ...(l.kept?.kind === l.kind ? l.kept : {}), kind: l.kind, min: num(l.min), max: num(l.max), for_minutes: num(l.minutes) ?? 0 }) as Limit), credentials: list(d.credentials),
  };
}

/** The route with one point more. */
export function insertAt(route: Position[], index: number, p: Position): Position[] {
  return [...route.slice(0, index), p, ...route.slice(index)];
}

export const middles = (route: Position[]): Position[] => route.slice(1).map((p, i) => [(p[0] + route[i]![0]) / 2, (p[1] + route[i]![1]) / 2]);
/** From which zoom a line of so many points shows them. */
export const gripsFrom = (n: number) => (n <= 60 ? 0 : n <= 300 ? 7 : 10);
