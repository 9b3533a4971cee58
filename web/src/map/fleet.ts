// SPDX-License-Identifier: Apache-2.0
// Overlay of all seals: clustered, updated in place by differences, with the worst open grade of each cluster.
import type { GeoJSONFeatureDiff, GeoJSONSource, GeoJSONSourceDiff, LayerSpecification } from "maplibre-gl";
import type { LiveSeal } from "@/api/model";
import { gradeOf, seals, takeDirty } from "@/state/fleet";
import { collection, type Chart, type Overlay } from "./chart";
import type { Palette } from "./palette";
import { GLYPH_STATES } from "./sprites";
import { FONT } from "./style";

const MOVING_KMH = 4;
const RETRY_MS = 200;
const PATIENCE_MS = 2000;

interface Shown { id: string; glyph: string; course: number; grade: number; name: string }

function looks(s: LiveSeal): Shown {
  const said = s.state.seal ?? "unknown";
  const state = s.knowledge === "unknown" || !(GLYPH_STATES as readonly string[]).includes(said) ? "unknown" : said;
  const tampered = s.tampered && state === "sealed" ? "unknown" : state; // never looks secure again
  const moving = (s.fix?.speed_kmh ?? 0) >= MOVING_KMH && s.fix?.course_deg !== null && s.fix?.course_deg !== undefined;
  return {
    id: s.seal,
    glyph: `seal-${tampered}-${s.knowledge === "proven" ? "proven" : "claimed"}-${moving ? "moving" : "still"}`,
    course: moving ? (s.fix?.course_deg ?? 0) : 0,
    grade: gradeOf(s),
    name: s.seal.replace(/^[^:]*:/, ""),
  };
}

function toFeature(s: LiveSeal): GeoJSON.Feature | null {
  if (!s.fix) return null;
  return { type: "Feature", id: s.seal, properties: { ...looks(s) }, geometry: { type: "Point", coordinates: [s.fix.lon, s.fix.lat] } };
}

export class FleetOverlay implements Overlay {
  private readonly inMap = new Map<string, Shown>();
  private chart: Chart | null = null;
  private whole = true;
  private drawn = 0;
  private retry = 0;
  /** Which seals are drawn at all; a change redraws everything. */
  private keep: (s: LiveSeal) => boolean = () => true;

  sources() {
    return {
      seals: {
        type: "geojson" as const, data: collection(), promoteId: "id", cluster: true, clusterRadius: 42, clusterMaxZoom: 11, maxzoom: 14,
        clusterProperties: { worst: ["max", ["get", "grade"]] },
      },
    };
  }

  layers(p: Palette): LayerSpecification[] {
    const byGrade = (a: string, b: string, c: string, none: string) => ["match", ["get", "worst"], 3, a, 2, b, 1, c, none] as never;
    const single = ["!", ["has", "point_count"]] as never;
    return [
      {
        id: "clusters", type: "circle", source: "seals", filter: ["has", "point_count"],
        paint: {
          "circle-color": p.cluster,
          "circle-radius": ["interpolate", ["linear"], ["log10", ["get", "point_count"]], 0.3, 12, 4, 26],
          "circle-stroke-width": ["match", ["get", "worst"], 0, 1.5, 3],
          "circle-stroke-color": byGrade(p.g3, p.g2, p.g1, p.clusterLine),
        },
      },
      {
        id: "cluster-counts", type: "symbol", source: "seals", filter: ["has", "point_count"],
        layout: { "text-field": ["get", "point_count_abbreviated"], "text-font": FONT, "text-size": 12, "text-allow-overlap": true, "text-ignore-placement": true },
        paint: { "text-color": p.text },
      },
      {
        id: "seal-rings", type: "symbol", source: "seals", filter: ["all", single, [">", ["get", "grade"], 0]],
        layout: { "icon-image": ["concat", "ring-", ["to-string", ["get", "grade"]]], "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": ["get", "grade"] },
      },
      {
        id: "seals", type: "symbol", source: "seals", filter: single,
        layout: {
          "icon-image": ["get", "glyph"], "icon-rotate": ["get", "course"], "icon-rotation-alignment": "map", "icon-allow-overlap": true,
          "icon-ignore-placement": true, "symbol-sort-key": ["get", "grade"],
          "text-field": ["step", ["zoom"], "", 11, ["get", "name"]], "text-font": FONT, "text-size": 11, "text-offset": [0, 1.5], "text-anchor": "top", "text-optional": true,
        },
        paint: { "text-color": p.text, "text-halo-color": p.halo, "text-halo-width": 1.4 },
      },
    ];
  }

  ready(chart: Chart): void {
    this.chart = chart;
    this.whole = true;
    this.draw();
  }

  show(keep: (s: LiveSeal) => boolean): void {
    this.keep = keep;
    this.whole = true;
    this.draw();
  }

  /** Brings the map to what is known now: a difference where that is possible. A map still busy with the last one waits. */
  draw(): void {
    const source = this.chart?.map.getSource<GeoJSONSource>("seals");
    if (!source || this.retry) return;
    if (!this.whole && !this.chart!.map.isSourceLoaded("seals") && performance.now() - this.drawn < PATIENCE_MS) {
      this.retry = window.setTimeout(() => {
        this.retry = 0;
        this.draw();
      }, RETRY_MS);
      return;
    }
    this.drawn = performance.now();
    const names = takeDirty();
    if (this.whole) {
      this.whole = false;
      this.inMap.clear();
      const features: GeoJSON.Feature[] = [];
      for (const s of seals.values()) {
        const f = this.keep(s) ? toFeature(s) : null;
        if (!f) continue;
        this.inMap.set(s.seal, looks(s));
        features.push(f);
      }
      source.setData(collection(features));
      return;
    }
    const diff = this.difference(names);
    if (diff) void source.updateData(diff);
  }

  private difference(names: string[]): GeoJSONSourceDiff | null {
    const add: GeoJSON.Feature[] = [];
    const update: GeoJSONFeatureDiff[] = [];
    const remove: string[] = [];
    for (const name of names) {
      const s = seals.get(name);
      const f = s && this.keep(s) ? toFeature(s) : null;
      const old = this.inMap.get(name);
      if (!f || !s) {
        if (old && this.inMap.delete(name)) remove.push(name);
        continue;
      }
      const shown = looks(s);
      this.inMap.set(name, shown);
      if (!old) add.push(f);
      else {
        const changed = (Object.keys(shown) as (keyof Shown)[]).filter((k) => shown[k] !== old[k]);
        update.push({ id: name, newGeometry: f.geometry, ...(changed.length ? { addOrUpdateProperties: changed.map((key) => ({ key, value: shown[key] })) } : {}) });
      }
    }
    if (!add.length && !update.length && !remove.length) return null;
    return { ...(add.length ? { add } : {}), ...(update.length ? { update } : {}), ...(remove.length ? { remove } : {}) };
  }

  get count(): number {
    return this.inMap.size;
  }
}
