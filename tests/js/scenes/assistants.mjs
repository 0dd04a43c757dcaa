// Assistants: found, shown, drawn, described, made, changed, deleted.
import assert from "node:assert/strict";
import { status } from "../words.mjs";

export async function search_finds_the_graphs(client) {
  const found = await client.assistants.search({ metadata: { created_by: "system" }, limit: 100 });
  assert.ok(found.some((a) => a.graph_id === "echo"));
  const page = await client.assistants.search({ limit: 1, includePagination: true });
  assert.equal(page.assistants.length, 1);
  assert.equal(page.next, "1");
}

export async function get_takes_the_id_that_search_gave(client) {
  const [found] = await client.assistants.search({ graphId: "echo", metadata: { created_by: "system" } });
  assert.deepEqual(await client.assistants.get(found.assistant_id), found);
}

export async function graph_and_schemas_are_described(client) {
  const plain = await client.assistants.getGraph("sub");
  assert.ok(plain.nodes.some((n) => n.id === "calm"));
  const deep = await client.assistants.getGraph("sub", { xray: true });
  assert.ok(deep.nodes.some((n) => n.id === "calm:inner"));
  const schemas = await client.assistants.getSchemas("slow");
  assert.equal(schemas.input_schema.properties.seconds.type, "number");
  assert.equal(schemas.graph_id, "slow");
}

export async function an_assistant_is_made_changed_and_deleted(client) {
  const made = await client.assistants.create({ graphId: "echo", name: "js", metadata: { from: "js" } });
  assert.deepEqual([made.version, made.name], [1, "js"]);
  const changed = await client.assistants.update(made.assistant_id, { metadata: { more: 1 } });
  assert.deepEqual(changed.metadata, { from: "js", more: 1 });
  await client.assistants.delete(made.assistant_id);
  await assert.rejects(client.assistants.get(made.assistant_id), status(404));
}
