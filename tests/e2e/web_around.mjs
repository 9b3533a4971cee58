// SPDX-License-Identifier: Apache-2.0
// Customs and those around it in a browser. How far a journey is and when it will be there, for officers and carriers [WCO-3.1-9] [WCO-3.1-10]
// [WCO-3.1-13]; an emergency opening asked for by a carrier, refused and permitted by a second person with a reason that the carrier reads
// [WCO-13.5-4]; the steps of a procedure that are the trader's and the carrier's, and nothing else of it [WCO-8-X-MD-P]; a pre-advice as a file,
// taken in again, refused at the field when it is wrong; how well the risk score told; what nobody took waits, by the platform's word
// [WCO-9.1-13]. One number says the risk, wherever it stands. No message covers a row of a table.
//   node web_around.mjs PROGRAM [BUILD-DIR]      BULLA_SHOTS=dir keeps a picture of each step
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runDay, until } from "../support/browser.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const SEAL = "jt701:7570199002";

/** A journey of the carrier's that is on its way, with three points to pass: one behind it, two ahead. */
async function goingJourney(watch, carrier) {
  const found = await until("a journey on its way that is expected at some time", 120, async () => {
    const { items } = (await watch("GET", `/journeys?state=under-way&eta=true&limit=100&carrier=${carrier}`)).body;
    return items.find((j) => j.eta && j.seals.length > 0);
  });
  const { body: j } = await watch("GET", `/journeys/${found.id}`);
  const line = j.route.coordinates;
  const share = j.progress.along_m / (j.progress.along_m + j.progress.left_m);
  const spot = (name, part) => {
    const [lon, lat] = line[Math.min(line.length - 1, Math.floor(part * line.length))];
    return { name, lat, lon, radius_m: 4000, tolerance_minutes: 600 };
  };
  const put = async (points) => {
    const now = await watch("GET", `/journeys/${found.id}`);
    const done = await watch("PUT", `/journeys/${found.id}`, { ...now.body, points }, { "If-Match": now.etag });
    assert.equal(done.status, 200, JSON.stringify(done.body));
  };
  // First without a plan, to learn when they were and will be passed; then planned a little otherwise.
  const points = [spot("Weighbridge", share * 0.5), spot("Fuel station", share + (1 - share) * 0.4), spot("Last gate", share + (1 - share) * 0.8)];
  await put(points);
  const known = (await watch("GET", `/journeys/${found.id}`)).body.progress.points;
  assert.ok(known[0].passed && known[1].expected && known[2].expected, JSON.stringify(known));
  const late = [12, 25, -9];
  await put(points.map((p, i) => ({ ...p, planned: new Date(Date.parse(known[i].passed ?? known[i].expected) - late[i] * 60_000).toISOString().replace(/\.\d+Z$/, "Z") })));
  return found.id;
}

