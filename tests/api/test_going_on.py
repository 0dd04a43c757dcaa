"""Who may ask for which run: an approver answers, an operator continues what failed; neither brings more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from api.roles import a, calling, house
from stack import SESSION, Stack

DEV, APPROVER, OPERATOR, VIEWER = (a(role) for role in ("developer", "approver", "operator", "viewer"))
# Starts runs and decides nothing.
CLERK = a("viewer", "runs.create", "threads.write", "crons.write")
ASKED: dict[str, Any] = {
    "assistant_id": "ask", "input": {"x": 1}, "config": {"configurable": {"k": "v"}, "recursion_limit": 9},
    "interrupt_after": ["ask"], "metadata": {"m": 1},
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Says its roles in a header; a worker runs what it starts."""
    app = house(stack.database_url)
    async with app.router.lifespan_context(app), calling(app) as http:
        yield http


async def stopped(http: httpx.AsyncClient, **body: Any) -> str:
    """A thread whose run has stopped; its path."""
    path = f"/threads/{(await http.post('/threads', json={}, headers=DEV)).json()['thread_id']}"
    await ran(http, path, DEV, **body)
    return path


async def ran(http: httpx.AsyncClient, path: str, who: dict[str, str], **body: Any) -> httpx.Response:
    return await http.post(f"{path}/runs/wait", json=body, headers=who)


async def asking(http: httpx.AsyncClient, **more: Any) -> str:
    """A thread that asks a question; its path."""
    path = await stopped(http, **{"assistant_id": "ask", "input": {"x": 1}, **more})
    assert await status(http, path) == "interrupted"
    return path


async def status(http: httpx.AsyncClient, path: str) -> str:
    return str((await http.get(path, headers=VIEWER)).json()["status"])


async def head(http: httpx.AsyncClient, path: str) -> dict[str, Any]:
    return dict((await http.get(f"{path}/state", headers=VIEWER)).json()["checkpoint"])


