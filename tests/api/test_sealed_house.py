"""A sealed house: everything works as ever, and who reads the database's files reads nothing."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest_asyncio
import sealed
from api.scene import Client, until
from readable import readable
from receiver import receiving
from stack import APP, Stack, running

from holdfast_server.sealing.key import new_key

WORD = "swordfish"
WORDS = [f"{WORD}-{kind}" for kind in ("a", "b", "c")] + [WORD, "8317204.25", "hunter2hunter2"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(template: str) -> AsyncIterator[Stack]:
    """A sealed stack whose webhooks may go to this machine."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_sealed template house")
    config = sealed.sealed_app(APP)
    app = json.loads(config.read_text())
    app["webhooks"] = {"url": {"require_https": False, "disable_loopback": False}}
    config.write_text(json.dumps(app))
    url = template.replace("/postgres?", "/house_sealed?")
    quick = {"HOLDFAST_WEBHOOK_PAUSE": "0.1"}
    async with running(url, workers=2, config=config, env=sealed.ENV | quick) as stack:
        yield stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def caller(house: Stack) -> AsyncIterator[Client]:
    """The official client of that stack."""
    async with house.client() as client:
        yield client


async def new_thread(caller: Client) -> str:
    return str((await caller.threads.create())["thread_id"])


async def story_of_runs(caller: Client) -> None:
    """Scalars and documents, streamed, joined, copied, edited, rolled back, in history."""
    thread = await new_thread(caller)
    config = {"configurable": {"password": "hunter2hunter2"}}
    for x in (WORD, 8317204.25, True, None, [WORD], {"deep": {WORD: [WORD]}}):
        values = await caller.runs.wait(thread, "echo", input={"x": x}, config=config)
        assert values["x"] == x
    modes = ["values", "updates", "messages-tuple", "custom", "tasks", "checkpoints", "debug", "events"]
    stream = [
        part
        async for part in caller.runs.stream(
            thread, "echo", input={"x": WORD}, stream_mode=modes, stream_resumable=True, config=config
        )
    ]
    run_id = stream[0].data["run_id"]
    again = [part async for part in caller.runs.join_stream(thread, run_id, last_event_id="-1")]
    assert [(p.event, p.data) for p in again] == [(p.event, p.data) for p in stream]
    assert (await caller.runs.join(thread, run_id))["x"] == WORD
    assert (await caller.runs.get(thread, run_id))["kwargs"]["input"] == {"x": WORD}
    history = await caller.threads.get_history(thread, limit=50)
    assert history[0]["metadata"]["password"] == "hunter2hunter2"
    assert len(history) == 4 * 7
    edited = await caller.threads.update_state(thread, {"x": f"{WORD}-a"}, as_node="second")
    assert (await caller.threads.get_state(thread))["values"]["x"] == f"{WORD}-a"
    assert (await caller.threads.get(thread))["values"]["x"] == f"{WORD}-a"
    await caller.runs.wait(thread, "echo", input=None, checkpoint_id=edited["checkpoint_id"])
    copy = await caller.threads.copy(thread)
    assert copy["values"]["x"] == f"{WORD}-a"
    assert (await caller.threads.get_state(copy["thread_id"]))["values"]["x"] == f"{WORD}-a"
    found = await caller.threads.search(ids=[thread], extract={"x": "values.x"})
    assert found[0]["extracted"]["x"] == f"{WORD}-a"


async def story_of_questions(caller: Client) -> None:
    """Questions in a graph and in a sub-graph, answered bare and by id."""
    thread = await new_thread(caller)
    asked = await caller.runs.wait(thread, "ask", input={"x": WORD})
    assert asked["__interrupt__"][0]["value"]["x"] == WORD
    [[question]] = (await caller.threads.get(thread))["interrupts"].values()
    assert question["value"]["x"] == WORD
    done = await caller.runs.wait(thread, "ask", command={"resume": {question["id"]: f"{WORD}-b"}})
    assert done["answers"] == [f"{WORD}-b"]
    inside = await new_thread(caller)
    await caller.runs.wait(inside, "sub", input={})
    state = await caller.threads.get_state(inside, subgraphs=True)
    assert state["tasks"][0]["state"]["next"] == ["question"]
    assert (await caller.runs.wait(inside, "sub", command={"resume": f"{WORD}-c"}))["answer"] == f"{WORD}-c"


async def story_of_failures(caller: Client, house: Stack) -> None:
    """An error in words, and how everybody who may hear of it hears."""
    thread = await new_thread(caller)
    run = await caller.runs.create(thread, "fails", input={"words": WORD})
    assert (await caller.runs.join(thread, run["run_id"]))["__error__"]["message"] == WORD
    assert WORD in (await caller.threads.get(thread))["error"]["message"]
    state = await caller.threads.get_state(thread)
    assert WORD in state["tasks"][0]["error"]
    async with house.http() as http:
        url = f"/threads/{thread}/stream/events"
        async with http.stream("POST", url, json={"channels": ["lifecycle"]}) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data:") and '"failed"' in line:
                    assert json.loads(line[5:])["params"]["data"]["error"] == WORD
                    break


