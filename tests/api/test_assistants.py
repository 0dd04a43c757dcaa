"""Assistants through the official client."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4, uuid5

import pytest
from api.scene import Client
from langgraph_sdk.errors import BadRequestError, ConflictError, NotFoundError, UnprocessableEntityError

from holdfast_server.runs.assistant import default_assistant_id


@pytest.mark.behaviour("assistants.default-per-graph")
async def test_every_graph_has_an_assistant_that_studio_finds(client: Client) -> None:
    found = await client.assistants.search(metadata={"created_by": "system"}, limit=100)
    by_graph = {a["graph_id"]: a for a in found}
    assert by_graph["echo"]["assistant_id"] == str(default_assistant_id("echo"))
    assert by_graph["echo"]["name"] == "echo"


@pytest.mark.behaviour("assistants.default-id")
async def test_clients_compute_the_same_id_from_the_name_of_a_graph(client: Client) -> None:
    namespace = UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8")
    assistant = await client.assistants.get(str(uuid5(namespace, "echo")))
    assert assistant["graph_id"] == "echo"


@pytest.mark.behaviour("assistants.by-graph-name")
async def test_an_assistant_is_found_by_the_name_of_its_graph(client: Client) -> None:
    assert (await client.assistants.get("echo"))["assistant_id"] == str(default_assistant_id("echo"))


@pytest.mark.behaviour("assistants.versions-count-up")
async def test_an_assistant_is_created_read_changed_and_deleted(client: Client) -> None:
    made = await client.assistants.create(
        "echo", name="mine", description="for tests", metadata={"team": "a"}, config={"tags": ["t"]}
    )
    assert (made["version"], made["name"], made["description"]) == (1, "mine", "for tests")

    changed = await client.assistants.update(made["assistant_id"], name="ours", metadata={"level": 2})
    assert (changed["version"], changed["name"]) == (2, "ours")
    assert changed["metadata"] == {"team": "a", "level": 2}
    assert changed["config"] == {"tags": ["t"]}
    assert await client.assistants.get(made["assistant_id"]) == changed

    await client.assistants.delete(made["assistant_id"])
    with pytest.raises(NotFoundError):
        await client.assistants.get(made["assistant_id"])


@pytest.mark.behaviour("assistants.if-exists")
async def test_an_existing_id_is_refused_or_given_back(client: Client) -> None:
    first = await client.assistants.create("echo", assistant_id=str(uuid4()), name="first")
    with pytest.raises(ConflictError, match="already exists"):
        await client.assistants.create("echo", assistant_id=first["assistant_id"])
    again = await client.assistants.create(
        "echo", assistant_id=first["assistant_id"], if_exists="do_nothing", name="second"
    )
    assert again == first


@pytest.mark.behaviour("assistants.search")
async def test_search_filters_pages_and_counts(client: Client) -> None:
    batch = str(uuid4())
    for n in range(3):
        await client.assistants.create("echo", name=f"n{n}", metadata={"batch": batch})

    page = await client.assistants.search(
        metadata={"batch": batch}, limit=2, sort_by="name", sort_order="asc", response_format="object"
    )
    assert [a["name"] for a in page["assistants"]] == ["n0", "n1"]
    assert page["next"] == "2"
    rest = await client.assistants.search(
        metadata={"batch": batch}, limit=2, offset=2, sort_by="name", sort_order="asc"
    )
    assert [a["name"] for a in rest] == ["n2"]
    assert await client.assistants.search(metadata={"batch": batch}, graph_id="ask") == []


@pytest.mark.behaviour("assistants.graph-and-schemas")
async def test_the_drawing_shows_sub_graphs_on_request(client: Client) -> None:
    plain = await client.assistants.get_graph("sub")
    assert {n["id"] for n in plain["nodes"]} == {"__start__", "outer", "calm", "asking", "__end__"}
    deep = await client.assistants.get_graph("sub", xray=True)
    assert "calm:inner" in {n["id"] for n in deep["nodes"]}


@pytest.mark.behaviour("assistants.graph-and-schemas")
async def test_the_schemas_describe_input_state_and_context(client: Client) -> None:
    schemas = await client.assistants.get_schemas(str(default_assistant_id("slow")))
    assert schemas["graph_id"] == "slow"
    assert schemas["input_schema"]["properties"]["seconds"]["type"] == "number"
    assert set(schemas["state_schema"]["properties"]) == {"seconds", "blocking", "log"}


@pytest.mark.behaviour("assistants.config-under-run")
async def test_the_config_of_an_assistant_is_merged_under_that_of_the_run(client: Client) -> None:
    assistant = await client.assistants.create(
        "echo", config={"configurable": {"a": 1, "b": 1}, "tags": ["from assistant"]}
    )
    seen = await client.runs.wait(
        None, assistant["assistant_id"], input={}, config={"configurable": {"b": 2}, "tags": ["from run"]}
    )
    configurable = seen["config"]["configurable"]
    assert (configurable["a"], configurable["b"]) == (1, 2)
    assert configurable["assistant_id"] == assistant["assistant_id"]
    assert seen["config"]["tags"] == ["from run"]


@pytest.mark.behaviour("assistants.unknown-graph")
async def test_an_unknown_graph_is_refused_with_the_names_of_the_known(client: Client) -> None:
    with pytest.raises(NotFoundError, match=r"'nope' not found.*echo"):
        await client.assistants.create("nope")
    with pytest.raises(UnprocessableEntityError, match=r"'nope'.*'echo'"):
        await client.runs.create(None, "nope", input={})


async def test_a_broken_graph_says_why_and_the_others_run(client: Client) -> None:
    with pytest.raises(UnprocessableEntityError, match=r"broken.*nothing_of_that_name.*broken\.py:3"):
        await client.runs.create(None, "broken", input={})
    assert (await client.runs.wait(None, "echo", input={}))["log"] == ["first", "second"]


@pytest.mark.behaviour("assistants.versions", "assistants.set-latest")
async def test_every_change_is_a_version_and_any_can_be_made_the_latest(client: Client) -> None:
    made = await client.assistants.create(
        "echo", name="first", context={"style": "short"}, metadata={"team": "a"}
    )
    assistant_id = made["assistant_id"]
    await client.assistants.update(assistant_id, graph_id="slow", name="second", context={"style": "long"})

    back = await client.assistants.set_latest(assistant_id, 1)
    assert (back["version"], back["name"], back["graph_id"]) == (1, "first", "echo")
    assert back["context"] == {"style": "short"}

    third = await client.assistants.update(assistant_id, name="third")
    assert (third["version"], third["graph_id"]) == (3, "echo")
    versions = await client.assistants.get_versions(assistant_id)
    assert [(v["version"], v["name"]) for v in versions] == [(3, "third"), (2, "second"), (1, "first")]
    assert [v["version"] for v in await client.assistants.get_versions(assistant_id, limit=1, offset=1)] == [
        2
    ]


@pytest.mark.behaviour("assistants.unknown-version")
async def test_a_version_that_does_not_exist_changes_nothing(client: Client) -> None:
    made = await client.assistants.create("echo", name="only")
    with pytest.raises(NotFoundError, match="no version 7"):
        await client.assistants.set_latest(made["assistant_id"], 7)
    assert await client.assistants.get(made["assistant_id"]) == made


async def test_changes_at_the_same_time_get_different_versions(client: Client) -> None:
    made = await client.assistants.create("echo", name="busy")
    changes = [client.assistants.update(made["assistant_id"], name=f"n{n}") for n in range(8)]
    changed = await asyncio.gather(*changes)
    assert sorted(c["version"] for c in changed) == list(range(2, 10))


@pytest.mark.behaviour("assistants.context-mirrors")
async def test_context_and_configurable_mirror_each_other(client: Client) -> None:
    by_context = await client.assistants.create("echo", context={"style": "short"})
    assert by_context["config"]["configurable"] == {"style": "short"}
    by_config = await client.assistants.create("echo", config={"configurable": {"style": "long"}})
    assert by_config["context"] == {"style": "long"}
    with pytest.raises(BadRequestError, match="not both"):
        await client.assistants.create("echo", config={"configurable": {"a": 1}}, context={"b": 2})


@pytest.mark.behaviour("assistants.count")
async def test_assistants_are_counted(client: Client) -> None:
    batch = str(uuid4())
    for _ in range(3):
        await client.assistants.create("echo", metadata={"batch": batch})
    assert await client.assistants.count(metadata={"batch": batch}) == 3
    assert await client.assistants.count(metadata={"batch": batch}, graph_id="slow") == 0


@pytest.mark.behaviour("assistants.delete-threads")
async def test_the_threads_of_an_assistant_go_with_it_on_request(client: Client) -> None:
    made = await client.assistants.create("echo", name="short-lived")
    ran, other = await client.threads.create(), await client.threads.create()
    await client.runs.wait(ran["thread_id"], made["assistant_id"], input={"messages": []})
    await client.runs.wait(other["thread_id"], "echo", input={"messages": []})

    await client.assistants.delete(made["assistant_id"], delete_threads=True)
    with pytest.raises(NotFoundError):
        await client.threads.get(ran["thread_id"])
    assert (await client.threads.get(other["thread_id"]))["status"] == "idle"


@pytest.mark.behaviour("assistants.sub-graphs")
async def test_sub_graphs_are_listed_with_their_schemas(client: Client) -> None:
    found = await client.assistants.get_subgraphs("sub")
    assert set(found) == {"calm", "asking"}
    assert "answer" in found["calm"]["output_schema"]["properties"]
    assert set(await client.assistants.get_subgraphs("sub", namespace="calm")) == {"calm"}
    assert await client.assistants.get_subgraphs("sub", namespace="nobody") == {}
    assert await client.assistants.get_subgraphs("echo") == {}
