"""What the real OpenAI client makes of scripted faults."""

import time
from typing import Any

import openai
import pytest

from holdfast_server.rehearsal import Fault, Hang, Reply, Request, Say

# langchain-openai keeps one async HTTP client per base URL, bound to the loop that used it first.
ONE_LOOP = pytest.mark.asyncio(loop_scope="session")


def test_a_rate_limit_is_waited_out_by_the_client(stage: Any) -> None:
    def play(request: Request) -> Reply:
        return Fault(429, retry_after=0.01) if request.attempt < 3 else Say("at last")

    model = stage.cast(play, max_retries=2)
    assert model.invoke("Hello?").content == "at last"
    assert [exchange["status"] for exchange in stage.exchanges(model)] == [429, 429, 200]


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
def test_a_fault_is_raised_as_the_error_of_its_status(
    always: Any, status: int, raised: type[Exception]
) -> None:
    with pytest.raises(raised, match="a fault from the rehearsal script"):
        always(Fault(status), max_retries=0).invoke("Hello?")


@ONE_LOOP
async def test_a_fault_hits_streams_too(always: Any) -> None:
    with pytest.raises(openai.InternalServerError, match="out of order"):
        await anext(always(Fault(500, "out of order"), max_retries=0).astream("Hello?"))


def test_a_client_that_gives_up_on_a_hanging_model_is_noted_as_gone(stage: Any) -> None:
    model = stage.cast(lambda request: Hang(30), max_retries=0, timeout=0.1)
    with pytest.raises(openai.APITimeoutError):
        model.invoke("Hello?")
    deadline = time.monotonic() + 2
    while (status := stage.exchanges(model)[0]["status"]) is None and time.monotonic() < deadline:
        pass
    assert status == 499


def test_a_hang_ends_with_the_reply_that_follows(always: Any) -> None:
    assert always(Hang(0.01, then=Say("back again"))).invoke("Hello?").content == "back again"


def test_a_script_that_raises_is_reported_once_and_by_name(stage: Any) -> None:
    def play(request: Request) -> Reply:
        raise KeyError("invoice")

    model = stage.cast(play, max_retries=3)
    with pytest.raises(
        openai.InternalServerError, match=r"script raised KeyError: 'invoice'; mend the script"
    ):
        model.invoke("Hello?")
    assert len(stage.exchanges(model)) == 1


def test_a_script_that_answers_nonsense_is_told_what_to_return(stage: Any) -> None:
    with pytest.raises(openai.InternalServerError, match="answered 'hi'; return Say, CallTools"):
        stage.cast(lambda request: "hi").invoke("Hello?")
