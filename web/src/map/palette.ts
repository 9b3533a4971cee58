// SPDX-License-Identifier: Apache-2.0
// The map's colours, read from the tokens of the theme that is on.
const names = {
  sea: "--map-sea", land: "--map-land", border: "--map-border", borderFine: "--map-border-fine", grid: "--map-grid", label: "--map-label",
  halo: "--map-halo", route: "--map-route", track: "--map-track", corridor: "--map-corridor", text: "--text", surface: "--surface", accent: "--accent",
  g1: "--g1", g2: "--g2", g3: "--g3", onG1: "--on-g1", onG2: "--on-g2", onG3: "--on-g3",
  sealed: "--seal-sealed", open: "--seal-open", unknown: "--seal-unknown", edge: "--seal-edge", line: "--seal-line", cluster: "--raised", clusterLine: "--line-strong",
  plot1: "--plot-1", plot2: "--plot-2", plot3: "--plot-3", plotGrid: "--plot-grid", dim: "--dim", faint: "--faint", hover: "--hover",
} as const;
export type Palette = Record<keyof typeof names, string>;

export function palette(): Palette {
  const css = getComputedStyle(document.documentElement);
  return Object.fromEntries(Object.entries(names).map(([k, v]) => [k, css.getPropertyValue(v).trim()])) as Palette;
}
