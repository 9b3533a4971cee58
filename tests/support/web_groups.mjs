// SPDX-License-Identifier: Apache-2.0
// In the watch, alarms of one cause are one row: what joins it does not move the queue, it unfolds, it is taken as a whole, and what of it
// could not be taken is said.
import assert from "node:assert/strict";
import { until } from "./browser.mjs";

const DEVICE = 7599990000;

/** Journeys from one station that should have left: each is an alarm, together they are one cause. */
async function late(call, station, n) {
  const seal = `jt701:${DEVICE + n}`;
  const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString().replace(/\.\d+/, "");
  const place = { name: station.name, station: station.id, lat: station.lat, lon: station.lon, radius_m: 800 };
  assert.equal((await call("POST", "/seals", { id: seal, class: "active", life: "in-stock" })).status, 201, "a seal");
  const made = await call("POST", "/journeys", {
    state: "sealed", seals: [seal], vehicle: `LATE ${n}`, sealed_at: at(-40), depart_by: at(-20 + n), origin: place, silence_minutes: -1,
    destination: { name: "Elsewhere", lat: station.lat + 1, lon: station.lon + 1, radius_m: 800 },
  });
  assert.equal(made.status, 201, `a journey: ${JSON.stringify(made.body)}`);
}

export async function groupsInTheWatch({ page, base, api, complaints, look }) {
  const call = await api("watch");
  const station = (await call("GET", "/stations")).body.items[0];
  await page.goto(`${base}/watch`);
  await page.locator(".queue .alarm-row").first().waitFor();
  await page.mouse.move(200, 300); // off the queue: it is not held
  for (const n of [1, 2, 3]) await late(call, station, n);
  const slot = page.locator(".queue-slot.of-group", { hasText: "Journeys of one station" });
  const root = slot.locator(".alarm-row");
  await slot.getByText("+2 more").waitFor();
  assert.match(await root.innerText(), /Late departure/);
  assert.match(await slot.locator(".group-cause").innerText(), /3 journeys/);
  assert.equal(await page.locator(".alarm-row", { hasText: "LATE" }).count(), 1, "one row for the three");

  // Another joins, and the queue stands still.
  const order = () => page.locator(".alarm-row").evaluateAll((rows) => rows.map((r) => r.dataset.id));
  const before = await order();
  await late(call, station, 4);
  await slot.getByText("+3 more").waitFor();
  const kept = (await order()).filter((id) => before.includes(id));
  assert.deepEqual(kept, before.filter((id) => kept.includes(id)), "no row changed its place");
  assert.equal(await page.locator(".alarm-row", { hasText: "LATE" }).count(), 1, "still one row");

  // Unfolded by the mouse and by the key; j walks into it.
  await root.click();
  const panel = page.locator(".panel");
  await panel.getByRole("heading", { name: "Late departure" }).waitFor();
  await panel.getByText("One cause").waitFor();
  await page.keyboard.press("u");
  const members = slot.locator(".group-member");
  await until("the members are shown", 10, async () => (await members.count()) === 3);
  await look("8-group");
  await page.keyboard.press("j");
  await until("j goes to the first below the root", 10, async () => new URL(page.url()).searchParams.get("alarm") === (await members.first().getAttribute("data-id")));
  await panel.getByText("One of 4 alarms of one cause").waitFor();
  await page.keyboard.press("k");
  await panel.getByRole("button", { name: "Acknowledge all 4" }).waitFor();
  await page.keyboard.press("u");
  await until("they are folded", 10, async () => (await members.count()) === 0);

  // Taken as a whole. One of them is refused: three are taken, of the fourth it is said why.
  const ids = await page.evaluate(async (id) => (await (await fetch("/api/v1/alarm-groups?cause=station")).json()).items.find((g) => g.members.some((m) => m.id === id)).members.map((m) => m.id), await root.getAttribute("data-id"));
  assert.equal(ids.length, 4);
  const path = `**/api/v1/alarms/${ids[2]}/acknowledge`;
  const problem = { type: "urn:bulla:problem:storage", title: "The store failed", status: 503 };
  await page.route(path, (r) => r.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) }));
  const states = async () => Promise.all(ids.map(async (id) => (await call("GET", `/alarms/${id}`)).body.state));
  const taken = (n) => states().then((all) => all.filter((s) => s === "acknowledged").length >= n);
  const press = async (n) => { // a key that comes while the panel is drawn anew is pressed again, as a person would
    for (let tries = 0; tries < 3 && !(await taken(n)); tries++) {
      await page.keyboard.press("a");
      await until("it is taken", 8, () => taken(n)).catch(() => undefined);
    }
  };
  await press(3);
  const left = panel.locator(".group-left");
  await left.getByText("3 of 4 acknowledged").waitFor();
  assert.match(await left.locator("li").innerText(), /Late departure[\s\S]*could not store this/);
  assert.equal(await left.locator("li").count(), 1);
  assert.deepEqual(await states(), ["acknowledged", "acknowledged", "raised", "acknowledged"], "one action a member");
  await look("9-group-partly");
  assert.equal(complaints.length, 1, "the refusal is the browser's one complaint");
  complaints.length = 0;

  // Again, and the rest is taken as well.
  await page.unroute(path);
  await panel.getByRole("button", { name: "Acknowledge the last" }).waitFor();
  await press(4);
  await until("all are taken", 20, async () => (await states()).every((s) => s === "acknowledged"));
  await left.waitFor({ state: "detached" });
  const audit = await call("GET", "/audit?action=alarm.acknowledge&limit=20");
  assert.deepEqual(ids.map((id) => audit.body.items.filter((e) => e.object === id).length), [1, 1, 1, 1], "each is in the audit once");
  await page.keyboard.press("Escape");
  await until("the panel closes", 5, async () => (await panel.count()) === 0);
}
