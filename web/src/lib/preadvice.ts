// SPDX-License-Identifier: Apache-2.0
// A pre-advice file before it is sent: whether it is one, and what stands in it. The platform judges the rest. Pure.
export const FORMAT = "bulla-pre-advice-1";

export interface PreAdviceGist { journey: string; reference: string | null; vehicle: string | null; from: string | null; to: string | null; seals: string[]; made: string | null; entries: number }

const text = (x: unknown): string | null => (typeof x === "string" && x !== "" ? x : null);
const record = (x: unknown): Record<string, unknown> => (x && typeof x === "object" && !Array.isArray(x) ? (x as Record<string, unknown>) : {});
const list = (x: unknown): unknown[] => (Array.isArray(x) ? x : []);

/** null: no JSON document; `got`: of another format than ours. */
export function preAdviceOf(content: string): { gist: PreAdviceGist } | { expected: string; got: string | null } | null {
  let body: unknown;
  try {
    body = JSON.parse(content);
  } catch {
    return null;
  }
  const whole = record(body);
  if (whole["format"] !== FORMAT) return { expected: FORMAT, got: text(whole["format"]) };
  const j = record(whole["journey"]);
  return {
    gist: {
      journey: text(j["id"]) ?? "—", reference: text(j["reference"]), vehicle: text(j["vehicle"]), from: text(record(j["origin"])["name"]), to: text(record(j["destination"])["name"]),
      seals: list(whole["seals"]).flatMap((s) => text(record(s)["id"]) ?? []), made: text(whole["made"]), entries: list(whole["entries"]).length,
    },
  };
}
