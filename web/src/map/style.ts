// SPDX-License-Identifier: Apache-2.0
// The base style: sea, land, coast, borders, names. No glyph or sprite server: texts are drawn with local fonts.
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Basemap } from "./basemap";
import type { Palette } from "./palette";

export const FONT = ["Inter", "sans-serif"];

export function baseSources(b: Basemap): Record<string, SourceSpecification> {
  const fine = { type: "geojson" as const, tolerance: 0.2, maxzoom: 10 };
  return {
    land: { ...fine, data: b.land },
    coast: { ...fine, data: b.coast },
    borders: { ...fine, data: b.borders },
    grid: { type: "geojson", data: b.grid, maxzoom: 6 },
    countries: { type: "geojson", data: b.names },
  };
}

export function baseLayers(p: Palette): LayerSpecification[] {
  return [
    { id: "sea", type: "background", paint: { "background-color": p.sea } },
    { id: "grid", type: "line", source: "grid", paint: { "line-color": p.grid, "line-width": 0.5 } },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": p.land, "fill-antialias": false } },
    { id: "coast", type: "line", source: "coast", paint: { "line-color": p.border, "line-width": ["interpolate", ["linear"], ["zoom"], 2, 0.4, 8, 0.9] } },
    { id: "borders", type: "line", source: "borders", layout: { "line-join": "round" }, paint: { "line-color": p.border, "line-width": ["interpolate", ["linear"], ["zoom"], 2, 0.5, 8, 1.2], "line-dasharray": [4, 2] } },
    {
      id: "countries", type: "symbol", source: "countries", minzoom: 2, maxzoom: 9,
      filter: [">", ["*", ["get", "size"], ["^", 2, ["zoom"]]], 34],
      layout: {
        "text-field": ["get", "name"], "text-font": FONT, "text-size": ["interpolate", ["linear"], ["zoom"], 2, 9, 7, 13],
        "text-max-width": 7, "text-letter-spacing": 0.06, "text-padding": 6,
      },
      paint: { "text-color": p.label, "text-halo-color": p.halo, "text-halo-width": 1.2 },
    },
  ];
}

export function baseStyle(b: Basemap, p: Palette): StyleSpecification {
  return { version: 8, sources: baseSources(b), layers: baseLayers(p), transition: { duration: 0, delay: 0 } };
}
