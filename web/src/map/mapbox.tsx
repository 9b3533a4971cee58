// SPDX-License-Identifier: Apache-2.0
// The element that holds a chart: opens it once, follows the theme, offers zoom and fit.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "@/i18n";
import { theme } from "@/state/prefs";
import { Button, Problem } from "@/ui/parts";
import { Chart, type ChartOptions } from "./chart";

interface Props {
  options: () => ChartOptions;
  onOpen?: (chart: Chart) => void | (() => void);
  onFit?: () => void;
  label: string;
  class?: string;
  children?: ComponentChildren;
}

export function MapBox({ options, onOpen, onFit, label, class: cls, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<Chart | null>(null);
  const [failed, setFailed] = useState(false);
  const [round, setRound] = useState(0);

  useEffect(() => {
    let gone = false;
    let opened: Chart | null = null;
    let closeUser: void | (() => void);
    setFailed(false);
    Chart.open(box.current!, options()).then(
      (c) => {
        if (gone) return c.close();
        opened = c;
        setChart(c);
        closeUser = onOpen?.(c);
      },
      () => !gone && setFailed(true),
    );
    return () => {
      gone = true;
      closeUser?.();
      opened?.close();
    };
  }, [round]);

  const now = theme.value;
  useEffect(() => chart?.retheme(), [now]);

  return (
    <div class={`map ${cls ?? ""}`}>
      <div class="map-canvas" ref={box} role="application" aria-label={label} />
      {failed && <div class="map-failed"><Problem error={{ message: t("map.failed") }} retry={() => setRound(round + 1)} /></div>}
      {chart && (
        <div class="map-buttons">
          <Button kind="plain" small icon="plus" label={t("map.zoomIn")} onClick={() => chart.map.zoomIn()} />
          <Button kind="plain" small class="minus" label={t("map.zoomOut")} onClick={() => chart.map.zoomOut()}>−</Button>
          {onFit && <Button kind="plain" small icon="fit" label={t("map.fit")} onClick={onFit} />}
        </div>
      )}
      {children}
    </div>
  );
}
