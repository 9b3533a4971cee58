// SPDX-License-Identifier: Apache-2.0
// What the glyphs mean; and, over an empty map, what would be here.
import { t, word } from "@/i18n";
import { loaded, seals, tick } from "@/state/fleet";
import { stored } from "@/state/prefs";
import { GradeMark } from "@/ui/badges";
import { Icon } from "@/ui/icon";

const shown = stored("legend", false);

function Glyph({ kind }: { kind: "sealed" | "claimed" | "open" | "half" | "unknown" }) {
  return (
    <svg class={`glyph ${kind}`} width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="5.5" />
      {kind === "half" && <path d="M2.500 8a5.500 5.500 0 0 0 11 0z" />}
      {kind === "claimed" && <circle class="core" cx="8" cy="8" r="1.800" />}
    </svg>
  );
}

export function Legend() {
  void tick.value;
  const located = [...seals.values()].filter((s) => s.fix).length;
  return (
    <>
      {loaded.value && located === 0 && <div class="map-empty">{t("map.noSeals")}</div>}
      <div class={shown.value ? "legend open" : "legend"}>
        <button type="button" aria-expanded={shown.value} onClick={() => (shown.value = !shown.value)}>
          <Icon name="layers" size={14} />{t("map.seals", { n: located })}
        </button>
        {shown.value && (
          <ul>
            <li><Glyph kind="sealed" />{word("sealState", "sealed")}, {word("proof", "proven")}</li>
            <li><Glyph kind="claimed" />{word("sealState", "sealed")}, {word("proof", "claimed")}</li>
            <li><Glyph kind="open" />{word("sealState", "open")}</li>
            <li><Glyph kind="half" />{word("sealState", "unlocked-closed")}</li>
            <li><Glyph kind="unknown" />{word("sealState", "unknown")}</li>
            {[3, 2, 1].map((g) => <li key={g}><GradeMark grade={g} size={15} solid={false} />{word("grade", String(g))}</li>)}
          </ul>
        )}
      </div>
    </>
  );
}
