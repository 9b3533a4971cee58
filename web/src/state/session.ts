// SPDX-License-Identifier: Apache-2.0
// Who is signed in, and what that role may do here (the platform decides; this only hides what it would refuse).
import { computed, signal } from "@preact/signals";
import { ApiError, call, drop, onAuth, post, setCsrf } from "@/api/client";
import type { Role, Session } from "@/api/model";
import { follow } from "./clock";
import { stored } from "./prefs";

export const session = signal<Session | null>(null);
export const known = signal(false); // whether we asked already
export const mustChange = signal(false);
export const unreachable = signal(false);

const rights = {
  watch: ["administrator", "watch-officer", "checkpoint-officer", "patrol-officer", "carrier", "trader"], // journeys, alarms, the live stream
  handle: ["administrator", "watch-officer"], // alarms
  plan: ["administrator", "watch-officer", "checkpoint-officer"], // journeys, commands, dossiers
  stock: ["administrator", "watch-officer", "checkpoint-officer", "seal-operator"], // records of seals and their way back
  observe: ["administrator", "watch-officer", "checkpoint-officer", "patrol-officer"], // raw bytes, time line, tasks
  patrol: ["patrol-officer"],
  apply: ["administrator", "watch-officer", "checkpoint-officer", "carrier", "trader"], // applications
  serve: ["administrator", "watch-officer", "checkpoint-officer", "carrier", "trader", "seal-operator"], // to read applications
  urgent: ["administrator", "watch-officer", "checkpoint-officer", "carrier"], // emergency openings: to ask for, to read
  parties: ["administrator", "watch-officer", "checkpoint-officer", "patrol-officer", "seal-operator"],
  register: ["administrator", "watch-officer", "checkpoint-officer", "carrier"], // to read registrations
  places: ["administrator", "watch-officer"], // stations, parties, damages; writes registrations
  administer: ["administrator"],
} satisfies Record<string, Role[]>;
export type Right = keyof typeof rights;

export const role = computed<Role | null>(() => session.value?.user.role ?? null);
export const may = (right: Right) => role.value !== null && (rights[right] as Role[]).includes(role.value);

/** Where each begins the day. */
const homes: Partial<Record<Role, string>> = { "checkpoint-officer": "/checkpoint", "patrol-officer": "/patrol", "seal-operator": "/seals", trader: "/applications" };
export const home = computed(() => (role.value && homes[role.value]) ?? "/watch");

/** Whether somebody signed in with this browser: without it there is nothing to ask the platform for. */
const remembered = stored<boolean>("signedIn", false);

/** Who was signed in here last: a patrol's phone starts in a tunnel too, with the tasks it has kept. Holds no secret. */
export const lastUser = stored<string | null>("lastUser", null);
export const alone = computed(() => unreachable.value && session.value === null && lastUser.value !== null);

function take(s: Session | null): void {
  remembered.value = s !== null;
  lastUser.value = s?.user.id ?? null;
  if (s) follow(s.clock);
  setCsrf(s?.csrf ?? null); // before the session: who waits for that sends at once
  session.value = s;
  mustChange.value = s?.user.must_change ?? false;
  known.value = true;
  unreachable.value = false;
}

export async function resume(): Promise<void> {
  if (!remembered.value) return take(null);
  try {
    take(await call<Session>("GET", "/session", { quiet: true }));
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) take(null);
    else {
      known.value = true;
      unreachable.value = true;
    }
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  take(await call<Session>("POST", "/session", { body: { name, password }, quiet: true }));
}

export async function changePassword(old: string, fresh: string): Promise<void> {
  take(await post<Session>("/session/password", { old, new: fresh }, { quiet: true }));
}

export async function signOut(): Promise<void> {
  try {
    await drop("/session");
  } finally {
    take(null);
  }
}

const RETRY_MS = 10_000;
setInterval(() => unreachable.value && void resume(), RETRY_MS);
addEventListener("online", () => unreachable.value && void resume());

onAuth(
  () => take(null),
  () => (mustChange.value = true),
);
