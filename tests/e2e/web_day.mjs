// SPDX-License-Identifier: Apache-2.0
// The officer's day in a browser: sign in, see the cable alarm arrive, read it down to the bytes, acknowledge, send a
// patrol, resolve with a note and a photo, find all of it in the audit. Nothing may leave the origin, nothing may be
// reported on the console, and the keys must do what "?" says.
//   node web_day.mjs PROGRAM [BUILD-DIR]      BULLA_SHOTS=dir keeps a picture of each step
// BULLA_TEST_STORE=postgres: on a database of the tests' server. BULLA_WEB_SPEED (1): the world goes so many times as fast.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { photo, runDay, until } from "../support/browser.mjs";
import { dayAgain } from "../support/web_again.mjs";
import { groupsInTheWatch } from "../support/web_groups.mjs";

await runDay("web_day", { words: ["--speed", process.env.BULLA_WEB_SPEED ?? "1"] }, async ({ base, password, folder, person, api }) => {
  const { page, complaints, look, quiet } = await person();

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
  await look("1b-alarm");
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
  await page.locator("dialog").waitFor({ state: "detached" }); // the stream may be faster than the answer
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
  await look("7-journey");

  await groupsInTheWatch({ page, base, api, complaints, look });
  await dayAgain({ page, base, look });

  // Nothing is wider than a phone.
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["/watch", `/watch?alarm=${id}`, "/journeys", `/journeys/${detail.journey}`, "/seals", `/seals/${detail.seal}`, "/stations", "/audit", "/statistics", "/journeys/new"]) {
    await page.goto(base + path);
    await page.locator("main, .panel").first().waitFor();
    await page.locator('[aria-busy="true"]').first().waitFor({ state: "detached" }); // what it shows is there
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll("main")].every((m) => m.scrollWidth <= m.clientWidth + 1)), `${path} fits 390 pixels`);
  }

  quiet();
  return undefined;
});