/** A cross-border journey by several means with a passive seal, whose dossier waits for the trader. */
async function exportJourney(watch, gate, carrier) {
  const stations = (await watch("GET", "/stations?limit=500")).body.items;
  const from = stations.find((s) => /Mombasa/.test(s.name));
  const to = stations.find((s) => /Nairobi/.test(s.name));
  const place = (s) => ({ station: s.id, name: s.name, lat: s.lat, lon: s.lon, radius_m: s.radius_m });
  assert.equal((await watch("POST", "/seals", { id: SEAL, class: "passive", label: "P-19902", life: "in-stock", station: from.id })).status, 201);
  const made = await watch("POST", "/journeys", {
    state: "draft", mode: "multimodal", regime: "cross-border", carrier, reference: "X-26-7710002", vehicle: "KDC 502L", driver: "Driver 078", cargo: "Coffee", containers: ["MSKU6011672"], seals: [SEAL],
    origin: place(from), destination: place(to), depart_by: new Date(Date.now() + 3.6e6).toISOString(), arrive_by: new Date(Date.now() + 36e6).toISOString(),
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const opened = await gate("POST", `/journeys/${made.body.id}/dossier`, { scope: "cross-border", shared_platform: false });
  assert.equal(opened.status, 201, JSON.stringify(opened.body));
  return made.body.id;
}

/** What is expected when: in the list, on the page, for the carrier too. */
async function onTheWay(world, id) {
  const officer = await world.person();
  const { page, look, quiet } = officer;
  await page.goto(`${world.base}/journeys?state=under-way`);
  await officer.signIn("watch", world.password);
  const row = page.locator("tbody tr", { has: page.locator(`a[href="/journeys/${id}"]`) });
  await row.locator('td[data-key="eta"] time').waitFor();
  await look("1-expected");
  await row.locator(`a[href="/journeys/${id}"]`).click();
  await page.locator(".journey-due.arrival time").waitFor();
  const points = page.locator(".routing-points li");
  await points.filter({ hasText: "Weighbridge" }).and(page.locator(".passed")).waitFor();
  await points.filter({ hasText: "Fuel station" }).and(page.locator(".next")).getByText("expected").waitFor();
  assert.match(await page.locator(".journey-progress").innerText(), /km of .*km · In transit/);
  await page.locator('.page-map .map-canvas[data-ready="true"]').waitFor({ timeout: 60_000 });
  await look("2-on-the-way");
  quiet();
  const dispatcher = await world.person(PHONE);
  await dispatcher.page.goto(`${world.base}/journeys/${id}`);
  await dispatcher.signIn("carrier", world.password);
  await dispatcher.page.locator(".routing-points li.passed", { hasText: "Weighbridge" }).waitFor();
  await dispatcher.page.locator(".journey-due.arrival time").waitFor();
  await dispatcher.look("3-carrier-phone");
  return dispatcher;
}

/** A row that says so, or an answer, whatever came before it. */
async function ask(page, reason) {
  await page.getByRole("button", { name: "Ask for an emergency opening" }).click();
  const dialog = page.locator("dialog");
  assert.ok(await dialog.locator("button[type=submit]").isDisabled(), "it needs a reason");
  await dialog.locator("input[name=reason]").fill(reason);
  return dialog;
}

async function emergency(world, dispatcher, id) {
  const { page, look } = dispatcher;
  const officer = await world.person();
  const desk = officer.page;
  await desk.goto(world.base);
  await officer.signIn("watch", world.password);
  await desk.locator(".queue").waitFor();

  // Refused: the carrier reads why.
  const first = await ask(page, "The driver lost his telephone in there");
  await first.locator("button[type=submit]").click();
  await page.locator(".emergencies li.requested", { hasText: "telephone" }).waitFor();
  await desk.locator(".queue-asked").waitFor();
  await officer.look("4-asked");
  await desk.locator(".queue-asked").click();
  const row = desk.locator("tbody tr", { hasText: "telephone" });
  await row.locator("td").first().click();
  const dialog = desk.locator("dialog");
  await dialog.getByRole("button", { name: "Refuse" }).click();
  assert.ok(await dialog.locator("button[type=submit]").isDisabled(), "a refusal needs a reason");
  await dialog.locator("input[name=words]").fill("That can wait for the destination");
  await dialog.locator("button[type=submit]").click();
  await page.locator(".emergencies li.refused", { hasText: "That can wait for the destination" }).waitFor();
  await row.waitFor({ state: "detached" });

  // Permitted, for a while.
  const second = await ask(page, "Smoke comes out of the container");
  await second.locator("select").nth(1).selectOption("60");
  await look("5-ask");
  await second.locator("button[type=submit]").click();
  await desk.locator("tbody tr", { hasText: "Smoke comes out" }).locator("td").first().click();
  await dialog.getByRole("button", { name: "Approve" }).click();
  await dialog.locator("input[name=words]").fill("The fire brigade is there");
  await officer.look("6-approve");
  await dialog.locator("button[type=submit]").click();
  const permitted = page.locator(".emergencies li.approved", { hasText: "Smoke comes out" });
  await permitted.getByText("May be opened until").waitFor();
  await permitted.scrollIntoViewIfNeeded();
  await look("7-permitted");
  const kept = (await world.watch("GET", `/journeys/${id}`)).body.permissions;
  assert.equal(kept.length, 1, "one opening is permitted");
  assert.equal(Date.parse(kept[0].until) - Date.parse(kept[0].from), 3600_000);

  // The officer who asks does not answer.
  await desk.goto(`${world.base}/journeys/${id}`);
  const own = await ask(desk, "To be sure");
  await own.locator("button[type=submit]").click();
  await desk.locator(".emergencies li.requested", { hasText: "To be sure" }).click();
  await dialog.getByText("somebody else on watch has to answer").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Approve" }).count(), 0);
  await dialog.getByRole("button", { name: "Withdraw" }).click();
  await dialog.locator("button[type=submit]").click();
  await desk.locator(".emergencies li.withdrawn").waitFor();
  officer.quiet();
  dispatcher.quiet();
}

/** Trader and carrier each do their own step, and see no other's. */
async function ownSteps(world, id) {
  const trader = await world.person({ colorScheme: "dark" });
  const { page, look } = trader;
  await page.goto(`${world.base}/journeys/${id}`);
  await trader.signIn("trader", world.password);
  const card = page.locator(".own-card");
  await card.getByRole("heading", { name: "Send your export declaration" }).waitFor();
  assert.equal(await card.locator("[name=declaration_number]").inputValue(), "X-26-7710002", "what is on record need not be typed");
  await card.getByRole("button", { name: "Send" }).click();
  await card.getByText("Needed for this step").first().waitFor();
  await card.locator("[name=waybill]").fill("WB-4471");
  await card.locator("[name=sent_to]").fill("Customs of Malaba");
  await look("8-trader");
  await card.getByRole("button", { name: "Send" }).click();
  await page.locator(".own-done li", { hasText: "Send your export declaration" }).waitFor();
  await page.getByText("There is nothing for you to do now").waitFor();

  // Customs suspects something and deals with it: no word of it reaches them.
  const done = async (step, outcome, values = {}, reason = "") => {
    const r = await world.gate("POST", `/journeys/${id}/steps`, { visit: 1, step, outcome, values, reason });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    return r.body;
  };
  await done("check-declaration", "suspect", {}, "The weight is odd");
  const seen = (await world.trader("GET", `/journeys/${id}/dossier`)).body;
  const text = JSON.stringify(seen);
  for (const secret of ["odd", "suspect", "inspect-goods", "Checkpoint officer"]) assert.ok(!text.includes(secret), `a trader does not see "${secret}"`);
  assert.equal(seen.next, null, "whose turn it is at customs is not said");
  assert.equal(await page.locator(".step-card").count(), 0);
  await done("inspect-goods", "done", { finding: "In order" });
  await done("write-seal", "done", { container: "MSKU6011672", waybill: "WB-4471", goods: "Coffee" });
  trader.quiet();

  const dispatcher = await world.person();
  await dispatcher.page.goto(`${world.base}/journeys/${id}`);
  await dispatcher.signIn("carrier", world.password);
  const lock = dispatcher.page.locator(".own-card");
  await lock.getByRole("heading", { name: "Lock the container with the seal" }).waitFor();
  await lock.locator("[name=seal_number]").fill("7570199002");
  await dispatcher.look("9-carrier-step");
  await lock.getByRole("button", { name: "Send" }).click();
  await dispatcher.page.getByText("There is nothing for you to do now").waitFor();
  const dossier = (await world.gate("GET", `/journeys/${id}/dossier`)).body;
  assert.equal(dossier.visits[0].steps.find((s) => s.id === "lock-seal").state, "done");
  dispatcher.quiet();
}

async function preAdvice(world, id) {
  const officer = await world.person();
  const { page, look } = officer;
  await page.goto(`${world.base}/checkpoint/${id}`);
  await officer.signIn("checkpoint", world.password);
  const link = page.getByRole("link", { name: "Pre-advice" });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  assert.equal(download.suggestedFilename(), "pre-advice-X-26-7710002.json");
  const whole = readFileSync(await download.path(), "utf8");
  assert.equal(JSON.parse(whole).format, "bulla-pre-advice-1");
  const file = (name, text) => {
    const path = join(world.folder, name);
    writeFileSync(path, text);
    return path;
  };
  await page.goto(`${world.base}/checkpoint`);
  await page.getByRole("button", { name: "Take in a pre-advice" }).click();
  const dialog = page.locator("dialog");
  const choose = (path) => dialog.locator("input[type=file]").setInputFiles(path);
  const save = dialog.getByRole("button", { name: "Take it in" });
  await choose(file("note.json", "Dear colleagues"));
  await dialog.locator(".field-error", { hasText: "note.json is not a JSON document" }).waitFor();
  await choose(file("other.json", '{"format":"another-7"}'));
  await dialog.locator(".field-error", { hasText: "expected the format bulla-pre-advice-1, got another-7" }).waitFor();
  assert.ok(await save.isDisabled(), "what is wrong is not sent");
  await choose(file("changed.json", whole.replaceAll("KDC 502L", "KAA 000A")));
  await dialog.locator(".facts", { hasText: "KAA 000A" }).waitFor();
  await save.click();
  await dialog.locator(".field-error", { hasText: "damaged or was changed" }).waitFor();
  await look("10-pre-advice-refused");
  officer.complaints.length = 0; // the refused request is the browser's one complaint

  // Drag and drop.
  const data = await page.evaluateHandle(([name, text]) => {
    const d = new DataTransfer();
    d.items.add(new File([text], name, { type: "application/json" }));
    return d;
  }, ["pre-advice.json", whole]);
  await dialog.locator(".drop").dispatchEvent("drop", { dataTransfer: data });
  await dialog.locator(".facts", { hasText: "KDC 502L" }).waitFor();
  await look("11-pre-advice");
  await save.click();
  await page.locator(".page-title", { hasText: "X-26-7710002" }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/checkpoint/${id}`);

  // One number for the risk: at the head, in the sentence, among the inputs and in its parts.
  const d = (await world.gate("GET", `/journeys/${id}/dossier`)).body;
  assert.equal(d.proposal.risk.score, d.risk.score);
  assert.equal(d.proposal.inputs.risk, d.risk.score);
  assert.ok(d.proposal.reasons.some((x) => x.startsWith(`risk ${d.risk.score} `)), JSON.stringify(d.proposal.reasons));
  assert.equal(Math.min(100, d.risk.parts.reduce((n, p) => n + p.points, 0)), d.risk.score);
  officer.quiet();
}

async function backtest(world) {
  const officer = await world.person();
  const { page, look, quiet } = officer;
  await page.goto(`${world.base}/admin?policy=risk`);
  await officer.signIn("watch", world.password);
  await page.getByRole("button", { name: "Try on past journeys" }).click();
  const result = page.locator(".risk-result");
  await result.waitFor({ timeout: 120_000 });
  const counted = (await world.watch("GET", "/risk/backtest")).body;
  assert.match(await result.innerText(), new RegExp(`${counted.journeys} journeys, \\d+ of them with a violation`));
  assert.ok((await result.locator(".tenths tbody tr").count()) >= 1, "score by score");
  await look("12-backtest");
  quiet();
}

/** What nobody takes in time waits, by the platform's word; and what is said about anything covers no row. */
async function waiting(world) {
  const admin = await world.person();
  const { page, look, quiet } = admin;
  await page.goto(`${world.base}/admin?tab=policies&policy=escalation`);
  await admin.signIn("admin", world.password);
  for (const name of ["intervene_minutes", "check_minutes"]) await page.fill(`input[name=${name}]`, "1");
  await page.fill(".policy-save input[name=reason]", "Nobody waits longer than a minute");
  await page.locator(".policy-save .btn.main").click();
  const toast = page.locator(".toast");
  await toast.waitFor();
  const box = await toast.boundingBox();
  for (const area of await page.locator(".policy form, .policy-list").all()) {
    const a = await area.boundingBox();
    assert.ok(a && box && (a.y >= box.y + box.height || a.x >= box.x + box.width || a.x + a.width <= box.x), "a toast stands above what is read");
  }
  await page.goto(`${world.base}/watch`);
  const late = page.locator(".alarm-row .badge.overdue").first();
  await late.waitFor({ timeout: 240_000 });
  const id = await page.locator(".alarm-row", { has: page.locator(".badge.overdue") }).first().getAttribute("data-id");
  const alarm = (await world.watch("GET", `/alarms/${id}`)).body;
  assert.equal(Date.parse(alarm.waits) - Date.parse(alarm.raised), 60_000, "since the end of what the policy gives");
  await look("13-waits");
  await page.locator(`.alarm-row[data-id="${id}"]`).click();
  await page.locator(".panel .badge.overdue").waitFor();
  await page.keyboard.press("a");
  await page.locator(".panel .badge.overdue").waitFor({ state: "detached" });
  assert.equal((await world.watch("GET", `/alarms/${id}`)).body.waits, null, "who has it does not let it wait");
  quiet();
}

await runDay("web_around", { words: ["--speed", process.env.BULLA_WEB_SPEED ?? "1"] }, async ({ base, password, folder, person, api }) => {
  const [watch, gate, trader] = [await api("watch"), await api("checkpoint"), await api("trader")];
  const carrier = (await trader("GET", "/session")).body.user.party;
  const world = { base, password, folder, person, watch, gate, trader };
  const id = await exportJourney(watch, gate, carrier);
  const going = await goingJourney(watch, carrier);
  const dispatcher = await onTheWay(world, going);
  await emergency(world, dispatcher, going);
  await ownSteps(world, id);
  await preAdvice(world, id);
  await backtest(world);
  await waiting(world);
  return undefined;
});
