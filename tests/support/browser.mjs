// SPDX-License-Identifier: Apache-2.0
// What browser tests share: the real program with its simulated world or alone, Chromium, pages that report every complaint and every
// request that leaves the origin, pictures of each step.
//   BULLA_SHOTS=dir keeps the pictures; with BULLA_SHOTS_ALL=1 each in the other theme and on a phone too, to be looked at. BULLA_TEST_STORE=postgres: on a database of the tests' server.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";

export const SKIP = 77;
const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "../../web/");
const program = process.argv[2];
const browserPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const shots = process.env.BULLA_SHOTS;

function skip(why) {
  console.error(`skipped: ${why}`);
  process.exit(SKIP);
}

export async function until(what, seconds, test) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const got = await test();
    if (got) return got;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((r) => setTimeout(r, 100));
  }
}

const mix = (a, b, share) => a.map((x, i) => Math.round(x + (b[i] - x) * share));

/** The colour of the back of a lorry with a container, its doors shut, at (x, y) of 0 to 1: four bars, hinges, a road and a dusty sky. */
function doorsAt(x, y) {
  const sky = mix([168, 186, 201], [226, 221, 205], y / 0.8);
  if (x < 0.16 || x > 0.84 || y < 0.08 || y > 0.9) return y > 0.82 ? mix([120, 112, 100], [84, 79, 72], (y - 0.82) / 0.18) : sky;
  if (y > 0.8) return x > 0.22 && x < 0.34 ? [32, 34, 36] : x > 0.66 && x < 0.78 ? [32, 34, 36] : [58, 60, 62];
  const u = (x - 0.16) / 0.68;
  const v = (y - 0.08) / 0.72;
  if (u < 0.025 || u > 0.975 || v < 0.03 || v > 0.97 || Math.abs(u - 0.5) < 0.006) return [52, 74, 82];
  for (const bar of [0.14, 0.36, 0.64, 0.86]) {
    if (Math.abs(u - bar) < 0.012) return mix([206, 210, 212], [146, 152, 156], Math.abs(u - bar) / 0.012);
    if (Math.abs(u - bar) < 0.045 && (Math.abs(v - 0.56) < 0.018 || Math.abs(v - 0.05) < 0.02 || Math.abs(v - 0.95) < 0.02)) return [176, 180, 182];
  }
  if (Math.abs(u - 0.64) < 0.05 && Math.abs(v - 0.64) < 0.05) return [214, 168, 40]; // the seal
  const rib = 0.5 + 0.5 * Math.sin(v * 60);
  return mix(mix([72, 116, 124], [92, 138, 146], rib), [40, 58, 64], v * 0.35);
}

/** A small PNG of a container's doors, made here. */
export function photo(width, height) {
  const crc = crc32 ?? ((b) => { let c = ~0; for (const x of b) { c ^= x; for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (c & 1 ? 0xedb88320 : 0); } return ~c >>> 0; });
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body) >>> 0, body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows.set(doorsAt(x / width, y / height), y * (1 + width * 3) + 1 + x * 3);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** A database of its own, with what makes and drops it; nothing where the store is SQLite. */
function database(name) {
  if (process.env.BULLA_TEST_STORE !== "postgres") return undefined;
  const python = (...words) => spawnSync("/usr/bin/python3", ["-B", ...words], { cwd: here, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const found = python("pg_server.py", resolve(process.argv[3] ?? dirname(program)));
  if (found.status === SKIP) skip("PostgreSQL is not installed");
  assert.equal(found.status, 0, "the tests' PostgreSQL runs");
  const url = `${found.stdout.trim()}/${name}_${process.pid}`;
  const run = (verb) => python("-c", `import sys, pg_store; pg_store.${verb}(sys.argv[1])`, url).status;
  assert.equal(run("create"), 0, "the database is made");
  return { url, drop: () => run("drop") };
}

/** A person's browser: its pages say what they complain of and what they ask of others. */
async function person(browser, base, options) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB", timezoneId: "Africa/Nairobi", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000); // a slow machine is not a failure
  const complaints = [];
  const foreign = [];
  page.on("console", (m) => {
    if ((m.type() === "error" || m.type() === "warning") && !/GL Driver Message/.test(m.text())) complaints.push(`${m.type()}: ${m.text()} ${m.location().url}`);
  });
  page.on("pageerror", (e) => complaints.push(`uncaught: ${e.message}`));
  context.on("request", (r) => {
    const url = new URL(r.url());
    if (url.origin !== base && url.protocol !== "blob:") foreign.push(r.url());
  });
  const shoot = async (name) => {
    // The picture only: its maps are drawn, its images are there, and nothing moves any more.
    const drawn = () => page.evaluate(() => [...document.querySelectorAll(".map-canvas")].every((m) => m.dataset.ready === "true" || m.offsetParent === null) && [...document.images].every((i) => i.complete || i.loading === "lazy"));
    await until("what is to be seen", 60, drawn).catch(() => undefined);
    await page.waitForTimeout(700);
    await page.screenshot({ path: join(shots, `${name}.png`) });
  };
  const look = async (name) => {
    if (!shots) return;
    mkdirSync(shots, { recursive: true });
    await shoot(name);
    if (!process.env.BULLA_SHOTS_ALL) return;
    const size = page.viewportSize();
    const scheme = options?.colorScheme ?? "light";
    for (const [suffix, colorScheme, viewport] of [["other", scheme === "light" ? "dark" : "light", size], ["phone", "light", { width: 390, height: 844 }], ["phone-dark", "dark", { width: 390, height: 844 }]]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await shoot(`${name}-${suffix}`);
    }
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize(size);
  };
  const signIn = async (name, password) => {
    await page.fill("input[name=name]", name);
    await page.fill("input[name=password]", password);
    await page.click("button[type=submit]");
    await page.locator(".shell").waitFor();
  };
  /** Nothing left the origin, nothing was complained of (but for what `expected` fits). */
  const quiet = (expected = /^$/) => {
    assert.deepEqual(foreign, [], "requests off the origin");
    assert.deepEqual(complaints.filter((c) => !expected.test(c)), [], "complaints on the console");
  };
  return { context, page, complaints, foreign, look, signIn, quiet };
}

/** A way to the platform that can be cut: nothing passes then, whatever the browser believes of its network. */
async function road(base) {
  const { hostname, port } = new URL(base);
  const open = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [a, b] of [[near, far], [far, near]]) {
      open.add(a);
      a.on("error", () => undefined);
      a.on("close", () => { open.delete(a); b.destroy(); });
      a.pipe(b);
    }
  });
  await new Promise((r) => server.listen(0, "127.0.0.1", r));
  const cut = () => { whole = false; for (const s of open) s.destroy(); };
  return { base: `http://127.0.0.1:${server.address().port}`, cut, mend: () => (whole = true), close: () => { cut(); server.close(); } };
}

