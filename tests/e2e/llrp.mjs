// SPDX-License-Identifier: Apache-2.0
// A UHF reader whose part is taken by llrpjs, which nobody here wrote: it understands all that we say, and what it reports comes out as JSON
// lines, each tag as it was sent. It goes away and comes back; it refuses; it is none.
//   node llrp.mjs PROGRAM
// [WCO-3.1-3]
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SKIP = 77;
const program = process.argv[2];
const web = join(dirname(fileURLToPath(import.meta.url)), "../../web/");
if (!existsSync(join(web, "node_modules/llrpjs"))) {
  console.error("skipped: llrpjs is not installed in web/node_modules");
  process.exit(SKIP);
}
const { LLRPCore, LLRPServer } = createRequire(web)("llrpjs");

async function until(what, test, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const got = test();
    if (got) return got;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

const freePort = () => new Promise((r) => {
  const s = createServer().listen(0, "127.0.0.1", () => { const { port } = s.address(); s.close(() => r(port)); });
});

/** bulla reader tags, its lines and words. */
function bulla(port, ...words) {
  const child = spawn(program, ["reader", "tags", ...words, `127.0.0.1:${port}`], { stdio: ["ignore", "pipe", "pipe"] });
  const b = { child, out: "", err: "", tags: () => b.out.split("\n").filter(Boolean).map((l) => JSON.parse(l)) };
  child.stdout.on("data", (d) => (b.out += d));
  child.stderr.on("data", (d) => (b.err += d));
  b.ended = new Promise((r) => child.on("exit", r));
  return b;
}

const success = { LLRPStatus: { StatusCode: "M_Success", ErrorDescription: "" } };
const asks = ["GET_READER_CAPABILITIES", "DELETE_ACCESSSPEC", "DELETE_ROSPEC", "SET_READER_CONFIG", "ADD_ROSPEC", "ADD_ACCESSSPEC",
  "ENABLE_ACCESSSPEC", "ENABLE_ROSPEC", "START_ROSPEC", "STOP_ROSPEC", "CLOSE_CONNECTION"];

/** A reader that does as it is told; `refuse`: the question that it refuses. */
function reader(port, { refuse, connection = "Success" } = {}) {
  const server = new LLRPServer({ host: "127.0.0.1", port });
  const r = { server, heard: [], asked: {}, errors: [], acknowledged: 0, started: false };
  server.on("connection", () => server.send(new LLRPCore.READER_EVENT_NOTIFICATION({
    data: { ReaderEventNotificationData: { UTCTimestamp: { Microseconds: new Date() }, ConnectionAttemptEvent: { Status: connection } } },
  })));
  server.on("error", (e) => r.errors.push(e));
  server.on("KEEPALIVE_ACK", () => r.acknowledged++);
  for (const name of asks)
    server.on(name, async (msg) => {
      r.heard.push(name);
      r.asked[name] = msg.toLLRPData ? msg.toLLRPData() : undefined;
      const data = name === refuse ? { LLRPStatus: { StatusCode: "M_FieldError", ErrorDescription: "not so" } } : success;
      await server.send(new LLRPCore[`${name}_RESPONSE`]({ id: msg.getMessageId(), data }));
      r.started = r.started || name === "START_ROSPEC";
    });
  server.listen();
  return r;
}

const hex = (bytes) => Buffer.from(bytes).toString("hex").toUpperCase();

/** A tag like no other: an EPC of 96 bits or another length, antenna, level, times, what was read of it. */
function tagOf(n) {
  const epc = n % 3 === 2 ? [...Buffer.from(`${n}`.padStart(16, "x"))] : [0x30, 0, 0xab, 0xcd, 0, 0, 0, 0, 0, 0, n >> 8, n & 255];
  const tag = { epc, antenna: 1 + (n % 4), rssi: -40 - (n % 30), first: new Date(1780000000000 + n), seen: 1 + (n % 5), words: [0xe280, 0x1190, n, 0, 0, n] };
  const sent = {
    ...(epc.length === 12 ? { EPC_96: { EPC: epc } } : { EPCData: { EPC: epc } }),
    AntennaID: { AntennaID: tag.antenna }, PeakRSSI: { PeakRSSI: tag.rssi }, FirstSeenTimestampUTC: { Microseconds: tag.first },
    TagSeenCount: { TagCount: tag.seen }, C1G2_PC: { PC_Bits: 0x3000 },
    C1G2ReadOpSpecResult: { Result: n % 10 === 9 ? "No_Response_From_Tag" : "Success", OpSpecID: 1, ReadData: n % 10 === 9 ? [] : tag.words },
  };
  return { tag, sent };
}

const words = (list) => hex(list.flatMap((w) => [w >> 8, w & 255]));

async function inventory() {
  console.log("-- 200 tags, in reports of one and of many, some again and again");
  const port = await freePort();
  const r = reader(port);
  const b = bulla(port, "--tid", "6");
  await until("the inventory runs", () => r.started);
  assert.deepEqual(r.heard, asks.slice(0, 9), "what was asked for, in this order");
  const all = [...Array(200).keys()].map(tagOf);
  for (let i = 0; i < all.length; i += 7)
    await r.server.send(new LLRPCore.RO_ACCESS_REPORT({ data: { TagReportData: all.slice(i, i + 7).map((t) => t.sent) } }));
  await r.server.send(new LLRPCore.RO_ACCESS_REPORT({ data: { TagReportData: all[5].sent } }));
  await until("all tags", () => b.tags().length >= 201);
  const got = b.tags();
  assert.equal(got.length, 201);
  assert.equal(new Set(got.map((t) => t.epc)).size, 200, "200 unique EPCs");
  all.forEach(({ tag }, n) => {
    assert.equal(got[n].epc, hex(tag.epc));
    assert.equal(got[n].bits, 8 * tag.epc.length);
    assert.equal(got[n].antenna, tag.antenna);
    assert.equal(got[n].rssi_dbm, tag.rssi);
    assert.equal(got[n].seen, tag.seen);
    assert.equal(got[n].pc, 0x3000);
    assert.equal(new Date(got[n].first).getTime(), tag.first.getTime());
    assert.deepEqual(got[n].tid, n % 10 === 9 ? { failed: "no answer" } : words(tag.words));
  });

  console.log("-- keepalives are answered; an antenna goes");
  await r.server.send(new LLRPCore.KEEPALIVE({ id: 77, data: {} }));
  await until("an acknowledgement", () => r.acknowledged === 1);
  await r.server.send(new LLRPCore.READER_EVENT_NOTIFICATION({
    data: { ReaderEventNotificationData: { UTCTimestamp: { Microseconds: new Date() }, AntennaEvent: { EventType: "Antenna_Disconnected", AntennaID: 2 } } },
  }));
  await until("it is said", () => /antenna 2 is gone/.test(b.err));

  console.log("-- it goes away and comes back");
  await r.server.close();
  await until("it is said", () => /connection is gone/.test(b.err));
  const again = reader(port);
  await until("the inventory runs again", () => again.started);
  await again.server.send(new LLRPCore.RO_ACCESS_REPORT({ data: { TagReportData: tagOf(500).sent } }));
  await until("a tag", () => b.tags().length === 202);

  console.log("-- told to stop, it says goodbye");
  b.child.kill("SIGTERM");
  assert.equal(await b.ended, 0);
  assert.deepEqual(again.heard.slice(-2), ["STOP_ROSPEC", "CLOSE_CONNECTION"]);
  assert.deepEqual([...r.errors, ...again.errors], []);
  await again.server.close();
}

async function refused() {
  console.log("-- it refuses; it has another client; nobody is there; it is no reader");
  for (const [options, said] of [[{ refuse: "ADD_ROSPEC" }, /inventory: refused with 101, not so/],
    [{ connection: "Failed_A_Client_Initiated_Connection_Already_Exists" }, /it has another client/]]) {
    const port = await freePort();
    const r = reader(port, options);
    const b = bulla(port);
    assert.equal(await b.ended, 3);
    assert.match(b.err, said);
    await r.server.close();
  }
  const nobody = bulla(await freePort());
  assert.equal(await nobody.ended, 3);
  assert.match(nobody.err, /cannot connect/);
  const web = createServer((s) => s.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await new Promise((r) => web.listen(0, "127.0.0.1", r));
  const other = bulla(web.address().port);
  assert.equal(await other.ended, 3);
  assert.match(other.err, /no LLRP/);
  web.close();
  const usage = bulla("x");
  assert.equal(await usage.ended, 3, "a port that is none cannot be found");
}

await inventory();
await refused();
console.log("done");
process.exit(0);
