"""What the real OpenAI client makes of scripted answers, streamed and not."""

from typing import Any

import httpx
import openai
import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_openai import ChatOpenAI

from holdfast_server.rehearsal import BrokenJson, CallTools, Reply, Request, Say, ToolCall

WEATHER_IN_TWO_CITIES = CallTools(
    [
        ToolCall("get_weather", {"city": "Zürich", "days": 3}),
        ToolCall("get_weather", {"city": 'the "other" one', "days": 1}),
    ],
    text="Let me look.",
)

# langchain-openai keeps one async HTTP client per base URL, bound to the loop that used it first.
ONE_LOOP = pytest.mark.asyncio(loop_scope="session")


def get_weather(city: str, days: int) -> str:
    """The weather of the coming days."""
    return f"{city}: rain for {days} days"


def joined(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    whole, *rest = chunks
    for chunk in rest:
        whole += chunk
    return whole


def test_text_arrives_with_its_usage(always: Any) -> None:
    answer = always(Say("Grüezi, all is well.")).invoke("How are you?")
    assert answer.content == "Grüezi, all is well."
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.usage_metadata["input_tokens"] > 0
    assert answer.usage_metadata["output_tokens"] == 5


@ONE_LOOP
async def test_text_streams_in_pieces_and_usage_comes_last(always: Any) -> None:
    model = always(Say("One word\nafter the  other."), stream_usage=True)
    chunks = [chunk async for chunk in model.astream("Go on")]
    assert [chunk.text for chunk in chunks if chunk.text] == ["One ", "word\n", "after ", "the  ", "other."]
    usage = joined(chunks).usage_metadata
    assert usage is not None
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_a_stream_that_did_not_ask_for_usage_gets_none(always: Any) -> None:
    chunks = list(always(Say("No bill, please."), stream_usage=False).stream("Go on"))
    assert joined(chunks).usage_metadata is None


def test_parallel_tool_calls_arrive_with_ids_of_their_own(always: Any) -> None:
    answer = always(WEATHER_IN_TWO_CITIES).bind_tools([get_weather]).invoke("Weather?")
    assert answer.content == "Let me look."
    assert [call["args"] for call in answer.tool_calls] == [
        dict(call.arguments) for call in WEATHER_IN_TWO_CITIES.calls
    ]
    assert len({call["id"] for call in answer.tool_calls}) == 2
    assert answer.response_metadata["finish_reason"] == "tool_calls"


@ONE_LOOP
async def test_streamed_tool_calls_join_to_the_same_calls(always: Any) -> None:
    model = always(WEATHER_IN_TWO_CITIES, stream_usage=True).bind_tools([get_weather])
    chunks = [chunk async for chunk in model.astream("Weather?")]
    pieces = [piece for chunk in chunks for piece in chunk.tool_call_chunks]
    assert len(pieces) > 6
    whole = joined(chunks)
    assert [call["args"] for call in whole.tool_calls] == [
        dict(call.arguments) for call in WEATHER_IN_TWO_CITIES.calls
    ]
    assert len({call["id"] for call in whole.tool_calls}) == 2
    assert whole.usage_metadata is not None


@pytest.mark.parametrize("streaming", [False, True])
def test_broken_arguments_arrive_as_an_invalid_call(always: Any, streaming: bool) -> None:
    answer = always(BrokenJson("get_weather"), streaming=streaming).invoke("Weather?")
    assert [call["args"] for call in answer.invalid_tool_calls] == ['{"amount": , }']
    assert answer.tool_calls == []


def test_langchain_completes_a_streamed_call_that_was_cut_off(always: Any) -> None:
    cut_off = BrokenJson("pay", '{"amount": 12')  # on its way to 1200
    assert always(cut_off, streaming=False).invoke("Pay!").tool_calls == []
    assert always(cut_off, streaming=True).invoke("Pay!").tool_calls[0]["args"] == {"amount": 12}


@ONE_LOOP
async def test_a_whole_conversation_sees_tools_calls_and_results(stage: Any) -> None:
    seen: list[Request] = []

    def play(request: Request) -> Reply:
        seen.append(request)
        result = request.messages[-1]
        return Say(result.text) if result.role == "tool" else WEATHER_IN_TWO_CITIES

    model = stage.cast(play).bind_tools([get_weather])
    asked = HumanMessage([{"type": "text", "text": "Weather?"}])
    calls = await model.ainvoke([asked])
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "rain"} for call in calls.tool_calls]
    assert (await model.ainvoke([asked, calls, *results])).content == "rain"

    first, second = seen
    assert first.messages[0].text == "Weather?"
    assert [tool.name for tool in first.tools] == ["get_weather"]
    assert second.messages[1].tool_calls[0].arguments == {"city": "Zürich", "days": 3}
    assert second.since_last_human() == second.messages


def test_a_call_without_its_result_is_refused_as_openai_refuses_it(always: Any) -> None:
    model = always(WEATHER_IN_TWO_CITIES)
    with pytest.raises(openai.BadRequestError, match="must be followed by tool messages"):
        model.invoke(["Weather?", model.invoke("Weather?"), "Well?"])


def test_a_result_nobody_asked_for_is_refused_too(always: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="nothing asked for tool_call_id 'call_1'"):
        always(Say("")).invoke([{"role": "tool", "tool_call_id": "call_1", "content": "rain"}])


def test_an_unreadable_body_is_refused_with_the_place_of_the_error(stage: Any) -> None:
    answer = httpx.post(f"{stage.base_url}/chat/completions", json={"model": "x", "messages": "hello"})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "messages"


def test_the_models_are_listed_for_clients_that_ask(stage: Any) -> None:
    client = openai.OpenAI(base_url=stage.base_url, api_key="rehearsal")
    assert [model.id for model in client.models.list()] == ["rehearsal"]


def test_a_question_repeated_word_for_word_counts_as_the_next_attempt(stage: Any) -> None:
    model: ChatOpenAI = stage.cast(lambda request: Say(str(request.attempt)))
    assert [model.invoke(text).content for text in ("a", "a", "b", "a")] == ["1", "2", "1", "3"]
    assert [exchange["status"] for exchange in stage.exchanges(model)] == [200] * 4
