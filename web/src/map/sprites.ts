// SPDX-License-Identifier: Apache-2.0
// Seal glyphs drawn on canvas for the theme. The fill tells the seal's state, a light core that it is only claimed, an
// arrow head that it moves; the ring (its own layer, never rotated) tells the worst open grade by colour and shape.
import type { Map as MapLibre } from "maplibre-gl";
import type { Palette } from "./palette";

export const GLYPH_STATES = ["sealed", "open", "unlocked-closed", "unknown"] as const;
const RATIO = 2;
const SIZE = 28;
const RING = 36;

type Paint = (c: CanvasRenderingContext2D) => void;

function draw(size: number, paint: Paint): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * RATIO;
  const c = canvas.getContext("2d")!;
  c.scale(RATIO, RATIO);
  c.translate(size / 2, size / 2);
  c.lineJoin = "round";
  paint(c);
  return c.getImageData(0, 0, canvas.width, canvas.height);
}

function outline(c: CanvasRenderingContext2D, moving: boolean): void {
  c.beginPath();
  if (moving) {
    c.moveTo(0, -9.5);
    c.lineTo(6.6, 7);
    c.lineTo(0, 3.8);
    c.lineTo(-6.6, 7);
    c.closePath();
  } else c.arc(0, 0, 5.6, 0, Math.PI * 2);
}

function glyph(p: Palette, state: string, claimed: boolean, moving: boolean): Paint {
  return (c) => {
    outline(c, moving);
    c.lineWidth = 4.5;
    c.strokeStyle = p.edge;
    c.stroke();
    if (state === "sealed") {
      c.fillStyle = p.sealed;
      c.fill();
      if (claimed) core(c, moving, p.edge);
      return;
    }
    if (state === "unknown") {
      c.fillStyle = p.unknown;
      c.fill();
      return;
    }
    c.fillStyle = p.open;
    c.fill();
    if (state === "unlocked-closed") {
      c.save();
      c.clip();
      c.fillStyle = p.line;
      c.fillRect(-12, 0, 24, 12);
      c.restore();
      outline(c, moving);
    }
    c.lineWidth = 2;
    c.strokeStyle = p.line;
    c.stroke();
  };
}

function core(c: CanvasRenderingContext2D, moving: boolean, colour: string): void {
  c.beginPath();
  c.arc(0, moving ? 0.6 : 0, 1.7, 0, Math.PI * 2);
  c.fillStyle = colour;
  c.fill();
}

function polygon(c: CanvasRenderingContext2D, sides: number, radius: number, turn: number): void {
  c.beginPath();
  for (let i = 0; i < sides; i++) {
    const a = turn + (i * 2 * Math.PI) / sides;
    c.lineTo(Math.cos(a) * radius, Math.sin(a) * radius);
  }
  c.closePath();
}

function ring(p: Palette, grade: number): Paint {
  return (c) => {
    const colour = grade === 3 ? p.g3 : grade === 2 ? p.g2 : p.g1;
    if (grade === 3) polygon(c, 8, 14, Math.PI / 8);
    else if (grade === 2) {
      c.translate(0, 2.2);
      polygon(c, 3, 16.5, -Math.PI / 2);
    } else {
      c.beginPath();
      c.arc(0, 0, 12, 0, Math.PI * 2);
    }
    c.fillStyle = colour;
    c.globalAlpha = 0.16;
    c.fill();
    c.globalAlpha = 1;
    c.lineWidth = grade === 1 ? 2 : 2.5;
    c.strokeStyle = colour;
    c.stroke();
  };
}

/** Adds all images, or draws them anew after a change of theme. */
export function sprites(map: MapLibre, p: Palette): void {
  const put = (name: string, size: number, paint: Paint) => {
    const image = draw(size, paint);
    if (map.hasImage(name)) map.updateImage(name, image);
    else map.addImage(name, image, { pixelRatio: RATIO });
  };
  for (const state of GLYPH_STATES)
    for (const sure of ["proven", "claimed"])
      for (const moving of [false, true])
        put(`seal-${state}-${sure}-${moving ? "moving" : "still"}`, SIZE, glyph(p, state, sure === "claimed", moving));
  for (const grade of [1, 2, 3]) put(`ring-${grade}`, RING, ring(p, grade));
}
