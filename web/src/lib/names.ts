// SPDX-License-Identifier: Apache-2.0
// How things are called where room is short.

/** "jt701:7570101998" -> "7570101998". */
export const device = (seal: string) => seal.slice(seal.indexOf(":") + 1);
export const protocol = (seal: string) => seal.slice(0, Math.max(0, seal.indexOf(":")));

/** An id whose only use is to be told from others: its end. */
export const short = (id: string) => (id.length > 12 ? `…${id.slice(-8)}` : id);

interface Titled { id: string; reference?: string | null; vehicle?: string | null }
export const journeyTitle = (j: Titled) => j.reference || j.vehicle || short(j.id);

interface Ends { origin?: { name: string } | null; destination?: { name: string } | null }
export const fromTo = (j: Ends) => [j.origin?.name, j.destination?.name] as const;

/** ISO 6346 as printed on the door: "ABCU 123456 7". */
export const container = (n: string) => (/^[A-Z]{4}\d{7}$/.test(n) ? `${n.slice(0, 4)} ${n.slice(4, 10)} ${n.slice(10)}` : n);