async def runs(http: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    return list((await http.get(f"{path}/runs", headers=VIEWER)).json())


@pytest.mark.behaviour("access.approver-only-answers")
async def test_an_approver_answers_a_question(http: httpx.AsyncClient) -> None:
    path = await asking(http)
    answer = await ran(http, path, APPROVER, assistant_id="ask", command={"resume": "yes"})
    assert answer.json()["answers"] == ["yes"]
    assert await status(http, path) == "idle"


async def test_an_approver_may_say_again_what_the_run_was_asked_for(http: httpx.AsyncClient) -> None:
    path = await asking(http, **ASKED)
    said = ASKED | {"input": {}, "command": {"resume": "yes"}, "checkpoint": await head(http, path)}
    said |= {"stream_mode": ["values"], "if_not_exists": "create", "multitask_strategy": "enqueue"}
    answer = await ran(http, path, APPROVER, **said)
    assert answer.status_code == 200, answer.text
    assert answer.json()["answers"] == ["yes"]


@pytest.mark.behaviour("access.approver-only-answers")
async def test_an_answer_keeps_what_the_run_was_asked_for(http: httpx.AsyncClient) -> None:
    path = await asking(http, **ASKED)
    await ran(http, path, APPROVER, assistant_id="ask", command={"resume": "yes"})
    # Whoever comes second is refused also when both come at once.
    assert (await runs(http, path))[0]["multitask_strategy"] == "reject"
    answer, before = (run["kwargs"] for run in await runs(http, path))
    assert answer["config"] == before["config"]
    assert (answer["interrupt_after"], answer["context"]) == (["ask"], before["context"])
    assert (answer["command"], answer["input"], answer["webhook"]) == ({"resume": "yes"}, None, None)


@pytest.mark.behaviour("access.approver-only-answers")
@pytest.mark.parametrize(
    ("smuggled", "names"),
    [
        ({"input": {"x": 666}}, "A new run"),
        ({"command": {"resume": "yes", "update": {"x": 666}}}, "A new run"),
        ({"command": {"resume": "yes", "goto": "prepare"}}, "A new run"),
        ({"command": {"goto": "__end__"}}, "A new run"),
        ({"config": {"recursion_limit": 1000}}, "another config"),
        ({"config": {"configurable": {"k": "other"}}}, "another config"),
        ({"config": {"configurable": {"new": 1}}}, "another config"),
        ({"config": {"configurable": {"checkpoint_id": "x"}}}, "another config"),
        ({"config": {"configurable": {"thread_id": "x"}}}, "another config"),
        ({"context": {"new": 1}}, "another context"),
        ({"metadata": {"new": 1}}, "another metadata"),
        ({"metadata": {"m": True}}, "another metadata"),
        ({"webhook": "http://127.0.0.1:9/elsewhere"}, "another webhook"),
        ({"interrupt_before": ["nothing"]}, "another interrupt_before"),
        ({"interrupt_after": ["nothing"]}, "another interrupt_after"),
        ({"interrupt_after": "*"}, "another interrupt_after"),
        ({"checkpoint": {"checkpoint_ns": "x"}}, "another checkpoint"),
        ({"checkpoint": {"checkpoint_map": {"x": "y"}}}, "another checkpoint"),
        ({"after_seconds": 1}, "after_seconds"),
        ({"on_disconnect": "cancel"}, "on_disconnect cancel"),
        ({"multitask_strategy": "interrupt"}, "multitask_strategy interrupt"),
        ({"multitask_strategy": "rollback"}, "multitask_strategy rollback"),
    ],
)
async def test_an_approver_smuggles_nothing_in_with_an_answer(
    http: httpx.AsyncClient, smuggled: dict[str, Any], names: str
) -> None:
    path = await asking(http, **ASKED)
    body = {"assistant_id": "ask", "command": {"resume": "yes"}, **smuggled}
    for way in ("", "/wait", "/stream"):
        refused = await http.post(f"{path}/runs{way}", json=body, headers=APPROVER)
        assert refused.status_code == 403, refused.text
        assert names in refused.json()["detail"]
    assert (len(await runs(http, path)), await status(http, path)) == (1, "interrupted")


async def test_an_approver_answers_at_no_older_checkpoint(http: httpx.AsyncClient) -> None:
    path = await asking(http)
    older = (await http.post(f"{path}/history", json={"limit": 5}, headers=VIEWER)).json()[-1]["checkpoint"]
    for place in ({"checkpoint": older}, {"checkpoint_id": older["checkpoint_id"]}):
        answer = await ran(http, path, APPROVER, assistant_id="ask", command={"resume": "y"}, **place)
        assert (answer.status_code, "another checkpoint" in answer.text) == (403, True)


async def test_an_approver_answers_for_no_other_assistant(http: httpx.AsyncClient) -> None:
    path = await asking(http)
    bolder = {"graph_id": "ask", "config": {"configurable": {"limit": 10**6}}}
    other = (await http.post("/assistants", json=bolder, headers=DEV)).json()["assistant_id"]
    for name in (other, "echo"):
        answer = await ran(http, path, APPROVER, assistant_id=name, command={"resume": "yes"})
        assert (answer.status_code, "another assistant" in answer.text) == (403, True)
    assert (await ran(http, path, DEV, assistant_id=other, command={"resume": "yes"})).status_code == 200


async def test_a_run_that_never_began_lends_nothing_to_an_answer(http: httpx.AsyncClient) -> None:
    path = await asking(http)
    trap = {"assistant_id": "ask", "input": {"x": 2}, "after_seconds": 3600, "config": {"tags": ["trap"]}}
    queued = (await http.post(f"{path}/runs", json=trap, headers=CLERK)).json()["run_id"]
    answer = {"assistant_id": "ask", "command": {"resume": "yes"}}
    assert (await ran(http, path, APPROVER, **answer)).status_code == 409
    assert (await http.post(f"{path}/runs/{queued}/cancel", headers=OPERATOR)).status_code == 202
    assert (await ran(http, path, APPROVER, **answer)).json()["answers"] == ["yes"]
    assert "tags" not in (await runs(http, path))[0]["kwargs"]["config"]


@pytest.mark.behaviour("access.approver-only-answers")
async def test_where_nothing_waits_an_approver_starts_nothing(http: httpx.AsyncClient) -> None:
    done = await stopped(http, assistant_id="echo", input={"x": 1})
    failed = await stopped(http, assistant_id="fails", input={})
    fresh = f"/threads/{(await http.post('/threads', json={}, headers=DEV)).json()['thread_id']}"
    for path, graph in ((done, "echo"), (failed, "fails"), (fresh, "echo")):
        before = len(await runs(http, path))
        for command in ({"resume": "yes"}, None):
            answer = await ran(http, path, APPROVER, assistant_id=graph, command=command)
            assert answer.status_code in (403, 409), answer.text
        assert len(await runs(http, path)) == before
    missing = "/threads/01a1fe20-0000-7000-8000-000000000bad"
    body = {"assistant_id": "echo", "command": {"resume": 1}, "if_not_exists": "create"}
    assert (await ran(http, missing, APPROVER, **body)).status_code == 404
    assert (await http.get(missing, headers=VIEWER)).status_code == 404


async def test_an_approver_lets_a_thread_past_a_breakpoint_and_an_operator_does_not(
    http: httpx.AsyncClient,
) -> None:
    path = await stopped(http, assistant_id="breakpoints", input={})
    for who in (OPERATOR, CLERK):
        assert (await ran(http, path, who, assistant_id="breakpoints")).status_code == 403
    on = await ran(http, path, APPROVER, assistant_id="breakpoints", interrupt_before=["two"])
    assert on.status_code == 403
    assert (await ran(http, path, APPROVER, assistant_id="breakpoints")).json()["log"][-1] == "three"


@pytest.mark.behaviour("access.operator")
async def test_an_operator_continues_what_failed_and_nothing_else(http: httpx.AsyncClient) -> None:
    failed = await stopped(http, assistant_id="fails", input={})
    for body in (
        {"input": {"calm": True}},
        {"command": {"update": {"calm": True}}},
        {"config": {"tags": ["x"]}},
    ):
        assert (await ran(http, failed, OPERATOR, assistant_id="fails", **body)).status_code == 403
    again = await ran(http, failed, OPERATOR, assistant_id="fails")
    assert (again.status_code, "boom from node" in again.text) == (200, True)
    assert len(await runs(http, failed)) == 2
    asks = await asking(http)
    assert (await ran(http, asks, OPERATOR, assistant_id="ask")).status_code == 403
    done = await stopped(http, assistant_id="echo", input={"x": 1})
    assert (await ran(http, done, OPERATOR, assistant_id="echo")).status_code == 409


@pytest.mark.parametrize("edited", [False, True])
async def test_what_failed_before_its_first_step_takes_nobody_past_a_breakpoint(
    stack: Stack, http: httpx.AsyncClient, edited: bool
) -> None:
    path = await stopped(http, assistant_id="breakpoints", input={})
    if edited:
        edit = {"values": {"log": ["by hand"]}, "as_node": "two"}
        assert (await http.post(f"{path}/state", json=edit, headers=DEV)).status_code == 200
    body = {"assistant_id": "breakpoints", "input": {}, "after_seconds": 3600}
    lost = (await http.post(f"{path}/runs", json=body, headers=CLERK)).json()["run_id"]
    with psycopg.connect(stack.database_url, options=SESSION) as conn:
        # As the rescuer leaves a run whose worker died again and again before the first step.
        conn.execute("update run set started_at = now() where run_id = %s", [lost])
        conn.execute("select stop(r, 'error', '{}') from run r where run_id = %s", [lost])
    again = await ran(http, path, OPERATOR, assistant_id="breakpoints")
    assert again.status_code == 409, again.text
    assert "three" not in (await http.get(f"{path}/state", headers=VIEWER)).json()["values"]["log"]


@pytest.mark.behaviour("access.clerk")
@pytest.mark.parametrize(
    "body",
    [
        {"command": {"resume": "yes"}},
        {"command": {"goto": "ask"}},
        {"command": {"update": {"answers": ["yes"]}}},
        {"input": {"x": 1}, "interrupt_before": ["nothing"]},
        {"input": {"x": 1}, "interrupt_after": ["nothing"]},
        {"input": None},
        {"input": {"x": 1}, "config": {"configurable": {"checkpoint_ns": "ask:1"}}},
        {"input": {"x": 1}, "checkpoint": {"checkpoint_ns": "ask:1"}},
        {"input": {"x": 1}, "checkpoint": {"checkpoint_map": {"ask:1": "x"}}},
        {"input": {"x": 1}, "config": {"configurable": []}, "interrupt_before": ["nothing"]},
        {"input": {"x": 1}, "multitask_strategy": "rollback"},
    ],
)
async def test_who_only_starts_runs_steps_over_no_question(
    http: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    path = await asking(http)
    refused = await http.post(f"{path}/runs", json={"assistant_id": "ask", **body}, headers=CLERK)
    assert refused.status_code == 403, refused.text
    cron = {"schedule": "* * * * *", "assistant_id": "ask", **body}
    if not body.keys() & {"command", "checkpoint"}:
        by_the_clock = await http.post(f"{path}/runs/crons", json=cron, headers=CLERK)
        assert by_the_clock.status_code == 403, by_the_clock.text
    assert (await ran(http, path, CLERK, assistant_id="ask", input={"x": 2})).status_code == 200


async def test_a_state_is_edited_by_who_may_decide_and_write(http: httpx.AsyncClient) -> None:
    path = await asking(http)
    edit = {"values": {"answers": ["yes"]}, "as_node": "ask"}
    for who in (CLERK, APPROVER, OPERATOR):
        assert (await http.post(f"{path}/state", json=edit, headers=who)).status_code == 403
    steps = {"metadata": {"graph_id": "ask"}, "supersteps": [{"updates": [{"as_node": "ask", "values": {}}]}]}
    assert (await http.post("/threads", json=steps, headers=CLERK)).status_code == 403
    at = edit | {"values": None, "as_node": "__end__", "checkpoint": await head(http, path)}
    assert (await http.post(f"{path}/state", json=at, headers=APPROVER)).status_code == 403
    ignored = {"values": None, "as_node": "__end__"}
    assert (await http.post(f"{path}/state", json=ignored, headers=APPROVER)).status_code == 200
    assert await status(http, path) == "idle"
    assert (await http.post(f"{path}/state", json=ignored, headers=APPROVER)).status_code == 403
    assert (await http.post(f"{path}/state", json=edit, headers=DEV)).status_code == 200


async def test_a_follower_who_may_not_cancel_does_not_by_leaving(http: httpx.AsyncClient) -> None:
    path = await stopped(http, assistant_id="echo", input={})
    run = (await runs(http, path))[0]["run_id"]
    leaving = {"cancel_on_disconnect": "true"}
    for way in (f"{path}/runs/{run}", f"/runs/{run}"):
        for verb in ("join", "stream"):
            refused = await http.get(f"{way}/{verb}", params=leaving, headers=VIEWER)
            assert (refused.status_code, "runs.cancel" in refused.text) == (403, True)
            assert (await http.get(f"{way}/{verb}", params=leaving, headers=OPERATOR)).status_code == 200


async def test_an_operator_pauses_a_cron_and_lets_it_go_on_and_changes_nothing_of_it(
    http: httpx.AsyncClient,
) -> None:
    yearly = {"schedule": "0 0 1 1 *", "assistant_id": "echo", "input": {"x": 1}}
    cron = f"/runs/crons/{(await http.post('/runs/crons', json=yearly, headers=DEV)).json()['cron_id']}"
    for enabled in (False, True):
        changed = await http.patch(cron, json={"enabled": enabled}, headers=OPERATOR)
        assert changed.json()["enabled"] == enabled
    for change in ({"schedule": "* * * * *"}, {"enabled": True, "input": {}}, {"metadata": {"a": 1}}):
        assert (await http.patch(cron, json=change, headers=OPERATOR)).status_code == 403
    scheduler = a("viewer", "crons.write")
    assert (await http.patch(cron, json={"schedule": "0 0 2 1 *"}, headers=scheduler)).status_code == 200
    assert (await http.patch(cron, json={"input": {"x": 2}}, headers=scheduler)).status_code == 403
    assert (await http.patch(cron, json={"input": {"x": 2}}, headers=CLERK)).status_code == 200
    assert (await http.delete(cron, headers=OPERATOR)).status_code == 403
    assert (await http.delete(cron, headers=scheduler)).status_code == 204


async def test_nothing_is_deleted_by_a_back_door(http: httpx.AsyncClient) -> None:
    path = await asking(http)
    soon = {"ttl": {"ttl": 0.001, "strategy": "delete"}}
    assert (await http.patch(path, json=soon, headers=CLERK)).status_code == 403
    made = await http.post("/assistants", json={"graph_id": "echo"}, headers=DEV)
    assistant = f"/assistants/{made.json()['assistant_id']}"
    writer, all_of_it = a("viewer", "assistants.write"), {"delete_threads": "true"}
    assert (await http.delete(assistant, params=all_of_it, headers=writer)).status_code == 403
    assert (await http.delete(assistant, headers=writer)).status_code == 204
    assert (await http.get(path, headers=VIEWER)).status_code == 200


async def commanded(
    http: httpx.AsyncClient, path: str, who: dict[str, str], method: str, **params: Any
) -> dict[str, Any]:
    body = {"id": 1, "method": method, "params": params}
    return dict((await http.post(f"{path}/commands", json=body, headers=who)).json())


async def test_the_commands_of_the_protocol_ask_for_the_same(http: httpx.AsyncClient) -> None:
    path = await asking(http)
    [[question]] = (await http.get(path, headers=VIEWER)).json()["interrupts"].values()
    response = {"interrupt_id": question["id"], "response": "yes"}
    start = {"assistant_id": "ask", "input": {"x": 1}}
    for who in (VIEWER, OPERATOR, CLERK):
        assert (await commanded(http, path, who, "input.respond", **response))["error"] == "permission_denied"
    for who in (VIEWER, CLERK):
        assert (await commanded(http, path, who, "run.start", **start))["error"] == "permission_denied"
    for more in ({"update": {"x": 2}}, {"goto": "ask"}, {"config": {"tags": ["t"]}}, {"metadata": {"a": 1}}):
        refused = await commanded(http, path, APPROVER, "input.respond", **response, **more)
        assert refused["error"] == "permission_denied"
    assert (await commanded(http, path, VIEWER, "agent.getTree"))["type"] == "success"
    blind = await commanded(http, path, a("runs.create"), "agent.getTree")
    assert blind["error"] == "permission_denied"
    assert (await commanded(http, path, APPROVER, "run.start", **start))["type"] == "success"
    assert (await runs(http, path))[0]["kwargs"]["command"] == {"resume": {"x": 1}}


def call(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def message(text: str, **more: Any) -> dict[str, Any]:
    """What is said to the graph `ask`: its input, or the answer to its question."""
    part = {"kind": "data", "data": {"x": text}} if "taskId" not in more else {"kind": "text", "text": text}
    return {"message": {"messageId": text, "role": "user", "parts": [part], **more}}


async def test_tasks_of_a2a_ask_for_the_same(http: httpx.AsyncClient) -> None:
    async def asks(who: dict[str, str], method: str, **params: Any) -> Any:
        answer = await http.post("/a2a/ask", json=call(method, **params), headers=who)
        return answer.json().get("result") or answer.json()["error"]["message"]

    for who in (VIEWER, APPROVER, OPERATOR):
        assert "runs.create" in await asks(who, "message/send", **message("hello"))
    task = await asks(CLERK, "message/send", **message("hello"))
    assert task["status"]["state"] == "input-required"
    assert (await asks(VIEWER, "tasks/get", id=task["id"]))["id"] == task["id"]
    assert "runs.read" in await asks(a("runs.create"), "tasks/get", id=task["id"])
    for who in (VIEWER, OPERATOR, CLERK):
        assert "approvals.decide" in await asks(who, "message/send", **message("yes", taskId=task["id"]))
        refused = await asks(who, "tasks/cancel", id=task["id"])
        assert "approvals.decide" in refused or "runs.cancel" in refused
    done = await asks(APPROVER, "message/send", **message("yes", taskId=task["id"]))
    assert done["status"]["state"] == "completed"
    another = await asks(CLERK, "message/send", **message("hello again"))
    withdrawn = await asks(APPROVER, "tasks/cancel", id=another["id"])
    assert withdrawn["status"]["state"] == "canceled"


async def test_tools_of_mcp_are_listed_by_readers_and_called_by_who_starts_runs(
    http: httpx.AsyncClient,
) -> None:
    async def calls(who: dict[str, str], method: str, **params: Any) -> Any:
        answer = await http.post("/mcp", json=call(method, **params), headers=who)
        return answer.json().get("result") or answer.json()["error"]["message"]

    echo = {"name": "echo", "arguments": {"x": 1}}
    assert (await calls(VIEWER, "tools/list"))["tools"]
    for who in (VIEWER, APPROVER, OPERATOR):
        assert "runs.create" in await calls(who, "tools/call", **echo)
    runner = a("runs.create")
    assert "assistants.read" in await calls(runner, "tools/list")
    assert (await calls(runner, "tools/call", **echo))["structuredContent"]["x"] == 1
