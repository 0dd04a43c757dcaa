"""One endpoint for all tests; each test brings its own script, told apart by the name of the model."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

import httpx
import pytest
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from holdfast_server.rehearsal import Reply, Request, Script, rehearsing


@dataclass(frozen=True)
class Stage:
    base_url: str
    scripts: dict[str, Script]
    names: Iterator[int] = field(default_factory=count)

    def cast(self, play: Script, **options: Any) -> ChatOpenAI:
        """The real client of a model that plays this script."""
        name = f"rehearsal-{next(self.names)}"
        self.scripts[name] = play
        return ChatOpenAI(model=name, base_url=self.base_url, api_key=SecretStr("rehearsal"), **options)

    def exchanges(self, model: ChatOpenAI) -> list[dict[str, Any]]:
        everything = httpx.get(f"{self.base_url.removesuffix('/v1')}/rehearsal/requests").json()
        return [exchange for exchange in everything if exchange["model"] == model.model_name]


class Cast(Protocol):
    def __call__(self, reply: Reply, **options: Any) -> ChatOpenAI: ...


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    scripts: dict[str, Script] = {}

    def play(request: Request) -> Reply:
        return scripts[request.model](request)

    with rehearsing(play) as base_url:
        yield Stage(base_url, scripts)


@pytest.fixture(scope="session")
def always(stage: Stage) -> Cast:
    """A model that gives the same reply to everything."""
    return lambda reply, **options: stage.cast(lambda request: reply, **options)
