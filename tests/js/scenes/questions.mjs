// Questions to a person, and the three forms of an answer.
import assert from "node:assert/strict";
import { all, newThread } from "../words.mjs";

async function asked(client, graph = "ask") {
  const threadId = await newThread(client);
  await client.runs.wait(threadId, graph, { input: {} });
  return threadId;
}

export async function a_question_is_on_the_thread_in_the_state_and_in_the_result(client) {
  const threadId = await newThread(client);
  const values = await client.runs.wait(threadId, "ask", { input: { x: 1 } });
  const [question] = values.__interrupt__;
  assert.deepEqual(question.value, { question: "ok?", x: 1 });
  const thread = await client.threads.get(threadId);
  assert.equal(thread.status, "interrupted");
  const [[shown]] = Object.values(thread.interrupts);
  assert.deepEqual(shown, { id: question.id, value: question.value });
  const state = await client.threads.getState(threadId);
  assert.deepEqual(state.tasks[0].interrupts, [shown]);
}

export async function an_answer_is_bare_or_by_id(client) {
  const bare = await asked(client);
  assert.deepEqual((await client.runs.wait(bare, "ask", { command: { resume: "yes" } })).answers, ["yes"]);
  const byId = await asked(client);
  const [{ id }] = (await client.threads.getState(byId)).tasks[0].interrupts;
  const parts = await all(client.runs.stream(byId, "ask", { command: { resume: { [id]: [1] } } }));
  assert.deepEqual(parts.at(-1).data.answers, [[1]]);
}

export async function two_questions_are_answered_together(client) {
  const threadId = await asked(client, "ask_both");
  const { tasks } = await client.threads.getState(threadId);
  const resume = Object.fromEntries(tasks.map((t) => [t.interrupts[0].id, t.name]));
  const values = await client.runs.wait(threadId, "ask_both", { command: { resume } });
  assert.equal(values.answers.length, 2);
  assert.equal((await client.threads.get(threadId)).status, "idle");
}

export async function a_breakpoint_stops_and_goes_on(client) {
  const threadId = await newThread(client);
  const options = { input: {}, interruptBefore: ["two"], streamMode: "updates" };
  const parts = await all(client.runs.stream(threadId, "breakpoints", options));
  assert.deepEqual(parts.at(-1).data, { __interrupt__: [] });
  assert.deepEqual((await client.threads.getState(threadId)).next, ["two"]);
  const values = await client.runs.wait(threadId, "breakpoints", { input: null, interruptAfter: ["two"] });
  assert.deepEqual(values.log, ["one", "two"]);
}

export async function a_command_updates_and_jumps(client) {
  const threadId = await newThread(client);
  await client.runs.wait(threadId, "echo", { input: {} });
  const command = { update: { x: 2 }, goto: { node: "second", input: {} } };
  const values = await client.runs.wait(threadId, "echo", { command });
  assert.deepEqual(values.log, ["first", "second", "second"]);
}
