// SPDX-License-Identifier: Apache-2.0
// One way to the platform: JSON, CSRF token, problems as errors. Never leaves the origin.
import type { ProblemBody, Versioned } from "./model";

export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number, // 0: the platform was not reached
    readonly problem: ProblemBody | null,
    readonly retryAfter: number | null = null,
  ) {
    super(problem?.title ?? (status === 0 ? "offline" : `HTTP ${status}`));
  }
  get word(): string {
    return this.problem?.type.replace(/^.*[:/]/, "") ?? (this.status === 0 ? "offline" : "error");
  }
  /** What to write at a field: "expected …, got …". */
  get fields(): Map<string, { expected: string | undefined; got: string | undefined }> {
    return new Map((this.problem?.errors ?? []).map((e) => [e.field.replace(/^\/|^\$\./, "").replace(/\//g, "."), { expected: e.expected, got: e.got }]));
  }
}

let csrf: string | null = null;
export function setCsrf(token: string | null): void {
  csrf = token;
}

let onSignedOut: () => void = () => undefined;
let onPasswordNeeded: () => void = () => undefined;
export function onAuth(signedOut: () => void, passwordNeeded: () => void): void {
  onSignedOut = signedOut;
  onPasswordNeeded = passwordNeeded;
}

export interface CallOptions {
  body?: unknown;
  raw?: Blob;
  etag?: string | null;
  key?: string; // Idempotency-Key
  signal?: AbortSignal;
  quiet?: boolean; // 401 is an answer, not a reason to sign in
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";

async function request(method: Method, path: string, o: CallOptions): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (csrf && method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (o.etag) headers["If-Match"] = o.etag;
  if (o.key) headers["Idempotency-Key"] = o.key;
  let body: BodyInit | null = null;
  if (o.raw) {
    body = o.raw;
    headers["Content-Type"] = o.raw.type;
  } else if (o.body !== undefined) {
    body = JSON.stringify(o.body);
    headers["Content-Type"] = "application/json";
  }
  try {
    return await fetch(`/api/v1${path}`, { method, headers, body, credentials: "same-origin", cache: "no-store", signal: o.signal ?? null });
  } catch (e) {
    if (e instanceof DOMException && e.name === "AbortError") throw e;
    throw new ApiError(0, null);
  }
}

async function failure(r: Response): Promise<ApiError> {
  let problem: ProblemBody | null = null;
  try {
    const body: unknown = await r.json();
    if (body && typeof body === "object" && "title" in body) problem = body as ProblemBody;
  } catch {
    // not a problem document: a proxy's page
  }
  const after = Number(r.headers.get("Retry-After"));
  return new ApiError(r.status, problem, Number.isFinite(after) && after > 0 ? after : null);
}

export async function callWhole<T>(method: Method, path: string, o: CallOptions = {}): Promise<Versioned<T>> {
  const r = await request(method, path, o);
  if (!r.ok) {
    const error = await failure(r);
    if (error.status === 401 && !o.quiet) onSignedOut();
    if (error.word === "password-change-needed") onPasswordNeeded();
    throw error;
  }
  const value = r.status === 204 ? (undefined as T) : ((await r.json()) as T);
  return { value, etag: r.headers.get("ETag") };
}

export async function call<T>(method: Method, path: string, o: CallOptions = {}): Promise<T> {
  return (await callWhole<T>(method, path, o)).value;
}

export const get = <T>(path: string, o?: CallOptions) => call<T>("GET", path, o);
export const post = <T>(path: string, body: unknown, o?: CallOptions) => call<T>("POST", path, { ...o, body });
export const put = <T>(path: string, body: unknown, o?: CallOptions) => call<T>("PUT", path, { ...o, body });
export const drop = (path: string) => call<void>("DELETE", path);

/** One segment of a path; a seal's colon may stand as it is. */
export const seg = (text: string) => encodeURIComponent(text).replace(/%3A/g, ":");

export function qs(values: Record<string, string | number | null | undefined>): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(values)) if (v !== null && v !== undefined && v !== "") q.set(k, String(v));
  const text = q.toString();
  return text ? `?${text}` : "";
}

export const newKey = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16)).join("");
