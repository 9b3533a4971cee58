// SPDX-License-Identifier: Apache-2.0
// The frame of every page: the rail of pages, the state of the live stream, the account; on a phone, a bar below.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Role } from "@/api/model";
import { t, type Key } from "@/i18n";
import { span } from "@/lib/time";
import { unheld } from "@/state/alarms";
import { now } from "@/state/clock";
import { asked } from "@/state/emergencies";
import { useKeys } from "@/state/keyboard";
import { lostAt, status } from "@/state/live";
import { sound, themeChoice, type ThemeChoice } from "@/state/prefs";
import { go, path } from "@/state/route";
import { home, may, role, session, signOut, type Right } from "@/state/session";
import { Icon, type IconName } from "@/ui/icon";
import { Logo } from "@/ui/logo";
import { Training } from "@/ui/training";
import { words } from "@/ui/time";
import { word } from "@/i18n";
import { KeysDialog, PasswordDialog } from "./pages/account";
import { SearchDialog } from "./pages/search";

interface Target { to: string; label: Key; icon: IconName; stroke: string; go: Key; right?: Right; minor?: boolean; not?: Role[] }
const targets: Target[] = [
  { to: "/patrol", label: "nav.patrol", icon: "flag", stroke: "g k", go: "key.goTasks", right: "patrol" },
  { to: "/watch", label: "nav.watch", icon: "watch", stroke: "g w", go: "key.goWatch", right: "watch" },
  { to: "/journeys", label: "nav.journeys", icon: "route", stroke: "g j", go: "key.goJourneys", right: "watch" },
  { to: "/checkpoint", label: "nav.checkpoint", icon: "checkpoint", stroke: "g c", go: "key.goCheckpoint", right: "plan" },
  { to: "/tasks", label: "nav.tasks", icon: "flag", stroke: "g k", go: "key.goTasks", right: "plan" },
  { to: "/seals", label: "nav.seals", icon: "lock", stroke: "g s", go: "key.goSeals", not: ["patrol-officer", "trader"] },
  { to: "/applications", label: "nav.applications", icon: "inbox", stroke: "g i", go: "key.goApplications", right: "serve" },
  { to: "/stations", label: "nav.stations", icon: "station", stroke: "g p", go: "key.goStations", minor: true, not: ["trader", "patrol-officer"] },
  { to: "/rules", label: "nav.rules", icon: "rules", stroke: "g r", go: "key.goRules", right: "plan", minor: true },
  { to: "/statistics", label: "nav.statistics", icon: "chart", stroke: "g t", go: "key.goStatistics", right: "plan", minor: true },
  { to: "/audit", label: "nav.audit", icon: "audit", stroke: "g a", go: "key.goAudit", right: "observe", minor: true },
  { to: "/admin", label: "nav.admin", icon: "users", stroke: "g u", go: "key.goUsers", minor: true },
  { to: "/health", label: "nav.health", icon: "activity", stroke: "g h", go: "key.goHealth", right: "administer", minor: true },
  { to: "/platform", label: "nav.platform", icon: "layers", stroke: "g n", go: "key.goPlatform", right: "administer", minor: true },
];

/** Who makes no users finds policies and the own keys there, or the keys alone. */
const labelOf = (x: Target): Key => (x.to !== "/admin" || may("administer") ? x.label : may("plan") ? "nav.policies" : "nav.keys");
const MOST_IN_BAR = 4;

export function Shell({ children }: { children: ComponentChildren }) {
  const [search, setSearch] = useState(false);
  const [keys, setKeys] = useState(false);
  const [password, setPassword] = useState(false);
  const seen = targets.filter((x) => (!x.right || may(x.right)) && !(role.value && x.not?.includes(role.value)));
  const barred = seen.filter((x) => !x.minor).slice(0, MOST_IN_BAR);
  useKeys([
    { stroke: "/", label: "key.search", act: () => setSearch(true) },
    { stroke: "?", label: "key.help", act: () => setKeys(true) },
    ...seen.map((x) => ({ stroke: x.stroke, label: x.go, act: () => go(x.to) })),
  ], [role.value]);
  const here = path.value;
  const item = (x: Target) => (
    <a key={x.to} href={x.to} class="rail-item" aria-current={here === x.to || here.startsWith(`${x.to}/`) ? "page" : undefined} title={`${t(labelOf(x))}  (${x.stroke})`}>
      <span class="rail-icon"><Icon name={x.icon} size={20} />{x.to === "/watch" && unheld.value.length > 0 && <b class={`count g${Math.max(...unheld.value.map((a) => a.grade))}`}>{unheld.value.length > 99 ? "99+" : unheld.value.length}</b>}{x.to === "/applications" && asked.value.length > 0 && <b class="count">{asked.value.length}</b>}</span>
      <span>{t(labelOf(x))}</span>
    </a>
  );
  return (
    <div class="shell">
      <a class="skip" href="#page" onClick={(e) => { e.preventDefault(); document.querySelector<HTMLElement>("main")?.focus(); }}>{t("nav.skip")}</a>
      <nav class="rail" aria-label={t("nav.main")}>
        <a href={home.value} class="rail-logo" aria-label={t("app.name")}><Logo size={34} /></a>
        <div class="rail-items">{seen.map(item)}</div>
        <div class="rail-foot">
          <button type="button" class="rail-item" onClick={() => setSearch(true)} title={`${t("search.title")}  (/)`}><span class="rail-icon"><Icon name="search" size={20} /></span><span>{t("search.title")}</span></button>
          <Live />
          <Account onKeys={() => setKeys(true)} onPassword={() => setPassword(true)} />
        </div>
      </nav>
      <nav class="bar" aria-label={t("nav.main")}>
        {barred.map(item)}
        <button type="button" class="rail-item" onClick={() => setSearch(true)}><span class="rail-icon"><Icon name="search" size={20} /></span><span>{t("search.title")}</span></button>
        <More targets={seen.filter((x) => !barred.includes(x))} onPassword={() => setPassword(true)} />
      </nav>
      <div class="banners"><Training /><Offline /></div>
      <div class="content">{children}</div>
      {search && <SearchDialog onClose={() => setSearch(false)} />}
      {keys && <KeysDialog onClose={() => setKeys(false)} />}
      {password && <PasswordDialog onClose={() => setPassword(false)} />}
    </div>
  );
}

