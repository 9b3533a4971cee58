// SPDX-License-Identifier: Apache-2.0
// A day run again with other figures: what stood and what these find, side by side, with the film of each journey.
import assert from "node:assert/strict";

export async function dayAgain({ page, base, look }) {
  await page.goto(`${base}/rules`);
  await page.getByRole("tab", { name: "Run a day again" }).click();
  const today = await page.evaluate(() => { const d = new Date(); return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`; });
  await page.fill("input[name=day]", today);
  await page.getByLabel("Add a figure").selectOption("unlock_refused.episode");
  await page.getByLabel("Add a figure").selectOption("signal_lost.limit");
  await page.fill('input[name="signal_lost.limit"]', "2");
  await page.locator(".day-figure").first().getByRole("button", { name: "Remove" }).click();
  assert.equal(await page.locator(".day-figure").count(), 1, "one figure is left");
  assert.match(page.url(), /set=signal_lost\.limit(%3A|:)2/, "what is otherwise is in the address");
  await page.getByRole("button", { name: "Run the day" }).click();
  await page.getByText(/· done$/).waitFor({ timeout: 120_000 });
  const counts = await page.locator(".sides strong").allInnerTexts();
  const [now, both] = counts.map((x) => Number(x.replace(/\D/g, "")));
  assert.ok(now >= 1 && both >= 1, `more silence is found, and what stood beside it: ${counts}`);
  const silence = page.locator(".beside-journey li.only-now", { hasText: "Signal lost" }).first();
  await silence.getByText("did not stand").waitFor();
  assert.equal(await page.locator(".beside-journey li.both .absent").count(), 0, "what both have stands in both columns");
  await look("10-day-again");

  // Only one side, and from there to the film at that moment.
  await page.locator(".sides button", { hasText: "only with this" }).click();
  assert.equal(await page.locator(".beside-journey li:not(.only-now)").count(), 0);
  const links = await page.locator(".beside-journey li.only-now a.found").evaluateAll((list) => list.map((x) => x.getAttribute("href")));
  await silence.locator("a.found").click();
  await page.locator(".detail-page").waitFor();
  assert.match(page.url(), /\/journeys\/[^?]+\?at=/);
  let films = 0; // a journey that has told of one place alone has none
  for (const link of links.slice(0, 8)) {
    await page.goto(base + link);
    films += await page.locator(".film").waitFor({ timeout: 8000 }).then(() => 1, () => 0);
    if (films) break;
  }
  assert.equal(films, 1, `one of them has a film: ${links}`);
}
