// SPDX-License-Identifier: Apache-2.0
// What is on screen: signing in, or the shell with the page that the address names.
import { useEffect } from "preact/hooks";
import { t } from "./i18n";
import { pageOf } from "./routes";
import { Shell } from "./shell";
import * as alarms from "./state/alarms";
import * as groups from "./state/groups";
import * as emergencies from "./state/emergencies";
import * as fleet from "./state/fleet";
import * as journeys from "./state/journeys";
import * as policies from "./state/policies";
import { on, start, stop } from "./state/live";
import { path } from "./state/route";
import { alone, known, may, mustChange, resume, session, unreachable } from "./state/session";
import { PasswordPage, SignInPage } from "./pages/signin";
import { Problem } from "./ui/parts";
import { sayError, Toasts } from "./ui/toast";
import { Training } from "./ui/training";

async function loadAll(): Promise<number> {
  const [event] = await Promise.all([fleet.load(), alarms.load().then(groups.load), journeys.load(), may("observe") ? policies.load() : null, emergencies.load()]);
  return event;
}

/** Snapshot first, then the stream from the snapshot's last event; tried again until it works. */
function supervise(): () => void {
  let gone = false;
  let timer = 0;
  const begin = () => {
    loadAll().then(
      (event) => !gone && start(event),
      () => !gone && (timer = window.setTimeout(begin, 3000)),
    );
  };
  begin();
  const off = on("reset", () => void loadAll().catch(sayError));
  return () => {
    gone = true;
    clearTimeout(timer);
    off();
    stop();
    fleet.clear();
    alarms.clear();
    groups.clear();
    journeys.clear();
    policies.clear();
    emergencies.clear();
  };
}

export function App() {
  const signedIn = session.value !== null && !mustChange.value;
  useEffect(() => {
    if (signedIn && may("watch")) return supervise();
    return undefined;
  }, [signedIn]);

  let page;
  if (alone.value && path.value.startsWith("/patrol")) page = <div class="content whole">{pageOf(path.value)}</div>;
  else if (unreachable.value) page = <div class="alone"><Problem error={{ message: t("error.offline") }} retry={() => void resume()} /></div>;
  else if (!known.value) page = <div class="alone" aria-busy="true"><span class="spinner big" /></div>;
  else if (!session.value) page = <SignInPage />;
  else if (mustChange.value) page = <PasswordPage />;
  else page = <Shell>{pageOf(path.value)}</Shell>;
  const shelled = session.value !== null && !mustChange.value && !unreachable.value && known.value;
  return <>{!shelled && <Training alone />}{page}<Toasts /></>;
}
