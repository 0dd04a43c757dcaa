"""Questions to a person, and how their answers come back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from api.scene import Client
from langgraph_sdk.errors import BadRequestError


async def questions(client: Client, thread_id: str) -> list[Any]:
    return list((await client.threads.get_state(thread_id))["interrupts"])


async def status(client: Client, thread_id: str) -> str:
    return str((await client.threads.get(thread_id))["status"])


@pytest.mark.behaviour("runs.wait.interrupt-in-values", "runs.interrupt-is-success")
async def test_a_question_ends_the_run_and_marks_the_thread(client: Client, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "ask", input={"x": 1})
    answer = await client.runs.join(thread_id, run["run_id"])
    assert answer["x"] == 1
    (question,) = answer["__interrupt__"]
    assert question["value"] == {"question": "ok?", "x": 1}
    assert set(question) == {"value", "id", "response_schema"}
    assert (await client.runs.get(thread_id, run["run_id"]))["status"] == "success"
    assert await status(client, thread_id) == "interrupted"


@pytest.mark.behaviour("resume.bare")
@pytest.mark.parametrize("answer", ["yes", 0, False, "", [], ["a"], {"deep": [1]}, 1.5])
async def test_a_bare_answer_reaches_the_one_question(client: Client, thread_id: str, answer: Any) -> None:
    await client.runs.wait(thread_id, "ask", input={})
    values = await client.runs.wait(thread_id, "ask", command={"resume": answer})
    assert values["answers"] == [answer]
    assert await status(client, thread_id) == "idle"
    assert (await client.threads.get(thread_id))["interrupts"] == {}


@pytest.mark.behaviour("resume.by-id")
async def test_an_answer_by_id_reaches_its_question(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask", input={})
    (question,) = await questions(client, thread_id)
    values = await client.runs.wait(thread_id, "ask", command={"resume": {question["id"]: "by id"}})
    assert values["answers"] == ["by id"]


@pytest.mark.behaviour("runs.command-wins-over-empty-input")
async def test_a_command_wins_over_an_empty_input(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask", input={})
    values = await client.runs.wait(thread_id, "ask", input={}, command={"resume": "chat"})
    assert values["answers"] == ["chat"]


async def test_two_questions_of_one_node_come_one_after_the_other(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask_twice", input={})
    assert [q["value"] for q in await questions(client, thread_id)] == ["one?"]
    await client.runs.wait(thread_id, "ask_twice", command={"resume": "1"})
    assert [q["value"] for q in await questions(client, thread_id)] == ["two?"]
    values = await client.runs.wait(thread_id, "ask_twice", command={"resume": "2"})
    assert values["answers"] == ["1", "2"]


@pytest.mark.behaviour("resume.by-id")
async def test_two_questions_at_once_are_answered_together(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask_both", input={})
    asked = {q["value"]: q["id"] for q in await questions(client, thread_id)}
    resume = {asked["left?"]: "L", asked["right?"]: "R"}
    values = await client.runs.wait(thread_id, "ask_both", command={"resume": resume})
    assert sorted(values["answers"], key=str) == [{"left": "L"}, {"right": "R"}]
    assert await status(client, thread_id) == "idle"


@pytest.mark.behaviour("resume.by-id")
async def test_two_questions_at_once_are_answered_one_by_one(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask_both", input={})
    asked = {q["value"]: q["id"] for q in await questions(client, thread_id)}
    await client.runs.wait(thread_id, "ask_both", command={"resume": {asked["right?"]: "R"}})
    assert [q["value"] for q in await questions(client, thread_id)] == ["left?"]
    values = await client.runs.wait(thread_id, "ask_both", command={"resume": {asked["left?"]: "L"}})
    assert sorted(values["answers"], key=str) == [{"left": "L"}, {"right": "R"}]


async def test_one_bare_answer_to_two_questions_is_an_error_and_both_stay_open(
    client: Client, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "ask_both", input={})
    answer = await client.runs.wait(thread_id, "ask_both", command={"resume": "?"}, raise_error=False)
    assert "interrupt" in answer["__error__"]["message"]
    assert len(await questions(client, thread_id)) == 2


@pytest.mark.behaviour("resume.unknown-id")
async def test_an_answer_to_an_unknown_question_answers_nothing(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask", input={})
    await client.runs.wait(thread_id, "ask", command={"resume": {"0" * 32: "lost"}}, raise_error=False)
    assert len(await questions(client, thread_id)) == 1
    assert (await client.runs.wait(thread_id, "ask", command={"resume": "yes"}))["answers"] == ["yes"]


@pytest.mark.behaviour("resume.sub-graph")
async def test_an_answer_inside_a_sub_graph_reaches_it(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "sub", input={})
    values = await client.runs.wait(thread_id, "sub", command={"resume": "deep"})
    assert (values["log"], values["answer"]) == (["outer"], "deep")


@pytest.mark.behaviour("runs.functional-api")
async def test_the_functional_api_asks_and_goes_on(client: Client, thread_id: str) -> None:
    asked = await client.runs.wait(thread_id, "entry", input=4)
    assert asked["__interrupt__"][0]["value"] == "8?"
    assert await client.runs.wait(thread_id, "entry", command={"resume": "ok"}) == {
        "doubled": 8, "answer": "ok",
    }  # fmt: skip


@pytest.mark.behaviour("command.update-and-goto")
async def test_a_command_updates_and_jumps(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    values = await client.runs.wait(thread_id, "echo", command={"update": {"x": 2}, "goto": "second"})
    assert (values["x"], values["log"]) == (2, ["first", "second", "second"])
    sent = {"node": "second", "input": {}}
    values = await client.runs.wait(thread_id, "echo", command={"goto": [sent, "second"]})
    assert values["log"] == ["first", *["second"] * 4]


@pytest.mark.behaviour("runs.interrupt-before-after")
async def test_breakpoints_stop_before_and_after(client: Client, thread_id: str) -> None:
    async def stopped_at(**options: Any) -> list[str]:
        await client.runs.wait(thread_id, "breakpoints", **options)
        assert await status(client, thread_id) == "interrupted"
        return list((await client.threads.get_state(thread_id))["next"])

    assert await stopped_at(input={}, interrupt_before=["two"]) == ["two"]
    assert await stopped_at(input=None, interrupt_after="*") == ["three"]
    values = await client.runs.wait(thread_id, "breakpoints", input=None, interrupt_after=["nobody"])
    assert values["log"] == ["one", "two", "three"]


@pytest.mark.behaviour("runs.interrupt-before-after")
async def test_the_breakpoints_of_a_graph_hold_by_themselves(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "breakpoints", input={})
    assert (await client.threads.get_state(thread_id))["next"] == ["three"]
    assert (await client.runs.wait(thread_id, "breakpoints", input=None))["log"] == ["one", "two", "three"]


@pytest.mark.behaviour("runs.stateless.no-resume")
async def test_an_answer_needs_a_thread(client: Client, http: httpx.AsyncClient) -> None:
    with pytest.raises(BadRequestError, match="thread_id when resuming"):
        await client.runs.create(None, "ask", command={"resume": "yes"})


async def test_the_supervised_agent_waits_for_a_person_and_pays_once(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    said = {"messages": [{"role": "user", "content": "900"}]}
    asked = await client.runs.wait(thread_id, "supervised", input=said)
    (question,) = asked["__interrupt__"]
    assert (question["value"]["name"], question["value"]["args"]) == ("pay", {"amount": 900})
    values = await client.runs.wait(thread_id, "supervised", command={"resume": {"type": "approve"}})
    assert values["messages"][-1]["content"].startswith("I heard")
    (effect,) = (await http.get(f"/holdfast/threads/{thread_id}/effects")).json()
    assert (effect["tool"], effect["state"], effect["attempts"]) == ("pay", "done", 1)