/** The API as a program uses it, with a session of its own. */
async function api(base, name, password) {
  const signed = await fetch(`${base}/api/v1/session`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name, password }) });
  assert.equal(signed.status, 200, `${name} signs in`);
  const cookie = signed.headers.get("set-cookie").split(";")[0];
  const { csrf } = await signed.json();
  return async (method, path, body, headers = {}) => {
    const raw = body instanceof Uint8Array;
    const r = await fetch(`${base}/api/v1${path}`, {
      method, headers: { Cookie: cookie, "X-CSRF-Token": csrf, ...(body === undefined ? {} : { "Content-Type": raw ? "application/octet-stream" : "application/json" }), ...headers },
      body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    });
    const text = await r.text();
    return { status: r.status, etag: r.headers.get("ETag"), body: text ? JSON.parse(text) : null };
  };
}

/**
 * Runs `bulla demo` with further `words`, or what `prepare` says instead, then the day; ends the process with its outcome. `day` returns
 * why it cannot be, or nothing.
 */
export async function runDay(name, { words = [], prepare } = {}, day) {
  if (!program || !existsSync(program)) skip("the program is not built");
  if (!existsSync(browserPath)) skip("no chromium");
  if (!existsSync(join(web, "node_modules/playwright-core"))) skip("playwright-core is not installed in web/node_modules");
  const { chromium } = createRequire(web)("playwright-core");
  const password = `e2e-${Math.random().toString(36).slice(2)}-word`;
  // Before the demo: what happens soon after that has begun must be looked at.
  const browser = await chromium.launch({
    executablePath: browserPath, headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const folder = mkdtempSync(join(tmpdir(), "bulla-web-"));
  const db = database(name);
  const store = db ? ["--store", db.url] : [];
  const server = spawn(program, prepare ? await prepare({ program, folder, password }) : ["demo", "--http", "127.0.0.1:0", "--password", password, "--data", join(folder, "data"), ...words, ...store], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  server.stdout.on("data", (d) => (said += d));
  server.stderr.on("data", (d) => (said += d));
  let code = 1;
  try {
    const base = await until("the demo's address", 60, () => {
      if (server.exitCode !== null) throw new Error(`the demo ended with ${server.exitCode}`);
      return /ready: (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
    });
    const first = await (await fetch(`${base}/watch`)).text();
    const built = first.includes('<div id="app">');
    if (!built && !/without the web/.test(first)) assert.fail(`not the workplace: ${first.slice(0, 200)}`);
    const why = built ? await day({ base, password, folder, said: () => said, person: (options, at = base) => person(browser, at, options), road: () => road(base), api: (user) => api(base, user, password) }) : "the program was built without the web part";
    if (why) console.error(`skipped: ${why}`);
    else console.log("the day went well");
    code = why ? SKIP : 0;
  } catch (e) {
    console.error(e);
    let n = 0;
    if (shots) for (const c of browser.contexts()) for (const p of c.pages()) await p.screenshot({ path: join(shots, `failed-${n++}.png`) }).catch(() => undefined);
    console.error(`the demo: exit ${server.exitCode}, signal ${server.signalCode}`);
    console.error(said.split("\n").slice(-20).join("\n"));
  } finally {
    await browser.close();
    server.kill("SIGTERM");
    await new Promise((r) => (server.exitCode !== null ? r() : server.once("exit", r)));
    db?.drop();
    rmSync(folder, { recursive: true, force: true });
  }
  process.exit(code);
}
