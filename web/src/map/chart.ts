// SPDX-License-Identifier: Apache-2.0
// A map with overlays. Overlays give their sources once and their layers for a palette; a change of theme repaints in
// place, so that position, data and selection stay.
import {
  Map as MapLibre, ScaleControl, setWorkerUrl, type GeoJSONSource, type LayerSpecification, type PaddingOptions, type SourceSpecification, type StyleSpecification,
} from "maplibre-gl";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { Bounds, Position } from "@/lib/geo";
import { calm } from "@/state/prefs";
import { basemap } from "./basemap";
import { palette, type Palette } from "./palette";
import { sprites } from "./sprites";
import { baseLayers, baseStyle } from "./style";

setWorkerUrl(worker);

export interface Overlay {
  sources: () => Record<string, SourceSpecification>;
  layers: (p: Palette) => LayerSpecification[];
  ready?: (chart: Chart) => void;
}

export interface View { lat: number; lon: number; zoom: number }
export interface ChartOptions { view?: View | null; bounds?: Bounds | null; overlays: Overlay[]; padding?: number; maxZoom?: number; still?: boolean }

export class Chart {
  readonly map: MapLibre;
  private done = false;
  private gone = false;
  private readonly waiting: (() => void)[] = [];

  private constructor(readonly element: HTMLElement, private readonly options: ChartOptions, style: StyleSpecification) {
    const { view, bounds } = options;
    this.map = new MapLibre({
      container: element,
      style,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      minZoom: 1,
      maxZoom: 17,
      interactive: !options.still,
      ...(view ? { center: [view.lon, view.lat] as [number, number], zoom: view.zoom } : { center: [30, 40] as [number, number], zoom: 2.4 }),
      ...(bounds && !view ? { bounds, fitBoundsOptions: { padding: options.padding ?? 48, maxZoom: options.maxZoom ?? 13 } } : {}),
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 96, unit: "metric" }), "bottom-left");
    this.map.on("error", (e) => console.error("map:", e.error?.message ?? e));
    this.map.once("load", () => this.install());
  }

  static async open(element: HTMLElement, options: ChartOptions): Promise<Chart> {
    return new Chart(element, options, baseStyle(await basemap(), palette()));
  }

  private install(): void {
    if (this.gone) return;
    const p = palette();
    sprites(this.map, p);
    for (const o of this.options.overlays) {
      for (const [id, source] of Object.entries(o.sources())) this.map.addSource(id, source);
      for (const layer of o.layers(p)) this.map.addLayer(layer);
    }
    this.done = true;
    for (const o of this.options.overlays) o.ready?.(this);
    for (const act of this.waiting.splice(0)) act();
    this.element.dataset.ready = "true";
  }

  /** Now, or as soon as the map stands. */
  whenReady(act: () => void): void {
    if (this.done) act();
    else this.waiting.push(act);
  }

  setData(source: string, data: GeoJSON.GeoJSON): void {
    this.whenReady(() => this.map.getSource<GeoJSONSource>(source)?.setData(data));
  }

  retheme(): void {
    this.whenReady(() => {
      const p = palette();
      sprites(this.map, p);
      const layers = [...baseLayers(p), ...this.options.overlays.flatMap((o) => o.layers(p))];
      for (const layer of layers)
        for (const [name, value] of Object.entries(layer.paint ?? {})) this.map.setPaintProperty(layer.id, name as never, value as never);
    });
  }

  fit(b: Bounds, padding: number | PaddingOptions = 48, maxZoom = 14): void {
    this.map.fitBounds(b, { padding, maxZoom, duration: calm.matches ? 0 : 350 });
  }

  fly(to: Position, zoom?: number, padding?: PaddingOptions): void {
    this.map.easeTo({ center: to, zoom: Math.max(this.map.getZoom(), zoom ?? 0), duration: calm.matches ? 0 : 350, ...(padding ? { padding } : {}) });
  }

  view(): View {
    const c = this.map.getCenter();
    return { lat: c.lat, lon: c.lng, zoom: this.map.getZoom() };
  }

  close(): void {
    this.gone = true;
    this.map.remove();
  }
}

export const collection = (features: GeoJSON.Feature[] = []): GeoJSON.FeatureCollection => ({ type: "FeatureCollection", features });
export const empty = (): SourceSpecification => ({ type: "geojson", data: collection() });
