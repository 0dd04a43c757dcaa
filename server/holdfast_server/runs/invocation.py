"""What a graph is called with: its config, and the input that continues this run and no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, Send

from holdfast_server.compat.langgraph import STRICT_RESUME, coerce_context
from holdfast_server.graphs.served import Graph
from holdfast_server.runs.answer import is_resume_map
from holdfast_server.runs.run import ClaimedRun


def run_config(run: ClaimedRun, *, recursion_limit: int | None) -> RunnableConfig:
    """The config of a run: what the client set, under what the server knows better."""
    given = run.kwargs.get("config") or {}
    asked = {k: v for k, v in configurable_of(run.kwargs).items() if not k.startswith("__")}
    identity = {
        "thread_id": str(run.thread_id),
        "run_id": str(run.run_id),
        "graph_id": run.graph_id,
        "assistant_id": str(run.assistant_id),
        **({"langgraph_request_id": run.request_id} if run.request_id else {}),
    }
    configurable = asked | _checkpoint(run.kwargs) | identity | {STRICT_RESUME: True}
    config = RunnableConfig(
        configurable=configurable,
        metadata={**run.metadata, **identity, "run_attempt": run.attempts},
        tags=list(given.get("tags") or []),
        run_id=run.run_id,
    )
    if limit := given.get("recursion_limit") or recursion_limit:
        config["recursion_limit"] = limit
    return config


def configurable_of(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What a run was given, under what its caller brought along."""
    given = kwargs.get("config") or {}
    return {**(given.get("configurable") or {}), **(kwargs.get("brought") or {})}


def limit_for(graph: Graph, default: int) -> int | None:
    """The server's recursion limit, unless the graph brings its own."""
    own = graph.config.get("recursion_limit") if graph.config else None
    return None if own else default


def context_for(graph: Graph, given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The context of a run; a graph whose context has defaults finds them also when nobody sends one."""
    if given is not None or graph.context_schema is None:
        return given
    try:
        coerce_context(graph.context_schema, {})
    except (TypeError, ValueError):
        # A field without default: the graph runs without a context, as under LangGraph alone.
        return None
    return {}


def _checkpoint(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    point = dict(kwargs.get("checkpoint") or {})
    if kwargs.get("checkpoint_id"):
        point["checkpoint_id"] = kwargs["checkpoint_id"]
    return {k: v for k, v in point.items() if k != "thread_id" and v is not None}


@dataclass(frozen=True)
class Head:
    """The newest checkpoint of a thread: whose it is, and which questions wait there."""

    run_id: str | None
    pending: tuple[str, ...]

    @classmethod
    async def of(cls, graph: Graph, config: RunnableConfig) -> Head:
        """Reads it; a thread without a checkpoint has the empty head."""
        state = await graph.aget_state(without_checkpoint(config))
        stored: Mapping[str, Any] = state.metadata or {}
        return cls(stored.get("run_id"), tuple(i.id for i in state.interrupts))


def without_checkpoint(config: RunnableConfig) -> RunnableConfig:
    """The config at the head of the thread instead of at a given checkpoint."""
    dropped = ("checkpoint_id", "checkpoint_ns", "checkpoint_map")
    kept = {k: v for k, v in config["configurable"].items() if k not in dropped}
    return {**config, "configurable": kept}


def resume_answers(run: ClaimedRun, head: Head) -> dict[str, Any] | None:
    """The answers of a resuming run by interrupt id, or None when they are not tied to ids.

    A bare answer belongs to the one question that waits when the run starts. It is tied to that question
    before the graph sees it: after a crash the same bare answer must not reach the next question.
    """
    command = run.kwargs.get("command") or {}
    resume = command.get("resume")
    if resume is None:
        return None
    if is_resume_map(resume):
        return resume
    return {head.pending[0]: resume} if len(head.pending) == 1 else None


def graph_input(run: ClaimedRun, head: Head, answers: Mapping[str, Any] | None) -> Any:
    """What to invoke the graph with on this attempt.

    The head belongs to this run: an earlier attempt got so far, go on from there with the answers that
    are still asked for. It does not: nothing of the run is stored, start it as requested.
    """
    waiting = {k: v for k, v in (answers or {}).items() if k in head.pending}
    if head.run_id == str(run.run_id):
        return Command(resume=waiting) if waiting else None
    command = run.kwargs.get("command")
    if not command:
        return run.kwargs.get("input")
    if run.attempts > 1 and answers is not None and not waiting:
        return None
    return _command(command, answers)


def _command(command: Mapping[str, Any], answers: Mapping[str, Any] | None) -> Command[Any] | None:
    resume = dict(answers) if answers is not None else command.get("resume")
    update, goto = command.get("update"), command.get("goto")
    if resume is None and update is None and not goto:
        return None
    return Command(resume=resume, update=update, goto=goto_of(goto))


def goto_of(goto: Any) -> Any:
    """The targets of a jump as LangGraph takes them.

    Raises:
        KeyError: a Send without `node`.
    """
    if isinstance(goto, list):
        return [goto_of(target) for target in goto]
    if isinstance(goto, dict):
        return Send(goto["node"], goto.get("input"))
    return goto or ()