async def story_of_memory(caller: Client) -> None:
    """Items put by the API and by graphs."""
    for n in range(5):
        await caller.store.put_item(["sealed", "notes"], str(n), {"text": WORD, "n": n, "deep": {"w": WORD}})
    assert (await caller.store.get_item(["sealed", "notes"], "1"))["value"]["text"] == WORD
    found = await caller.store.search_items(["sealed"], filter={"n": {"$gte": 3}, "deep": {"w": WORD}})
    assert sorted(item["key"] for item in found["items"]) == ["3", "4"]
    told = {"user": "u", "fact": {"user": "u", "text": WORD}}
    seen = (await caller.runs.wait(None, "memory", input=told))["seen"]
    assert seen["tool"] == {"text": WORD}
    assert seen.keys() == {"runtime", "sync", "tool", "subgraph"}


async def story_of_assistants_and_crons(caller: Client) -> None:
    """Configurations with their versions, and runs by the clock."""
    settings = {"configurable": {"prompt": WORD}}
    assistant = await caller.assistants.create("echo", config=settings, name="plain")
    assert assistant["config"] == settings
    changed = await caller.assistants.update(assistant["assistant_id"], context={"prompt": f"{WORD}-a"})
    assert changed["context"] == {"prompt": f"{WORD}-a"}
    versions = await caller.assistants.get_versions(assistant["assistant_id"])
    assert [v["context"].get("prompt") for v in versions] == [f"{WORD}-a", WORD]
    await caller.assistants.set_latest(assistant["assistant_id"], 1)
    ran = await caller.runs.wait(None, assistant["assistant_id"], input={"x": 1})
    assert ran["config"]["configurable"]["prompt"] == WORD
    thread = await new_thread(caller)
    cron = await caller.crons.create_for_thread(thread, "echo", schedule="* * * * * *", input={"x": WORD})
    assert cron["payload"]["input"] == {"x": WORD}

    async def fired() -> bool:
        return (await caller.threads.get(thread))["values"] is not None

    await until(fired, patience=30)
    await caller.crons.update(cron["cron_id"], input={"x": f"{WORD}-b"}, enabled=False)
    assert (await caller.threads.get(thread))["values"]["x"] == WORD


async def story_of_webhooks(caller: Client) -> None:
    """A webhook with a token in its address, for a success and for a failure."""
    with receiving() as receiver:
        for graph, given in (("echo", {"x": WORD}), ("fails", {"words": WORD})):
            path = f"/{WORD}/{graph}"
            run = await caller.runs.create(None, graph, input=given, webhook=receiver.url + path)
            [delivery] = await receiver.came(path)
            assert delivery.body["run_id"] == run["run_id"]
            assert delivery.body["kwargs"]["input"] == given
        assert delivery.body["error"]["message"] == WORD


async def story_of_a_kill(caller: Client, house: Stack) -> None:
    """kill -9 of the worker in the middle of a run; the other goes on from sealed checkpoints."""
    thread = await new_thread(caller)
    given = {"seconds": 1.5, "log": [WORD]}
    run = await caller.runs.create(thread, "slow", input=given)

    async def sleeps() -> bool:
        return bool((await caller.threads.get_state(thread))["next"] == ["sleep"])

    await until(sleeps, patience=30)
    with psycopg.connect(house.database_url, options="-c search_path=holdfast,public") as conn:
        find = "select pid from worker join run using (worker_id) where run_id = %s"
        row = conn.execute(find, [run["run_id"]]).fetchone()
    assert row is not None
    next(worker for worker in house.workers if worker.pid == row[0]).kill()
    values = await caller.runs.join(thread, run["run_id"])
    assert values["log"] == [WORD, "before", "slept", "after"]


async def story_of_effects(caller: Client) -> None:
    """A tool call that a person approves, in a supervised agent."""
    thread = await new_thread(caller)
    said = {"messages": [{"role": "user", "content": "8317204.25"}]}
    asked = await caller.runs.wait(thread, "supervised", input=said)
    assert "__interrupt__" in asked
    answered = await caller.runs.wait(thread, "supervised", command={"resume": {"type": "approve"}})
    assert "8317204" in json.dumps(answered["messages"])


async def test_everything_works_and_nothing_can_be_read(caller: Client, house: Stack) -> None:
    await story_of_runs(caller)
    await story_of_questions(caller)
    await story_of_failures(caller, house)
    await story_of_memory(caller)
    await story_of_assistants_and_crons(caller)
    await story_of_webhooks(caller)
    await story_of_effects(caller)
    await story_of_a_kill(caller, house)
    assert readable(house.database_url, WORDS) == []


async def test_values_cannot_be_searched(caller: Client, house: Stack) -> None:
    async with house.http() as http:
        for route in ("search", "count"):
            answer = await http.post(f"/threads/{route}", json={"values": {"x": 1}})
            assert answer.status_code == 422
            assert "sealed" in answer.json()["detail"]
            assert (await http.post(f"/threads/{route}", json={"values": {}})).status_code == 200


