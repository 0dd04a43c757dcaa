// What fails: refusals have a status and a sentence, failed runs raise.
import assert from "node:assert/strict";
import { all, busyRun, newThread, status } from "../words.mjs";

const NOBODY = "01a1fe20-0000-7000-8000-000000000000";

export async function a_failed_run_raises_from_wait(client) {
  const threadId = await newThread(client);
  await assert.rejects(client.runs.wait(threadId, "fails", { input: {} }), /ValueError: boom from node/);
  const calm = await client.runs.wait(threadId, "fails", { input: {}, raiseError: false });
  assert.deepEqual(calm.__error__, { error: "ValueError", message: "boom from node" });
}

export async function a_failed_run_ends_its_stream_with_the_error(client) {
  const parts = await all(client.runs.stream(null, "fails", { input: {} }));
  assert.equal(parts.at(-1).event, "error");
  assert.deepEqual(parts.at(-1).data, { error: "ValueError", message: "boom from node" });
}

export async function what_does_not_exist_is_404(client) {
  const threadId = await newThread(client);
  await assert.rejects(client.threads.get(NOBODY), status(404));
  await assert.rejects(client.threads.getState(NOBODY), status(404));
  await assert.rejects(client.runs.get(threadId, NOBODY), status(404));
  await assert.rejects(client.runs.wait(NOBODY, "echo", { input: {} }), status(404));
  await assert.rejects(all(client.runs.stream(threadId, NOBODY, { input: {} })), status(404));
}

export async function what_does_not_fit_is_422_with_a_sentence(client) {
  await assert.rejects(client.threads.get("no-uuid"), status(422));
  await assert.rejects(client.runs.create(null, "no_such_graph", { input: {} }), (error) => {
    assert.equal(error.status, 422);
    assert.match(error.message, /no_such_graph.*echo/);
    return true;
  });
}

export async function a_busy_thread_rejects_with_409(client) {
  const threadId = await newThread(client);
  const runId = await busyRun(client, threadId);
  const options = { input: {}, multitaskStrategy: "reject" };
  await assert.rejects(client.runs.create(threadId, "echo", options), status(409));
  await assert.rejects(all(client.runs.stream(threadId, "echo", options)), status(409));
  await assert.rejects(client.threads.updateState(threadId, { values: {} }), status(409));
  await client.runs.cancel(threadId, runId, true);
}
