// SPDX-License-Identifier: Apache-2.0
// Raw messages for the eye: rows of sixteen bytes, hexadecimal and text.

export interface DumpRow { offset: number; hex: string[]; text: string }

export function fromHex(hex: string): Uint8Array {
  const clean = hex.replace(/\s+/g, "");
  const bytes = new Uint8Array(clean.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(clean.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
}

export const printable = (b: number) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : "·");

export function dump(bytes: Uint8Array, width = 16): DumpRow[] {
  const rows: DumpRow[] = [];
  for (let at = 0; at < bytes.length; at += width) {
    const part = [...bytes.subarray(at, at + width)];
    rows.push({ offset: at, hex: part.map((b) => b.toString(16).padStart(2, "0")), text: part.map(printable).join("") });
  }
  return rows;
}

/** Whether the message is meant to be read as text: nearly all of it is printable. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false;
  let good = 0;
  for (const b of bytes) if ((b >= 0x20 && b < 0x7f) || b === 0x0d || b === 0x0a || b === 0x09) good++;
  return good / bytes.length > 0.9;
}

export function asText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8").decode(bytes).replace(/[\u0000-\u0008\u000b-\u001f]/g, "·");
}