function Live() {
  const s = status.value;
  if (!may("watch")) return null;
  return <div class={`stream ${s}`} title={t(`live.${s}`)} role="status"><i /><span>{t(`live.${s}`)}</span></div>;
}

function Offline() {
  void now.value;
  if (status.value !== "offline" || lostAt.value === null) return null;
  const ago = span(Date.now() - lostAt.value, words());
  return <div class="offline" role="alert"><Icon name="offline" size={16} /><strong>{t("live.offline")}</strong><span>{t("live.offline.about", { ago })}</span></div>;
}

/** A menu that closes on a click elsewhere or Escape. */
function useMenu() {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (e: Event) => !box.current?.contains(e.target as Node) && setOpen(false);
    const esc = (e: KeyboardEvent) => e.key === "Escape" && setOpen(false);
    addEventListener("pointerdown", away);
    addEventListener("keydown", esc);
    return () => {
      removeEventListener("pointerdown", away);
      removeEventListener("keydown", esc);
    };
  }, [open]);
  return { open, setOpen, box };
}

function MenuBody({ onKeys, onPassword }: { onKeys?: () => void; onPassword: () => void }) {
  const user = session.value!.user;
  const themes: [ThemeChoice, IconName][] = [["system", "monitor"], ["light", "sun"], ["dark", "moon"]];
  return (
    <>
      <div class="menu-who"><strong>{user.full_name || user.name}</strong><span>{word("role", user.role)}</span></div>
      <div class="segments" role="group" aria-label={t("theme")}>
        {themes.map(([c, icon]) => <button key={c} type="button" aria-pressed={themeChoice.value === c} title={t(`theme.${c}`)} onClick={() => (themeChoice.value = c)}><Icon name={icon} /><span class="sr">{t(`theme.${c}`)}</span></button>)}
      </div>
      <button type="button" class="menu-item" aria-pressed={sound.value} onClick={() => (sound.value = !sound.value)}><Icon name={sound.value ? "sound" : "mute"} />{t(sound.value ? "sound.on" : "sound.off")}</button>
      {onKeys && <button type="button" class="menu-item" onClick={onKeys}><Icon name="keyboard" />{t("keys.title")}<kbd>?</kbd></button>}
      <button type="button" class="menu-item" onClick={onPassword}><Icon name="key" />{t("password.change")}</button>
      <button type="button" class="menu-item" onClick={() => void signOut()}><Icon name="sign-out" />{t("signOut")}</button>
    </>
  );
}

function Account({ onKeys, onPassword }: { onKeys: () => void; onPassword: () => void }) {
  const { open, setOpen, box } = useMenu();
  const user = session.value!.user;
  const initials = (user.full_name || user.name).split(/\s+/).map((w) => w[0]).slice(0, 2).join("").toUpperCase();
  return (
    <div class="account" ref={box}>
      <button type="button" class="avatar" aria-expanded={open} aria-label={t("user.menu")} title={user.full_name || user.name} onClick={() => setOpen(!open)}>{initials}</button>
      {open && <div class="menu" onClick={(e) => (e.target as Element).closest(".menu-item:not([aria-pressed])") && setOpen(false)}><MenuBody onKeys={onKeys} onPassword={onPassword} /></div>}
    </div>
  );
}

function More({ targets: list, onPassword }: { targets: Target[]; onPassword: () => void }) {
  const { open, setOpen, box } = useMenu();
  return (
    <div class="account" ref={box}>
      <button type="button" class="rail-item" aria-expanded={open} onClick={() => setOpen(!open)}><span class="rail-icon"><Icon name="menu" size={20} /></span><span>{t("nav.more")}</span></button>
      {open && (
        <div class="menu up" onClick={(e) => (e.target as Element).closest("a, .menu-item:not([aria-pressed])") && setOpen(false)}>
          {list.map((x) => <a key={x.to} class="menu-item" href={x.to}><Icon name={x.icon} />{t(labelOf(x))}</a>)}
          <MenuBody onPassword={onPassword} />
        </div>
      )}
    </div>
  );
}