async def test_what_looks_sealed_in_metadata_is_not_opened(caller: Client, house: Stack) -> None:
    thread = await new_thread(caller)
    await caller.runs.wait(thread, "echo", input={"x": WORD})
    with psycopg.connect(house.database_url, options="-c search_path=holdfast,public") as conn:
        row = conn.execute('select "values" from thread where thread_id = %s', [thread]).fetchone()
    assert row is not None
    sealed_values = row[0]
    assert sealed_values.keys() == {"$sealed"}
    made = await caller.threads.create(metadata={"mine": sealed_values, **sealed_values})
    assert (await caller.threads.get(made["thread_id"]))["metadata"] == made["metadata"]
    assert made["metadata"]["mine"] == sealed_values
    ran = await caller.runs.wait(thread, "echo", input={"x": sealed_values})
    assert ran["x"] == sealed_values


async def test_a_seal_of_an_unknown_key_is_said_and_is_no_500(caller: Client, house: Stack) -> None:
    thread = await new_thread(caller)
    await caller.runs.wait(thread, "echo", input={"x": WORD})
    foreign = json.dumps({"$sealed": "deadbeef.AAAA"})
    with psycopg.connect(house.database_url, options="-c search_path=holdfast,public") as conn:
        conn.execute('update thread set "values" = %s where thread_id = %s', [foreign, thread])
        conn.execute("update checkpoint_blobs set type = 'sealed:deadbeef' where thread_id = %s", [thread])
    async with house.http() as http:
        for path in (f"/threads/{thread}", f"/threads/{thread}/state"):
            answer = await http.get(path)
            assert answer.status_code == 503, answer.text
            assert "deadbeef" in answer.json()["detail"]
        await http.delete(f"/threads/{thread}")


async def test_a_process_without_the_key_refuses_to_start(caller: Client, house: Stack) -> None:
    for command in (("serve", "--port", "0"), ("worker",)):
        code, said = await holdfast(house, *command, "-c", str(APP))
        assert code == 2
        assert "sealed with key" in said
        assert "old_keys" in said


async def test_a_house_is_sealed_rotated_and_opened_while_it_runs(database: str) -> None:
    config = Path(shutil.copytree(APP.parent, tempfile.mkdtemp(), dirs_exist_ok=True)) / APP.name
    keys = {"HOLDFAST_SECRET_FIRST": new_key(), "HOLDFAST_SECRET_SECOND": new_key()}
    async with running(database, config=config, env=keys) as stack, stack.client() as client:
        caller: Client = client
        thread = await new_thread(caller)
        await caller.runs.wait(thread, "ask", input={"x": WORD})
        assert readable(database, [WORD])
        first = {"key": "secret:FIRST"}
        second = {"key": "secret:SECOND", "old_keys": ["secret:FIRST"]}
        third = {"old_keys": ["secret:SECOND"]}
        for section, *verb in ((first, "rotate"), (second, "rotate"), (third, "open", "--yes")):
            sealed.with_sealing(config, section)
            await restarted(stack)
            (code, said), *_ = await asyncio.gather(
                holdfast(stack, "sealing", *verb, "-c", str(config)),
                *(caller.runs.wait(None, "echo", input={"x": WORD}) for _ in range(20)),
            )
            if "run this again" in said:
                code, said = await holdfast(stack, "sealing", *verb, "-c", str(config))
            assert code == 0, said
            assert bool(readable(database, [WORD])) == (verb[0] == "open")
            state = await caller.threads.get_state(thread)
            assert state["tasks"][0]["interrupts"][0]["value"]["x"] == WORD
        sealed.with_sealing(config, None)
        await restarted(stack)
        assert (await caller.runs.wait(thread, "ask", command={"resume": "yes"}))["answers"] == ["yes"]


async def test_a_worker_that_lacks_the_newest_key_gives_the_run_back_and_stops(database: str) -> None:
    config = Path(shutil.copytree(APP.parent, tempfile.mkdtemp(), dirs_exist_ok=True)) / APP.name
    sealed.with_sealing(config, {"key": "secret:FIRST"})
    keys = {"HOLDFAST_SECRET_FIRST": new_key(), "HOLDFAST_SECRET_SECOND": new_key()}
    async with running(database, config=config, env=keys) as stack, stack.client() as client:
        sealed.with_sealing(config, {"key": "secret:SECOND", "old_keys": ["secret:FIRST"]})
        await stack.api.stop()
        stack.start_api()
        await stack.ready()
        [behind] = stack.workers
        caller: Client = client
        run = await caller.runs.create(thread := await new_thread(caller), "echo", input={"x": WORD})
        assert await behind.gone(30)
        assert "which is not among the keys of this process" in behind.tail()
        behind.told_to_end = True
        await stack.add_worker()
        assert (await caller.runs.join(thread, run["run_id"]))["x"] == WORD


async def restarted(stack: Stack) -> None:
    """Other processes on the same database, with what langgraph.json says now."""
    await stack.stop()
    stack.workers.clear()
    stack.start_api()
    stack.start_worker()
    await stack.ready()


async def holdfast(stack: Stack, *arguments: str) -> tuple[int | None, str]:
    """The command line; its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "holdfast_server",
        *arguments,
        env=stack.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode()
