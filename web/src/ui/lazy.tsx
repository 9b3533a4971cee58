// SPDX-License-Identifier: Apache-2.0
// A page that is fetched when first needed; a page that was fetched once is there at once.
import type { ComponentType, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "@/i18n";
import { Problem, Skeleton } from "./parts";

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): (props: P & { key?: string }) => VNode {
  let Loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [, redraw] = useState(0);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (Loaded) return;
      let gone = false;
      load().then(
        (c) => {
          Loaded = c;
          if (!gone) redraw((n) => n + 1);
        },
        () => !gone && setFailed(true),
      );
      return () => {
        gone = true;
      };
    }, []);
    if (failed) return <main class="page"><Problem error={{ message: t("error.offline") }} retry={() => location.reload()} /></main>;
    return Loaded ? <Loaded {...props} /> : <main class="page"><Skeleton rows={10} /></main>;
  };
}

