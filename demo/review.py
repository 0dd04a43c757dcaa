"""A review: one invoice on a thread of its own, and what its event stream has told so far."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from call import spelled_out
from langgraph_sdk.schema import StreamPart
from outcome import outcome_of

GRAPH = "invoice_review"


@dataclass(frozen=True)
class Call:
    """A tool call on its way through the tool runner."""

    call_id: str
    tool: str


@dataclass(frozen=True)
class News:
    """Something worth a line."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Comeback:
    """A second attempt: when it was announced, which calls had finished by then, and which were cut off."""

    at: float
    kept: tuple[Call, ...]
    cut_off: tuple[Call, ...]


@dataclass
class Review:
    """How far the first run of one thread has come, by its stream and by our clock."""

    invoice_id: str
    thread_id: str
    run_id: str = ""
    in_flight: dict[str, Call] = field(default_factory=dict)
    """The calls that run now, by task id."""
    finished: list[Call] = field(default_factory=list)
    comeback: Comeback | None = None

    def hear(self, part: StreamPart) -> Iterator[News]:
        """Take one event in, and tell what is worth telling."""
        match part.event:
            case "metadata":
                yield from self._begin(part.data)
            case "tasks" if "input" in part.data:
                self._start(part.data)
            case "tasks":
                yield from self._end(part.data)
            case "error":
                yield News(f"the run failed: {part.data}", "red")

    def is_screening(self) -> bool:
        """Whether screen_supplier runs now, and alone: its neighbours have finished."""
        return [call.tool for call in self.in_flight.values()] == ["screen_supplier"]

    def repeated(self) -> list[Call]:
        """The calls that finished more than once."""
        return [call for call, times in Counter(self.finished).items() if times > 1]

    def _begin(self, data: Mapping[str, Any]) -> Iterator[News]:
        self.run_id = data["run_id"]
        if data["attempt"] > 1:
            cut_off = tuple(self.in_flight.values())
            self.comeback = self.comeback or Comeback(time.monotonic(), tuple(self.finished), cut_off)
            yield News(f"goes on as attempt {data['attempt']}", "cyan")
        self.in_flight.clear()

    def _start(self, task: Mapping[str, Any]) -> None:
        if task["name"] == "tool_runner":
            self.in_flight[task["id"]] = Call(task["input"]["id"], task["input"]["name"])

    def _end(self, task: Mapping[str, Any]) -> Iterator[News]:
        call = self.in_flight.pop(task["id"], None)
        if call and not task["interrupts"]:
            self.finished.append(call)
        for question in task["interrupts"]:
            asked = spelled_out(question["value"]["name"], question["value"]["args"])
            yield News(f"waits for a person: {asked}", "yellow")
        for message in (task["result"] or {}).get("messages", []):
            yield from _worth_telling(task["name"], message)


def _worth_telling(node: str, message: Mapping[str, Any]) -> Iterator[News]:
    failed = message.get("status") == "error"
    if node == "validator" and failed:
        yield News(f"the validator corrects: {message['content']}", "magenta")
    elif node == "tool_runner" and failed:
        yield News(f"{message['name']} failed: {message['content']}", "red")
    elif outcome := outcome_of(message):
        yield News(outcome, "green")
