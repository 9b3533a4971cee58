// SPDX-License-Identifier: Apache-2.0
// A training on a recorded day in a browser: it says that it is one on every page, also before signing in and on a phone; the day's alarm
// comes again while one looks, and is acted on.
//   node web_train.mjs PROGRAM [BUILD-DIR]      BULLA_SHOTS=dir keeps a picture of each step
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { runDay, until } from "../support/browser.mjs";

const DAY = "2026-03-01";
const at = (minute) => new Date(Date.parse(`${DAY}T08:00:00Z`) + minute * 60_000).toISOString().replace(".000", "");

/** The real platform: a lorry under way whose rope is cut at 08:04. Its clock is that day's. */
async function record({ program, folder, password }) {
  const data = join(folder, "real");
  const server = spawn(program, ["serve", "--data", data, "--http", "127.0.0.1:0", "--listen", "none", "--clock", `${at(0)},60`], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  server.stdout.on("data", (d) => (said += d));
  const base = await until("the real platform's address", 60, () => /ready: (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1]);
  const began = Date.now();
  let cookie = "";
  let csrf = "";
  const call = async (method, path, body) => {
    const r = await fetch(`${base}/api/v1${path}`, { method, headers: { "Content-Type": "application/json", Cookie: cookie, "X-CSRF-Token": csrf }, body: body && JSON.stringify(body) });
    const json = await r.json();
    assert.ok(r.ok, `${method} ${path}: ${r.status} ${JSON.stringify(json)}`);
    cookie = r.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    csrf = json.csrf ?? csrf;
    return json;
  };
  const old = /one-time password (\S+)/.exec(said)[1];
  await call("POST", "/session", { name: "admin", password: old });
  await call("POST", "/session/password", { old, new: password });
  await call("POST", "/seals", { id: "json:LOCK-1", class: "active", life: "in-stock" });
  const place = (name, lon) => ({ name, lat: 0, lon, radius_m: 800 });
  await call("POST", "/journeys", { state: "sealed", reference: "T1-DAY", vehicle: "KAA 123B", seals: ["json:LOCK-1"], sealed_at: at(-60), origin: place("Yard", 36), destination: place("Port", 38), route: { type: "LineString", coordinates: [[36, 0], [38, 0]] }, silence_minutes: -1 });
  const say = async (minute, lon, shackle) => {
    await until(`minute ${minute}`, 60, () => Date.now() - began > minute * 1000);
    await call("POST", "/devices/LOCK-1/observations", { time: at(minute), counter: minute + 1, fix: { lat: 0, lon, accuracy_m: 30, speed_kmh: 60 }, state: { shackle, motor: "locked" } });
  };
  for (let m = 0; m < 4; m++) await say(m, 36.2 + m / 100, "in");
  await say(4, 36.24, "cut");
  await until("the alarm", 30, async () => (await call("GET", "/alarms?kind=cable_cut")).items.length === 1);
  server.kill("SIGTERM");
  await new Promise((r) => server.once("exit", r));
  return ["train", "--store", `sqlite:${data}`, "--day", DAY, "--begin", "08:02", "--speed", "2", "--http", "127.0.0.1:0", "--password", password];
}

await runDay("web_train", { prepare: record }, async ({ base, password, person }) => {
  const { page, look, signIn, quiet } = await person();
  const marked = () => page.locator(".training", { hasText: /training/i }).waitFor();

  await page.goto(`${base}/watch`);
  await page.locator(".sign-in").waitFor();
  await marked(); // before anybody has signed in
  await until("the tab says it", 10, async () => /^Training/.test(await page.title()));
  await look("train-1-sign-in");
  await signIn("watch", password);
  await page.locator(".queue").waitFor();
  await marked();
  assert.match(await page.locator(".training time").innerText(), /2026/, "the training's own time");

  // 08:04 comes while we look: two minutes at twice the speed.
  const cut = page.locator(".alarm-row", { hasText: "Cable cut" });
  assert.equal(await cut.count(), 0, "it has not happened yet");
  await cut.first().waitFor({ timeout: 120_000 });
  await cut.first().click();
  const panel = page.locator(".panel");
  await panel.getByRole("heading", { name: "Cable cut" }).waitFor();
  await panel.locator(".badge.life", { hasText: "New" }).waitFor();
  await page.keyboard.press("a");
  await panel.locator(".badge.life", { hasText: "Acknowledged" }).waitFor();
  await look("train-2-watch");

  for (const path of ["/journeys", "/seals", "/checkpoint", "/tasks", "/stations", "/rules", "/rules?tab=day", "/statistics", "/audit", "/nowhere"]) {
    await page.goto(base + path);
    await page.locator("main").first().waitFor();
    await marked();
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${base}/watch`);
  await marked();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the bar fits a phone");
  await look("train-3-phone");
  quiet();
  return undefined;
});
