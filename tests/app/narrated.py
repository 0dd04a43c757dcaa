"""A graph with a stream transformer of its own: it narrates the steps on a channel, and blackens a word."""

from typing import Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.stream import ProtocolEvent, StreamChannel, StreamTransformer


class State(TypedDict, total=False):
    """Something to tell."""

    word: str


class Narrator(StreamTransformer):
    """Says on `story` which node was heard, and shows no secret in updates."""

    required_stream_modes = ("updates",)

    def __init__(self, scope: tuple[str, ...] = ()) -> None:
        super().__init__(scope)
        self._story: StreamChannel[dict[str, Any]] = StreamChannel("story")

    def init(self) -> dict[str, Any]:
        return {"story": self._story}

    def process(self, event: ProtocolEvent) -> bool:
        if event["method"] == "updates":
            self._story.push({"heard": sorted(event["params"]["data"])})
            event["params"]["data"] = {node: {"word": "***"} for node in event["params"]["data"]}
        return True


async def speak(state: State) -> State:
    return {"word": "secret"}


story = StateGraph(State)
story.add_node("speak", speak)
story.add_edge(START, "speak")
graph = story.compile(transformers=[Narrator])
