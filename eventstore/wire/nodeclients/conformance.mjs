// The official Node clients against a served log: append, read, subscribe, delete.
//
//   node conformance.mjs <client> <host:port>
//
// where client is @eventstore/db-client or @kurrent/kurrentdb-client. It prints
// one line per check and ends with status 0 when all hold. The clients differ in
// names only: the older one calls the expected state `expectedRevision`; the newer
// one calls it `streamState` and silently ignores the old name, which would turn
// every guarded append into an unguarded one.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

const [name, address] = process.argv.slice(2);
const lib = await import(name);
const kurrent = name.includes("kurrentdb");
const client = kurrent
  ? lib.KurrentDBClient.connectionString(`kurrentdb://${address}?tls=false`)
  : lib.EventStoreDBClient.connectionString(`esdb://${address}?tls=false`);
const { jsonEvent, binaryEvent, FORWARDS, BACKWARDS, START, END } = lib;
const NO_STREAM = lib.NO_STREAM ?? "no_stream";
const at = (state) => (kurrent ? { streamState: state } : { expectedRevision: state });

const deadline = setTimeout(() => {
  console.error("not done after 20 s");
  process.exit(1);
}, 20_000);

async function check(what, body) {
  await body();
  console.log(`ok ${name}: ${what}`);
}

async function collect(events) {
  const all = [];
  for await (const e of events) all.push(e.event);
  return all;
}

async function refusal(promise, type) {
  const error = await promise.then(() => undefined, (e) => e);
  assert.ok(error instanceof type, `got ${error}, want ${type.name}`);
  return error;
}

const stream = `node-${randomUUID()}`;
const event = (n, type = "node.tested.v1") =>
  jsonEvent({ type, data: { n, text: "¿qué? 商户" }, metadata: { by: "node" } });
const first = [event(0), event(1), event(2)];

await check("a new stream is appended to", async () => {
  const result = await client.appendToStream(stream, first, at(NO_STREAM));
  assert.equal(result.success, true);
  assert.equal(result.nextExpectedRevision, 2n);
  assert.ok(result.position.commit > 0n);
});

await check("a repeated append answers what the first one answered", async () => {
  const result = await client.appendToStream(stream, first, at(NO_STREAM));
  assert.equal(result.nextExpectedRevision, 2n);
});

await check("a stale append is refused and learns the actual revision", async () => {
  const error = await refusal(client.appendToStream(stream, event(9), at(0n)), lib.WrongExpectedVersionError);
  const actual = error.actualVersion ?? error.actualState ?? error.actualRevision;
  assert.equal(BigInt(actual), 2n);
});

await check("a stream is read forwards and backwards", async () => {
  const forwards = await collect(client.readStream(stream, { direction: FORWARDS, fromRevision: START }));
  assert.deepEqual(forwards.map((e) => e.data.n), [0, 1, 2]);
  assert.deepEqual(forwards.map((e) => e.id), first.map((e) => e.id));
  assert.equal(forwards[0].metadata.by, "node");
  assert.equal(forwards[0].data.text, "¿qué? 商户");
  assert.ok(Math.abs(Date.now() - forwards[0].created.getTime()) < 60_000);
  const backwards = await collect(client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 2 }));
  assert.deepEqual(backwards.map((e) => e.data.n), [2, 1]);
});

await check("a missing stream is an answer of its own", async () => {
  await refusal(collect(client.readStream(`node-${randomUUID()}`)), lib.StreamNotFoundError);
});

await check("binary data comes back as it was", async () => {
  const other = `node-${randomUUID()}`;
  await client.appendToStream(other, binaryEvent({ type: "node.binary.v1", data: Buffer.from([0, 1, 255]) }), at(NO_STREAM));
  const [e] = await collect(client.readStream(other));
  assert.deepEqual([...e.data], [0, 1, 255]);
});

await check("the whole log is read", async () => {
  const all = await collect(client.readAll({ direction: FORWARDS, fromPosition: START }));
  assert.deepEqual(all.filter((e) => e.streamId === stream).map((e) => e.data.n), [0, 1, 2]);
  const [last] = await collect(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }));
  assert.equal(last.type, "node.binary.v1");
});

await check("a subscription to a stream goes on with what is new", async () => {
  const got = [];
  const subscription = client.subscribeToStream(stream, { fromRevision: START });
  for await (const e of subscription) {
    got.push(e.event.data.n);
    if (got.length === 3) await client.appendToStream(stream, event(3), at(2n));
    if (got.length === 4) break;
  }
  await subscription.unsubscribe();
  assert.deepEqual(got, [0, 1, 2, 3]);
});

await check("a filtered subscription to the whole log gets what passes, and checkpoints", async () => {
  const others = `node-${randomUUID()}`;
  await client.appendToStream(others, Array.from({ length: 64 }, (_, n) => event(n, "node.other.v1")), at(NO_STREAM));
  await client.appendToStream(stream, event(4, "node.wanted.v1"), at(3n));
  let checkpoints = 0;
  const subscription = client.subscribeToAll({
    fromPosition: START,
    filter: lib.eventTypeFilter({
      prefixes: ["node.wanted."], checkpointInterval: 1, maxSearchWindow: 16,
      checkpointReached: async () => { checkpoints++; },
    }),
  });
  subscription.on("checkpointReached", () => { checkpoints++; });
  for await (const e of subscription) {
    assert.equal(e.event.type, "node.wanted.v1");
    if (e.event.streamId === stream) break;
  }
  await subscription.unsubscribe();
  assert.ok(checkpoints > 0);
});

await check("a deleted stream is missing and begins again where it stopped", async () => {
  await client.deleteStream(stream, at(4n));
  await refusal(collect(client.readStream(stream)), lib.StreamNotFoundError);
  const result = await client.appendToStream(stream, event(5), at(NO_STREAM));
  assert.equal(result.nextExpectedRevision, 5n);
});

await check("a tombstoned stream is gone for good", async () => {
  await client.tombstoneStream(stream, at(5n));
  await refusal(collect(client.readStream(stream)), lib.StreamDeletedError);
  await refusal(client.appendToStream(stream, event(6), at(NO_STREAM)), lib.StreamDeletedError);
});

await client.dispose();
clearTimeout(deadline);
