// SPDX-License-Identifier: Apache-2.0
// The officer's day in a browser: sign in, see the cable alarm arrive, read it down to the bytes, acknowledge, send a
// patrol, resolve with a note and a photo, find all of it in the audit. Nothing may leave the origin, nothing may be
// reported on the console, and the keys must do what "?" says.
//   node web_day.mjs PROGRAM [BUILD-DIR]      BULLA_SHOTS=dir keeps a picture of each step
// BULLA_TEST_STORE=postgres: on a database of the tests' server. BULLA_WEB_SPEED (1): the world goes so many times as fast.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";

const SKIP = 77;
const web = join(dirname(fileURLToPath(import.meta.url)), "../../web/");
const program = process.argv[2];
const browserPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const shots = process.env.BULLA_SHOTS;
const password = `e2e-${Math.random().toString(36).slice(2)}-word`;

function skip(why) {
  console.error(`skipped: ${why}`);
  process.exit(SKIP);
}
if (!program || !existsSync(program)) skip("the program is not built");
if (!existsSync(browserPath)) skip("no chromium");
if (!existsSync(join(web, "node_modules/playwright-core"))) skip("playwright-core is not installed in web/node_modules");
const { chromium } = createRequire(web)("playwright-core");

/** A small PNG with a slope of colour, made here. */
function photo(width, height) {
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
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows.set([60 + ((x * 120) / width), 80 + ((y * 90) / height), 96], y * (1 + width * 3) + 1 + x * 3);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** A database of its own, with what makes and drops it; nothing where the store is SQLite. */
function database() {
  if (process.env.BULLA_TEST_STORE !== "postgres") return undefined;
  const support = join(dirname(fileURLToPath(import.meta.url)), "../support");
  const python = (...words) => spawnSync("/usr/bin/python3", ["-B", ...words], { cwd: support, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const found = python("pg_server.py", resolve(process.argv[3] ?? dirname(program)));
  if (found.status === SKIP) skip("PostgreSQL is not installed");
  assert.equal(found.status, 0, "the tests' PostgreSQL runs");
  const url = `${found.stdout.trim()}/web_day_${process.pid}`;
  const run = (verb) => python("-c", `import sys, pg_store; pg_store.${verb}(sys.argv[1])`, url).status;
  assert.equal(run("create"), 0, "the database is made");
  return { url, drop: () => run("drop") };
}

// Before the demo: the cable is cut some time after that has begun, and an officer looks by then.
const browser = await chromium.launch({
  executablePath: browserPath, headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const folder = mkdtempSync(join(tmpdir(), "bulla-web-"));
const db = database();
const speed = process.env.BULLA_WEB_SPEED ?? "1";
const store = db ? ["--store", db.url] : [];
const server = spawn(program, ["demo", "--http", "127.0.0.1:0", "--password", password, "--data", join(folder, "data"), "--speed", speed, ...store], { stdio: ["ignore", "pipe", "pipe"] });
let said = "";
server.stdout.on("data", (d) => (said += d));
server.stderr.on("data", (d) => (said += d));

async function until(what, seconds, test) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const got = await test();
    if (got) return got;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((r) => setTimeout(r, 100));
  }
}

/** Why it cannot be; nothing when it went well. */
async function day() {
  const base = await until("the demo's address", 60, () => {
    if (server.exitCode !== null) throw new Error(`the demo ended with ${server.exitCode}`);
    return /ready: (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
  });
  const first = await (await fetch(`${base}/watch`)).text();
  if (!first.includes('<div id="app">')) {
    if (/without the web/.test(first)) return "the program was built without the web part";
    assert.fail(`not the workplace: ${first.slice(0, 200)}`);
  }
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB", timezoneId: "Africa/Nairobi", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints = [];
  const foreign = [];
  page.on("console", (m) => {
    if ((m.type() === "error" || m.type() === "warning") && !/GL Driver Message/.test(m.text())) complaints.push(`${m.type()}: ${m.text()}`);
  });
  page.on("pageerror", (e) => complaints.push(`uncaught: ${e.message}`));
  context.on("request", (r) => {
    const url = new URL(r.url());
    if (url.origin !== base && url.protocol !== "blob:") foreign.push(r.url());
  });
  const look = async (name) => {
    if (!shots) return;
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${name}.png`) });
  };

  // Sign in; a wrong password is said so and keeps the name.
  await page.goto(`${base}/journeys?state=open`);
  await page.fill("input[name=name]", "watch");
  await page.fill("input[name=password]", "not the password");
  await page.click("button[type=submit]");
  await page.getByText("Name or password is wrong.").waitFor();
  assert.equal(await page.inputValue("input[name=name]"), "watch");
  assert.equal(complaints.length, 1, "the refused sign-in is the browser's one complaint");
  complaints.length = 0;
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]");
  await page.locator(".shell").waitFor();
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/journeys?state=open", "signing in keeps the address");

  // g w goes to the watch; the alarm of the cut cable arrives while we look, without a reload.
  await page.locator("table tbody tr").first().waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("w");
  await page.locator(".queue").waitFor();
  await page.evaluate(() => (window.neverReloaded = true));
  const cut = page.locator(".alarm-row", { hasText: "Cable cut" });
  const there = await cut.count();
  await cut.first().waitFor({ timeout: 90_000 });
  assert.equal(await page.evaluate(() => window.neverReloaded), true);
  assert.equal(there, 0, "the cable is cut after we began to look");
  await page.locator('.watch-map .map-canvas[data-ready="true"]').waitFor({ timeout: 60_000 });
  if (shots) await page.waitForTimeout(1500);
  await look("1-watch");

  // j and k walk through the queue; the address follows.
  await page.keyboard.press("j");
  const one = await until("an alarm in the address", 5, () => new URL(page.url()).searchParams.get("alarm"));
  await page.keyboard.press("k");
  assert.equal(new URL(page.url()).searchParams.get("alarm"), one, "k at the top stays");

  // The alarm with its proof, down to the bytes.
  await cut.first().click();
  const panel = page.locator(".panel");
  await panel.getByRole("heading", { name: "Cable cut" }).waitFor();
  const id = new URL(page.url()).searchParams.get("alarm");
  assert.match(id, /^[0-9a-f]{32}$/);
  await panel.locator(".before tr.changed", { hasText: "Shackle" }).getByText("Cut").waitFor();
  assert.ok((await panel.locator(".badge.proof").count()) >= 1, "how sure is said");
  await page.keyboard.press("b");
  const hex = (await panel.locator(".dump .hex").first().innerText()).replace(/\s+/g, "");
  assert.match(hex, /^([0-9a-f]{2}){8,16}$/);
  const detail = await page.evaluate(async (x) => (await fetch(`/api/v1/alarms/${x}`)).json(), id);
  assert.ok(detail.observations[0].raw.hex.startsWith(hex), "the bytes shown are the bytes kept");
  await look("2-bytes");

  // Acknowledge, send a patrol, resolve with a note and a photo: by the keys.
  await page.keyboard.press("a");
  await panel.locator(".badge.life", { hasText: "Acknowledged" }).waitFor();
  await page.keyboard.press("d");
  await page.fill("dialog input[name=patrol]", "Patrol 7");
  await page.fill("dialog textarea[name=note]", "Stop the lorry and look at the doors");
  await look("3-dispatch");
  await page.locator("dialog button[type=submit]").click();
  await panel.locator(".badge.life", { hasText: "Patrol sent" }).waitFor();
  await page.keyboard.press("r");
  await page.locator("dialog button[type=submit]").click();
  await page.getByText("Choose what was found").waitFor();
  await page.locator("dialog .choice", { hasText: "It happened as reported" }).click();
  await page.fill("dialog textarea[name=note]", "Cable found cut, cargo complete, new seal fitted");
  const picture = join(folder, "doors.png");
  writeFileSync(picture, photo(320, 200));
  await page.setInputFiles("dialog input[type=file]", picture);
  await page.locator("dialog .thumbs img").waitFor();
  await look("4-resolve");
  await page.locator("dialog button[type=submit]").click();
  await panel.locator(".badge.life", { hasText: "Resolved" }).waitFor();
  const kept = panel.locator(".thumbs img");
  await kept.waitFor();
  assert.ok(await until("the photo comes back", 10, () => kept.evaluate((i) => i.complete && i.naturalWidth === 320)));
  await look("5-resolved");
  await page.keyboard.press("Escape");
  await until("the panel closes", 5, async () => (await panel.count()) === 0);

  // The state survives a reload; back leads back.
  await page.goto(`${base}/alarms/${id}`);
  await panel.getByText("Cable found cut, cargo complete, new seal fitted").waitFor();

  // All of it is in the audit.
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  const rows = page.locator("table tbody tr", { hasText: id });
  for (const action of ["Acknowledged an alarm", "Sent a patrol", "Resolved an alarm", "Added a file to an alarm"]) await rows.filter({ hasText: action }).first().waitFor();
  await look("6-audit");

  // Search and the list of keys.
  await page.keyboard.press("/");
  await page.keyboard.type(detail.seal.split(":")[1]);
  await page.keyboard.press("Enter"); // before the answer is there: opens what was asked, not what was found on the way
  await page.locator("h1", { hasText: detail.seal.split(":")[1] }).waitFor();
  await page.keyboard.press("?");
  await page.locator(".keys li", { hasText: "Go to watch" }).waitFor();
  await page.keyboard.press("Escape");
  await page.goto(`${base}/journeys/${detail.journey}`);
  await page.locator(".plot canvas").first().waitFor();
  await page.locator(".timeline li.alarm", { hasText: "Cable cut" }).first().waitFor();
  await page.locator('.page-map .map-canvas[data-ready="true"]').waitFor({ timeout: 60_000 });
  if (shots) await page.waitForTimeout(1500); // the picture only: the map's tiles
  await look("7-journey");

  // Nothing is wider than a phone.
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["/watch", `/watch?alarm=${id}`, "/journeys", `/journeys/${detail.journey}`, "/seals", `/seals/${detail.seal}`, "/stations", "/audit", "/statistics", "/journeys/new"]) {
    await page.goto(base + path);
    await page.locator("main, .panel").first().waitFor();
    await page.waitForTimeout(400);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll("main")].every((m) => m.scrollWidth <= m.clientWidth + 1)), `${path} fits 390 pixels`);
  }

  assert.deepEqual(foreign, [], "requests off the origin");
  assert.deepEqual(complaints, [], "complaints on the console");
  console.log("the day went well");
  return undefined;
}

let code = 1;
try {
  const why = await day();
  if (why) console.error(`skipped: ${why}`);
  code = why ? SKIP : 0;
} catch (e) {
  console.error(e);
  if (shots) await browser.contexts()[0]?.pages()[0]?.screenshot({ path: join(shots, "failed.png") }).catch(() => undefined);
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
