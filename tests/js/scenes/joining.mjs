// Streams that are joined, resumed, and reconnected after the connection broke.
import assert from "node:assert/strict";
import { cutter } from "../cutter.mjs";
import { all, busyRun, newThread } from "../words.mjs";

const INPUT = { input: { x: 1 }, streamMode: ["values", "updates"], streamResumable: true };

export async function a_stream_is_joined_after_any_event(client) {
  const threadId = await newThread(client);
  const seen = await all(client.runs.stream(threadId, "echo", INPUT));
  const runId = seen[0].data.run_id;
  for (const [n, part] of seen.entries()) {
    const rest = await all(client.runs.joinStream(threadId, runId, { lastEventId: part.id }));
    assert.deepEqual(rest, seen.slice(n + 1));
  }
  assert.deepEqual(await all(client.runs.joinStream(threadId, runId, { lastEventId: "-1" })), seen);
}

export async function joining_shows_the_wanted_modes(client) {
  const threadId = await newThread(client);
  const seen = await all(client.runs.stream(threadId, "echo", INPUT));
  const options = { lastEventId: "-1", streamMode: ["updates"] };
  const joined = await all(client.runs.joinStream(threadId, seen[0].data.run_id, options));
  assert.deepEqual(joined, seen.filter((p) => p.event === "updates"));
}

export async function a_running_run_is_joined_from_its_beginning(client) {
  const threadId = await newThread(client);
  const run = await client.runs.create(threadId, "slow", { input: { seconds: 0.5 }, streamResumable: true });
  const parts = await all(client.runs.joinStream(threadId, run.run_id, { lastEventId: "-1" }));
  assert.equal(parts[0].event, "metadata");
  assert.deepEqual(parts.at(-1).data.log, ["before", "slept", "after"]);
}

export async function leaving_a_joined_stream_cancels_on_request(client) {
  const threadId = await newThread(client);
  const runId = await busyRun(client, threadId, { streamResumable: true });
  const leave = new AbortController();
  const options = { signal: leave.signal, cancelOnDisconnect: true, lastEventId: "-1" };
  for await (const _ of client.runs.joinStream(threadId, runId, options)) leave.abort();
  await client.runs.join(threadId, runId);
  assert.equal((await client.runs.get(threadId, runId)).status, "interrupted");
}

export async function a_broken_stream_goes_on_where_it_broke(client, { apiUrl, Client }) {
  const proxy = await cutter(apiUrl, 1);
  const far = new Client({ apiUrl: proxy.url, apiKey: null });
  const threadId = await newThread(far);
  const options = { input: { seconds: 1 }, streamMode: ["values", "updates"], streamResumable: true };
  const parts = await all(far.runs.stream(threadId, "slow", options));
  const again = proxy.seen.filter((r) => r.method === "GET" && /\/runs\/.*\/stream/.test(r.url));
  assert.ok(again.length >= 1, "the client did not come back");
  assert.match(again[0].lastEventId, /^\d+-\d+$/);
  const whole = await all(client.runs.joinStream(threadId, parts[0].data.run_id, { lastEventId: "-1" }));
  assert.deepEqual(parts, whole);
  proxy.server.close();
}
