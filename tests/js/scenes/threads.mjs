// Threads: made, found, read, edited, gone through, copied, deleted.
import assert from "node:assert/strict";
import { newThread, status } from "../words.mjs";

async function ran(client) {
  const threadId = await newThread(client);
  await client.runs.wait(threadId, "echo", { input: { x: 1 } });
  return threadId;
}

export async function a_new_thread_is_empty(client) {
  const thread = await client.threads.create({ metadata: { who: "js" }, graphId: "echo" });
  assert.deepEqual(thread.metadata, { who: "js", graph_id: "echo" });
  assert.deepEqual(await client.threads.get(thread.thread_id), thread);
  const state = await client.threads.getState(thread.thread_id);
  assert.deepEqual([state.values, state.next, state.checkpoint], [{}, [], null]);
}

export async function an_existing_id_is_refused_or_given_back(client) {
  const threadId = await newThread(client);
  await assert.rejects(client.threads.create({ threadId }), status(409));
  const again = await client.threads.create({ threadId, ifExists: "do_nothing" });
  assert.equal(again.thread_id, threadId);
}

export async function search_and_count_find_by_metadata_status_and_ids(client) {
  const mark = crypto.randomUUID();
  const { thread_id } = await client.threads.create({ metadata: { mark } });
  const query = { metadata: { mark }, status: "idle", sortBy: "created_at", sortOrder: "asc" };
  assert.deepEqual((await client.threads.search(query)).map((t) => t.thread_id), [thread_id]);
  const chosen = await client.threads.search({ ids: [thread_id], select: ["thread_id", "status"] });
  assert.deepEqual(chosen, [{ thread_id, status: "idle" }]);
  assert.equal(await client.threads.count({ metadata: { mark } }), 1);
}

export async function metadata_is_merged(client) {
  const { thread_id } = await client.threads.create({ metadata: { a: 1, b: 1 } });
  const changed = await client.threads.update(thread_id, { metadata: { b: 2 } });
  assert.deepEqual(changed.metadata, { a: 1, b: 2 });
}

export async function the_state_is_read_in_every_form(client) {
  const threadId = await ran(client);
  const newest = await client.threads.getState(threadId);
  assert.deepEqual(newest.values.log, ["first", "second"]);
  assert.deepEqual(await client.threads.getState(threadId, newest.checkpoint.checkpoint_id), newest);
  const checkpoint = { checkpoint_id: newest.checkpoint.checkpoint_id, checkpoint_ns: "" };
  assert.deepEqual(await client.threads.getState(threadId, checkpoint, { subgraphs: true }), newest);
}

export async function history_goes_back_before_a_config(client) {
  const threadId = await ran(client);
  const [newest, ...older] = await client.threads.getHistory(threadId, { limit: 50 });
  assert.equal(older.length, 3);
  const before = { configurable: newest.checkpoint };
  assert.deepEqual(await client.threads.getHistory(threadId, { limit: 50, before }), older);
  const inputs = await client.threads.getHistory(threadId, { metadata: { source: "input" } });
  assert.deepEqual(inputs.map((s) => s.metadata.step), [-1]);
}

export async function an_edit_answers_with_its_config(client) {
  const threadId = await ran(client);
  const made = await client.threads.updateState(threadId, { values: { x: 2 }, asNode: "first" });
  const state = await client.threads.getState(threadId);
  assert.deepEqual(made.configurable, state.checkpoint);
  assert.deepEqual([state.values.x, state.next], [2, ["second"]]);
}

export async function a_copy_has_the_history(client) {
  const threadId = await ran(client);
  const copy = await client.threads.copy(threadId);
  assert.notEqual(copy.thread_id, threadId);
  assert.equal((await client.threads.getHistory(copy.thread_id)).length, 4);
}

export async function a_deleted_thread_is_gone(client) {
  const threadId = await ran(client);
  assert.equal(await client.threads.delete(threadId), undefined);
  await assert.rejects(client.threads.get(threadId), status(404));
}
