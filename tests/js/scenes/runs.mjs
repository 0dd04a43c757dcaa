// Runs: started, waited for, streamed, listed, joined, cancelled, deleted.
import assert from "node:assert/strict";
import { all, busyRun, newThread, status } from "../words.mjs";

const HELLO = { messages: [{ role: "user", content: "Oslo" }] };

export async function wait_answers_with_the_values_and_names_the_run(client) {
  const threadId = await newThread(client);
  const heard = [];
  const onRunCreated = (run) => heard.push(run);
  const values = await client.runs.wait(threadId, "echo", { input: { x: 1 }, onRunCreated });
  assert.deepEqual([values.x, values.log], [1, ["first", "second"]]);
  const [run] = await client.runs.list(threadId);
  assert.deepEqual(heard, [{ run_id: run.run_id, thread_id: threadId }]);
}

export async function create_names_the_run_too(client) {
  const threadId = await newThread(client);
  const heard = [];
  const onRunCreated = (found) => heard.push(found);
  const run = await client.runs.create(threadId, "echo", { input: {}, metadata: { mark: 1 }, onRunCreated });
  assert.deepEqual(heard, [{ run_id: run.run_id, thread_id: threadId }]);
  assert.deepEqual((await client.runs.join(threadId, run.run_id)).log, ["first", "second"]);
  assert.equal((await client.runs.get(threadId, run.run_id)).status, "success");
}

export async function a_stream_shows_several_modes(client) {
  const threadId = await newThread(client);
  const heard = [];
  const streamMode = ["values", "updates", "custom", "messages-tuple", "debug", "tasks", "checkpoints"];
  const parts = await all(
    client.runs.stream(threadId, "agent", { input: HELLO, streamMode, onRunCreated: (run) => heard.push(run) }),
  );
  assert.equal(parts[0].event, "metadata");
  assert.deepEqual(heard, [{ run_id: parts[0].data.run_id, thread_id: threadId }]);
  const names = new Set(parts.map((p) => p.event));
  for (const name of ["values", "updates", "messages", "debug", "tasks", "checkpoints"]) assert.ok(names.has(name));
  const chunks = parts.filter((p) => p.event === "messages" && p.data[0].type === "AIMessageChunk");
  assert.equal(chunks.map((p) => p.data[0].content).join("").trim(), "I heard sun over Oslo");
  assert.equal(parts.findLast((p) => p.event === "values").data.messages.length, 4);
}

export async function sub_graphs_are_named_in_the_event(client) {
  const threadId = await newThread(client);
  const parts = await all(
    client.runs.stream(threadId, "sub", { input: {}, streamMode: "updates", streamSubgraphs: true }),
  );
  assert.ok(parts.some((p) => p.event.startsWith("updates|calm:")));
}

export async function the_modes_of_newer_clients_are_taken(client) {
  const threadId = await newThread(client);
  const parts = await all(client.runs.stream(threadId, "echo", { input: {}, streamMode: ["values", "tools"] }));
  assert.equal(parts.at(-1).event, "values");
}

export async function the_list_is_filtered_paged_and_selected(client) {
  const threadId = await newThread(client);
  for (const x of [1, 2]) await client.runs.wait(threadId, "echo", { input: { x } });
  const [newest, oldest] = await client.runs.list(threadId);
  assert.ok(newest.created_at > oldest.created_at);
  assert.deepEqual(await client.runs.list(threadId, { limit: 1, offset: 1 }), [oldest]);
  assert.deepEqual(await client.runs.list(threadId, { status: "error" }), []);
  const chosen = await client.runs.list(threadId, { select: ["run_id", "status"], limit: 1 });
  assert.deepEqual(chosen, [{ run_id: newest.run_id, status: "success" }]);
}

export async function cancel_answers_at_once_or_when_it_is_over(client) {
  const threadId = await newThread(client);
  const first = await busyRun(client, threadId);
  assert.equal(await client.runs.cancel(threadId, first), undefined);
  await client.runs.join(threadId, first);
  assert.equal((await client.runs.get(threadId, first)).status, "interrupted");
  const second = await busyRun(client, threadId);
  await client.runs.cancel(threadId, second, true, "rollback");
  await assert.rejects(client.runs.get(threadId, second), status(404));
}

export async function aborting_a_stream_cancels_on_request(client) {
  const threadId = await newThread(client);
  const leave = new AbortController();
  const options = { input: { seconds: 60 }, streamMode: "updates", onDisconnect: "cancel", signal: leave.signal };
  let runId;
  for await (const part of client.runs.stream(threadId, "slow", options)) {
    if (part.event === "metadata") runId = part.data.run_id;
    if (part.event === "updates") leave.abort();
  }
  await client.runs.join(threadId, runId);
  assert.equal((await client.runs.get(threadId, runId)).status, "interrupted");
}

export async function a_finished_run_is_deleted(client) {
  const threadId = await newThread(client);
  await client.runs.wait(threadId, "echo", { input: {} });
  const [run] = await client.runs.list(threadId);
  await client.runs.delete(threadId, run.run_id);
  assert.deepEqual(await client.runs.list(threadId), []);
}
