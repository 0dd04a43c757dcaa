// Words that the scenes share.
import assert from "node:assert/strict";

/** Everything that a stream yields. */
export async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

/** The id of a new, empty thread. */
export async function newThread(client) {
  return (await client.threads.create()).thread_id;
}

/** Looks until it is so; fails when it never is. */
export async function until(happened, patience = 10_000) {
  const deadline = Date.now() + patience;
  while (!(await happened())) {
    assert.ok(Date.now() < deadline, `it never happened: ${happened}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A run that sleeps in its second node until somebody stops it. */
export async function busyRun(client, threadId, options = {}) {
  const run = await client.runs.create(threadId, "slow", { input: { seconds: 60 }, ...options });
  await until(async () => (await client.threads.getState(threadId)).next[0] === "sleep");
  return run.run_id;
}

/** The HTTP status of a refusal. */
export function status(code) {
  return (error) => {
    assert.equal(error.status, code, String(error));
    return true;
  };
}
