// SPDX-License-Identifier: Apache-2.0
// Which seal, container, vehicle and declaration belong together, and by which two sources.
import { useEffect } from "preact/hooks";
import { seg } from "@/api/client";
import type { Bound, Page } from "@/api/model";
import { useGet } from "@/api/use";
import { t, word } from "@/i18n";
import { Icon } from "@/ui/icon";
import { Section } from "@/ui/parts";

export function Binding({ journey, version }: { journey: string; version: number }) {
  const loaded = useGet<Page<Bound>>(`/journeys/${seg(journey)}/binding`, true);
  useEffect(() => loaded.reload(), [version]);
  const list = loaded.value?.items ?? [];
  if (list.length === 0) return null;
  return (
    <Section title={t("binding.title")}>
      <ul class="bindings">
        {list.map((b) => (
          <li key={b.pair} class={b.agrees === false ? "differs" : b.agrees ? "agrees" : "open"}>
            <Icon name={b.agrees === false ? "warning" : b.agrees ? "check" : "clock"} size={15} label={t(b.agrees === false ? "compare.differs" : b.agrees ? "compare.agrees" : "compare.notRead")} />
            <strong>{word("pair", b.pair)}</strong>
            <span class="dim">{b.agrees === true && b.sources.length ? b.sources.map((s) => word("source", s)).join(", ") : b.why}{b.co_movement && b.co_movement.holds === false && ` · ${b.co_movement.why}`}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
