// SPDX-License-Identifier: Apache-2.0
// The customs side in a browser, each with the screens of the role. The departure officer's day: the dossier step by step until the
// vehicle drives out [WCO-8-D-RD-P]. The watch officer's: an alarm, a patrol with a task, and the patrol's phone, which loses the network in
// a tunnel, keeps the report with its photograph, and sends it afterwards [WCO-8-G2] [WCO-7.1-A8] [WCO-9.1-14]; closed with what was
// found, and the shift handed over. The destination officer's: read, compare, suspect, deal with it, discharge, release, and the seal goes back to stock
// [WCO-8-D-RA-P]. Nothing may leave the origin, nothing may be complained of on the console.
//   node web_customs.mjs PROGRAM [BUILD-DIR]      BULLA_SHOTS=dir keeps a picture of each step
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { photo, runDay, until } from "../support/browser.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, permissions: ["geolocation"] };
const SEAL = "jt701:7570199001";

/** A journey that waits at its place of departure, with a passive seal from stock. */
async function prepare(watch) {
  const stations = (await watch("GET", "/stations?limit=500")).body.items;
  const from = stations.find((s) => /Mombasa/.test(s.name));
  const to = stations.find((s) => /Nairobi/.test(s.name));
  const place = (s) => ({ station: s.id, name: s.name, lat: s.lat, lon: s.lon, radius_m: s.radius_m });
  assert.equal((await watch("POST", "/seals", { id: SEAL, class: "passive", label: "P-19901", life: "in-stock", station: from.id })).status, 201);
  const made = await watch("POST", "/journeys", {
    state: "draft", mode: "road", regime: "internal", reference: "T1-26-7710001", vehicle: "KDB 418Q", driver: "Driver 077", cargo: "Tea", containers: ["MSKU6011672"], seals: [SEAL],
    origin: place(from), destination: place(to), depart_by: new Date(Date.now() + 3.6e6).toISOString(), arrive_by: new Date(Date.now() + 36e6).toISOString(),
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return { journey: made.body.id, from, to };
}

/** The step that is next is done: its title, then its large button. */
async function step(page, title, fill = async () => undefined, button = undefined) {
  const card = page.locator(".step-card");
  await card.getByRole("heading", { name: title }).waitFor();
  await fill(card);
  await (button ? card.getByRole("button", { name: button }) : card.locator(".btn.huge").first()).click();
  await page.locator(".visit-steps li.done, .visit-steps li.skipped", { hasText: title }).first().waitFor();
}

const type = (values) => async (card) => {
  for (const [name, value] of Object.entries(values)) await card.locator(`[name=${name}]`).fill(value);
};

async function departure(world, where) {
  const { page, look, signIn, quiet } = await world.person();
  await page.goto(world.base);
  await signIn("checkpoint", world.password);
  await page.locator(".checkpoint-lane").waitFor();
  assert.equal(new URL(page.url()).pathname, "/checkpoint", "the day begins at the checkpoint");
  await page.locator(".page-actions select").selectOption(where.from.id);
  await page.locator(".lane-card", { hasText: "KDB 418Q" }).waitFor();
  await look("1-lane");
  await page.locator(".lane-card", { hasText: "KDB 418Q" }).click();
  await page.getByRole("button", { name: "Open the dossier" }).click();
  await step(page, "Check the declaration", undefined, "Everything as it should be");
  await step(page, "Write plate, document, manifest and container number to the seal", async (card) => {
    assert.equal(await card.locator("[name=plate]").inputValue(), "KDB 418Q", "what is known need not be typed");
    await look("2-write-seal");
  });
  await page.locator(".bindings li.agrees", { hasText: "Vehicle and declaration" }).waitFor();
  await step(page, "Lock the container mechanically with the seal", type({ seal_number: "7570199001" }));

  // A paper of the journey, brought in pieces.
  const paper = join(world.folder, "waybill.png");
  writeFileSync(paper, photo(400, 300));
  await page.locator(".section", { hasText: "Papers and images" }).locator("select").selectOption("waybill");
  await page.setInputFiles(".section input[type=file]", paper);
  await page.locator(".documents li", { hasText: "waybill.png" }).waitFor();
  await step(page, "Issue the exit permit");
  await step(page, "Let it drive out of the station");
  await page.getByRole("heading", { name: "On its way" }).waitFor();
  assert.equal((await world.watch("GET", `/journeys/${where.journey}`)).body.state, "under-way");
  await look("3-departed");
  quiet();
}

async function watchAndPatrol(world) {
  const officer = await world.person();
  const { page, look } = officer;
  await page.goto(world.base);
  await officer.signIn("watch", world.password);
  const cut = page.locator(".alarm-row", { hasText: "Cable cut" }).first();
  await cut.waitFor({ timeout: 90_000 });

  // The watch is taken; nobody had it.
  await page.getByRole("button", { name: "Take the watch" }).click();
  await page.locator("dialog button[type=submit]").click();
  await page.getByText("You have the watch").waitFor();

  // A task for a patrol: the plan of the kind is chosen already.
  await cut.click();
  const panel = page.locator(".panel");
  await panel.getByText("Plan", { exact: true }).waitFor();
  const id = new URL(page.url()).searchParams.get("alarm");
  await page.keyboard.press("a");
  await panel.locator(".badge.life", { hasText: "Acknowledged" }).waitFor();
  await page.keyboard.press("d");
  const dialog = page.locator("dialog");
  await dialog.locator(".choice.on", { hasText: "Field check" }).getByText("Plan").waitFor();
  await dialog.locator(".pick", { hasText: "Patrol officer" }).click();
  await dialog.locator("textarea[name=note]").fill("Stop the lorry at the weighbridge and look at the doors");
  await look("4-send");
  await dialog.locator("button[type=submit]").click();
  await panel.locator(".task .here", { hasText: "New" }).waitFor();
  await panel.locator(".facts", { hasText: "Patrol officer" }).first().waitFor();

  // The patrol's phone.
  const road = await world.road();
  const { lat, lon } = (await world.watch("GET", `/alarms/${id}`)).body.position; // the patrol is some kilometres from it
  const patrol = await world.person({ ...PHONE, geolocation: { latitude: lat - 0.05, longitude: lon + 0.03 } }, road.base);
  const phone = patrol.page;
  await phone.goto(road.base);
  await patrol.signIn("patrol", world.password);
  await phone.locator(".task-card", { hasText: "Cable cut" }).waitFor();
  await until("the phone can start without a network", 30, () => phone.evaluate(async () => !!(await navigator.serviceWorker.ready).active && (await caches.keys()).length > 0));
  await patrol.look("5-phone-tasks");
  await phone.locator(".task-card", { hasText: "Cable cut" }).click();
  await phone.locator(".patrol-map").waitFor();
  await phone.getByRole("button", { name: "Accept" }).click();
  await panel.locator(".task .here", { hasText: "Accepted" }).waitFor();
  await phone.getByRole("button", { name: "On my way" }).click();
  await phone.getByRole("button", { name: "I am there" }).waitFor();
  await panel.locator(".task .here", { hasText: "On the way" }).waitFor();
  await patrol.look("6-phone-task");

  // A tunnel: what is done is kept, over a start of the phone too.
  await patrol.context.setGeolocation({ latitude: lat + 0.0004, longitude: lon });
  road.cut();
  await patrol.context.setOffline(true);
  await phone.getByRole("button", { name: "I am there" }).click();
  await phone.getByText("One report waits to be sent").waitFor();
  await phone.reload();
  await phone.getByText("One report waits to be sent").waitFor();
  await phone.getByRole("button", { name: "Report" }).click();
  await phone.getByRole("button", { name: "Send the report" }).click();
  assert.equal(await phone.getByText("Choose one").count(), 2, "a report is complete or not sent");
  await phone.locator(".choices.seal .choice", { hasText: "Cut" }).click();
  await phone.locator(".choices.finding .choice", { hasText: "True" }).click();
  await phone.fill("textarea[name=note]", "The cable is cut, the doors are shut, the cargo is complete");
  const picture = join(world.folder, "doors.png");
  writeFileSync(picture, photo(640, 480));
  await phone.setInputFiles("input[type=file]", picture);
  await phone.locator(".thumbs img").waitFor();
  await patrol.look("7-phone-report");
  await phone.getByRole("button", { name: "Send the report" }).click();
  await phone.getByText("2 reports wait to be sent").waitFor();
  await patrol.look("8-phone-tunnel");
  assert.equal((await world.watch("GET", `/tasks?about=${id}`)).body.items[0].state, "under-way", "nothing has come yet");
  road.mend();
  await patrol.context.setOffline(false);

  // The report with its photograph is in the alarm; one step closes both.
  const report = panel.locator(".task-report");
  await report.getByText("The cable is cut, the doors are shut, the cargo is complete").waitFor({ timeout: 60_000 });
  await report.locator(".found", { hasText: "Cut" }).waitFor();
  const kept = report.locator(".thumbs img");
  assert.ok(await until("the photograph", 15, () => kept.evaluate((i) => i.complete && i.naturalWidth === 640)));
  await report.scrollIntoViewIfNeeded();
  await look("9-report");
  await page.keyboard.press("r");
  await dialog.locator(".choice.on", { hasText: "True" }).waitFor();
  assert.match(await dialog.locator("textarea[name=note]").inputValue(), /cargo is complete/, "the report fills in what was found");
  await look("10-close");
  await dialog.locator("button[type=submit]").click();
  await panel.locator(".badge.life", { hasText: "Resolved" }).waitFor();
  await panel.locator(".task .here", { hasText: "Closed" }).waitFor();
  const closed = (await world.watch("GET", `/alarms/${id}`)).body;
  assert.equal(closed.finding, "true");
  await phone.getByText("Nothing to do").waitFor();

  // The shift goes to the next, with a note.
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Hand over" }).click();
  await dialog.locator("select").selectOption({ label: "Watch officer of the night" });
  await dialog.locator("textarea").fill("KEX 756J was stopped at Voi; the seal is replaced");
  await dialog.locator("button[type=submit]").click();
  await page.getByText("Watch officer of the night has the watch").waitFor();
  await look("11-handed-over");
  officer.quiet();
  patrol.quiet(/ERR_INTERNET_DISCONNECTED|ERR_EMPTY_RESPONSE|ERR_CONNECTION|ERR_INCOMPLETE|ERR_SOCKET_NOT_CONNECTED/); // its road was cut: the browser has dead sockets left
  road.close();
}

async function destination(world, where) {
  const { page, look, signIn, quiet } = await world.person({ colorScheme: "dark" });
  await page.goto(`${world.base}/checkpoint/${where.journey}`);
  await signIn("checkpoint", world.password);
  await page.getByRole("heading", { name: "On its way" }).waitFor();
  await page.locator(".step-card select").selectOption(where.to.id);
  await page.getByRole("button", { name: "Arrived at the destination" }).click();
  await step(page, "Read the seal and see that it is whole", async (card) => {
    await type({ seal_number: "7570199001" })(card);
    await card.locator(".choice", { hasText: "Whole" }).click();
    await card.getByRole("button", { name: "3 more fields" }).click();
    assert.equal(await card.locator("[name=container]").inputValue(), "", "who looks is not told what to see");
    await type({ container: "MSKU6011672", plate: "KDB 481Q" })(card);
  });

  // What differs stands on top.
  const first = page.locator(".compare tbody tr").first();
  await first.and(page.locator(".differs")).waitFor();
  const looksSo = await first.locator(".said.differs strong").evaluate((e) => getComputedStyle(e).textDecorationLine);
  assert.equal(looksSo, "underline", "a row that changes while it moves up looks like what it has become");
  assert.match(await first.innerText(), /Plate[\s\S]*KDB\s?418Q[\s\S]*KDB\s?481Q/);

  // The difference raises an alarm, and the proposal follows: one number for the risk, in the sentence, among the inputs and in its parts.
  const proposal = page.locator(".decision");
  await proposal.locator(".reasons", { hasText: "1 open alarm of grade check" }).waitFor();
  const score = Number(/\d+/.exec(await proposal.locator(".risk").innerText())[0]);
  await proposal.locator(".reasons", { hasText: `risk ${score} (` }).waitFor();
  assert.match(await proposal.locator(".facts").innerText(), new RegExp(`Risk\\s+${score}\\s`));
  const parts = await proposal.locator(".risk-parts b").allInnerTexts();
  assert.equal(parts.reduce((n, p) => n + Number(p), 0), score, `${parts} make ${score}`);
  await look("12-compare");
  const card = page.locator(".step-card");
  await card.getByRole("button", { name: "Something is wrong" }).click();
  await card.getByText("Say why it is suspect").waitFor();
  await step(page, "Compare with the transit declaration", type({ reason: "Another plate" }), "Something is wrong");
  await step(page, "Address the suspicion", type({ finding: "The plate was misread; the lorry is the right one" }));
  await page.locator(".verdict").waitFor();
  await page.locator(".decision-do").getByRole("button", { name: "Release" }).click();
  await page.locator("dialog input[name=reason]").fill("The plate was misread, the seal is whole");
  await page.locator("dialog button[type=submit]").click();
  await page.locator(".decision.release").getByText("Checkpoint officer").first().waitFor();
  await look("13-decided");
  await step(page, "Discharge the transit document");
  await step(page, "Take the seal off");
  await step(page, "Recover or destroy the seal", (c) => c.locator(".choice", { hasText: "Recovered" }).click());
  await page.getByRole("heading", { name: /All done|Nothing to do here/ }).waitFor();
  await look("14-closed");
  quiet();

  // The seal goes back to stock.
  const stock = await world.person();
  await stock.page.goto(world.base);
  await stock.signIn("seals", world.password);
  assert.equal(new URL(stock.page.url()).pathname, "/seals", "a seal operator begins with the seals");
  await stock.page.getByRole("tab", { name: "Returns" }).click();
  const row = stock.page.locator("tbody tr", { hasText: "7570199001" });
  await row.locator(".life", { hasText: "Recovered" }).waitFor();
  await row.locator("td").nth(1).click();
  const dialog = stock.page.locator("dialog");
  for (const [button, state] of [["Send back", "On its way back"], ["Back in stock", "Back in stock"]]) {
    await dialog.getByRole("button", { name: button, exact: true }).click();
    await dialog.locator("select").selectOption(where.from.id);
    await dialog.getByRole("button", { name: button, exact: true }).click();
    if (state === "Back in stock") break; // it leaves the list of those on their way
    await dialog.locator(".paper-state", { hasText: state }).waitFor();
    await stock.look("15-return");
  }
  await until("the seal is back in stock", 10, async () => (await world.watch("GET", `/seals/${SEAL}`)).body.life === "in-stock");
  stock.quiet();
}

/** A policy gets a new version with its reason; an alarm is defined, tried on what is stored, and switched on [WCO-7.2-B1]. */
async function rulesAndPolicies(world) {
  const admin = await world.person();
  await admin.page.goto(`${world.base}/admin?tab=policies&policy=escalation`);
  await admin.signIn("admin", world.password);
  await admin.page.fill("input[name=intervene_minutes]", "3");
  await admin.page.locator(".policy-save .differences", { hasText: "Alarm: intervene" }).waitFor();
  assert.ok(await admin.page.locator(".policy-save .btn.main").isDisabled(), "a change needs its reason");
  await admin.page.fill(".policy-save input[name=reason]", "Cut cables were found late");
  await admin.look("16-policy");
  await admin.page.locator(".policy-save .btn.main").click();
  await admin.page.locator(".versions li.holds", { hasText: "Cut cables were found late" }).waitFor();
  assert.equal((await world.watch("GET", "/policies/escalation")).body.body.intervene_minutes, 3);
  admin.quiet();

  const { page, look, signIn, quiet } = await world.person();
  await page.goto(`${world.base}/rules`);
  await signIn("watch", world.password);
  await page.locator(".rule-list li", { hasText: "Cable cut" }).waitFor();
  await look("17-rules");
  await page.getByRole("button", { name: "Define an alarm" }).click();
  await page.fill("dialog input[name=name]", "Slow outside Mombasa");
  await page.locator(".cond-row .cond-value input").first().fill("20");
  await page.getByRole("button", { name: "Condition", exact: true }).click();
  const second = page.locator(".cond-row").nth(1).locator("select");
  await second.nth(0).selectOption("place");
  await second.nth(1).selectOption("outside");
  await second.nth(2).selectOption({ label: "Port of Mombasa" });
  await page.locator(".rule-sentence", { hasText: "Speed below 20 km/h and Place outside Port of Mombasa" }).waitFor();
  await page.getByRole("button", { name: "Save and try" }).click();
  await page.locator("dialog").getByRole("button", { name: "Try", exact: true }).click();
  await page.getByText(/journeys · done/).waitFor({ timeout: 60_000 });
  const found = Number((await page.locator(".sides strong").first().innerText()).replace(/\D/g, ""));
  assert.ok(found > 0, "it would have fired");
  await page.locator(".found-list li", { hasText: "outside Port of Mombasa" }).first().waitFor();
  await look("18-tried");
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.locator(".rule-list.own li.on", { hasText: "Slow outside Mombasa" }).waitFor();
  assert.equal((await world.watch("GET", "/rules")).body.items[0].state, "on");
  quiet();
}

/** Each role sees its pages and no others. */
async function roles(world) {
  const wanted = { patrol: ["Tasks", "Watch", "Journeys"], seals: ["Seals", "Requests", "Stations"], carrier: ["Watch", "Journeys", "Seals", "Requests"] };
  for (const [name, items] of Object.entries(wanted)) {
    const { page, signIn, quiet } = await world.person();
    await page.goto(world.base);
    await signIn(name, world.password);
    for (const item of items) await page.locator(".rail-item", { hasText: item }).first().waitFor();
    for (const other of ["Checkpoint", "Rules", "Health"]) assert.equal(await page.locator(".rail-item", { hasText: other }).count(), 0, `${name} does not see ${other}`);
    quiet();
  }
}

await runDay("web_customs", { words: ["--speed", process.env.BULLA_WEB_SPEED ?? "1"] }, async ({ base, password, folder, person, road, api }) => {
  const watch = await api("watch");
  const where = await prepare(watch);
  const world = { base, password, folder, person, road, watch };
  await departure(world, where);
  await watchAndPatrol(world);
  await destination(world, where);
  await rulesAndPolicies(world);
  await roles(world);
  return undefined;
});
