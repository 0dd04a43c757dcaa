// Runs without a thread.
import assert from "node:assert/strict";
import { all, status, until } from "../words.mjs";

export async function wait_and_stream_need_no_thread(client) {
  assert.equal((await client.runs.wait(null, "echo", { input: { x: 1 } })).x, 1);
  const parts = await all(client.runs.stream(null, "echo", { input: { x: 2 } }));
  assert.deepEqual([parts[0].event, parts.at(-1).data.x], ["metadata", 2]);
}

export async function the_thread_goes_or_stays(client) {
  const gone = await client.runs.create(null, "echo", { input: {} });
  await until(async () => (await client.threads.search({ ids: [gone.thread_id] })).length === 0);
  const kept = await client.runs.create(null, "echo", { input: {}, onCompletion: "keep" });
  await client.runs.join(kept.thread_id, kept.run_id);
  assert.equal((await client.threads.get(kept.thread_id)).status, "idle");
}

export async function a_run_is_joined_without_its_thread(client) {
  const options = { input: { seconds: 0.5 }, streamResumable: true };
  const run = await client.runs.create(null, "slow", options);
  const parts = await all(client.runs.joinStream(null, run.run_id, { lastEventId: "-1" }));
  assert.equal(parts[0].data.run_id, run.run_id);
  assert.deepEqual(parts.at(-1).data.log, ["before", "slept", "after"]);
}

export async function joining_nobody_is_404(client) {
  const nobody = "01a1fe20-0000-7000-8000-000000000000";
  await assert.rejects(all(client.runs.joinStream(null, nobody)), status(404));
}

export async function resuming_needs_a_thread(client) {
  await assert.rejects(client.runs.create(null, "ask", { command: { resume: 1 } }), status(400));
}
