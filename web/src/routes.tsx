// SPDX-License-Identifier: Apache-2.0
// The address names the page: one line a page.
import { lazy } from "./ui/lazy";
import type { VNode } from "preact";
import { t } from "./i18n";
import { go } from "./state/route";
import { home } from "./state/session";
import { WatchPage } from "./pages/watch/page";
import { Button, Empty, Skeleton } from "./ui/parts";

const JourneysPage = lazy(() => import("./pages/journeys").then((m) => m.JourneysPage));
const JourneyPage = lazy(() => import("./pages/journey/page").then((m) => m.JourneyPage));
const EditorPage = lazy(() => import("./pages/editor/page").then((m) => m.EditorPage));
const SealsPage = lazy(() => import("./pages/seals").then((m) => m.SealsPage));
const SealPage = lazy(() => import("./pages/seal/page").then((m) => m.SealPage));
const StationsPage = lazy(() => import("./pages/stations").then((m) => m.StationsPage));
const AdminPage = lazy(() => import("./pages/admin").then((m) => m.AdminPage));
const AuditPage = lazy(() => import("./pages/audit").then((m) => m.AuditPage));
const StatisticsPage = lazy(() => import("./pages/statistics").then((m) => m.StatisticsPage));
const HealthPage = lazy(() => import("./pages/health").then((m) => m.HealthPage));
const PlatformPage = lazy(() => import("./pages/platform").then((m) => m.PlatformPage));
const CheckpointPage = lazy(() => import("./pages/checkpoint/page").then((m) => m.CheckpointPage));
const PatrolPage = lazy(() => import("./pages/patrol/page").then((m) => m.PatrolPage));
const TasksPage = lazy(() => import("./pages/tasks").then((m) => m.TasksPage));
const ApplicationsPage = lazy(() => import("./pages/applications").then((m) => m.ApplicationsPage));
const RulesPage = lazy(() => import("./pages/rules/page").then((m) => m.RulesPage));

type Make = (...parts: string[]) => VNode;
const table: [RegExp, Make][] = [
  [/^\/watch$/, () => <WatchPage />],
  [/^\/journeys$/, () => <JourneysPage />],
  [/^\/journeys\/new$/, () => <EditorPage key="new" id={null} />],
  [/^\/journeys\/([^/]+)$/, (id) => <JourneyPage key={id!} id={id!} />],
  [/^\/journeys\/([^/]+)\/edit$/, (id) => <EditorPage key={id!} id={id!} />],
  [/^\/seals$/, () => <SealsPage />],
  [/^\/seals\/([^/]+)$/, (id) => <SealPage key={id!} id={id!} />],
  [/^\/stations$/, () => <StationsPage />],
  [/^\/admin$/, () => <AdminPage />],
  [/^\/audit$/, () => <AuditPage />],
  [/^\/statistics$/, () => <StatisticsPage />],
  [/^\/health$/, () => <HealthPage />],
  [/^\/checkpoint$/, () => <CheckpointPage id={null} />],
  [/^\/checkpoint\/([^/]+)$/, (id) => <CheckpointPage key={id!} id={id!} />],
  [/^\/patrol$/, () => <PatrolPage id={null} />],
  [/^\/patrol\/([^/]+)$/, (id) => <PatrolPage id={id!} />],
  [/^\/platform$/, () => <PlatformPage />],
  [/^\/tasks$/, () => <TasksPage />],
  [/^\/applications$/, () => <ApplicationsPage />],
  [/^\/rules$/, () => <RulesPage />],
];

export function pageOf(path: string): VNode {
  if (path === "/" || path === "/index.html" || path === "/signin") {
    queueMicrotask(() => go(home.peek(), true));
    return <Skeleton />;
  }
  const alarm = /^\/alarms\/([^/]+)$/.exec(path);
  if (alarm) {
    queueMicrotask(() => go(`/watch?alarm=${alarm[1]}`, true));
    return <Skeleton />;
  }
  for (const [pattern, make] of table) {
    const m = pattern.exec(path);
    if (m) return make(...m.slice(1).map(decodeURIComponent));
  }
  return <main class="page" id="page"><Empty icon="info" title={t("page.notFound")}>{t("page.notFound.about")}</Empty><p class="centre"><Button href="/">{t("page.goHome")}</Button></p></main>;
}
