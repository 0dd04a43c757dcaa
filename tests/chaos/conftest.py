"""Stacks of real processes that serve chaos/app, and a journal of what really happened outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from stack import Stack, running

APP = Path(__file__).parent / "app" / "langgraph.json"
Chaos = Callable[..., AbstractAsyncContextManager[Stack]]


@dataclass(frozen=True)
class Journal:
    """The lines that tools wrote outside of Holdfast, and the death that was ordered."""

    folder: Path

    def lines(self, word: str = "") -> list[str]:
        """The lines that begin with a word."""
        file = self.folder / "journal"
        found = file.read_text().splitlines() if file.exists() else []
        return [line for line in found if line.startswith(word)]

    def order_death(self, point: str) -> None:
        """Whoever comes to this point first dies by kill -9."""
        (self.folder / "order").write_text(point)

    @property
    def was_obeyed(self) -> bool:
        """Whether somebody died as ordered."""
        return (self.folder / "obeyed").exists()

    def clear(self) -> None:
        """A clean page."""
        for name in ("journal", "order", "obeyed"):
            (self.folder / name).unlink(missing_ok=True)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """The journal of a test with a stack of its own."""
    return Journal(tmp_path)


@pytest.fixture
def chaos(database: str, journal: Journal) -> Chaos:
    """Starts a stack for this test alone; keyword arguments become its environment."""

    def start(*, workers: int = 1, **environment: Any) -> AbstractAsyncContextManager[Stack]:
        env = {"CHAOS_FOLDER": str(journal.folder), **{k: str(v) for k, v in environment.items()}}
        return running(database, workers=workers, env=env, config=APP)

    return start


@pytest.fixture(scope="module")
def shared_journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """The journal of the shared stack."""
    return Journal(tmp_path_factory.mktemp("journal"))


@pytest.fixture(scope="module")
def shared_stack(template: str, shared_journal: Journal) -> Iterator[Stack]:
    """One stack for many deaths, with the defaults that users get."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_chaos template house")
    url = template.replace("/postgres?", "/house_chaos?")
    env = {"CHAOS_FOLDER": str(shared_journal.folder)}
    stack = asyncio.run(Stack.start(url, workers=3, env=env, config=APP))
    yield stack
    print(stack.logs())
    asyncio.run(stack.stop())
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("drop database house_chaos with (force)")


@pytest.fixture
def mortals(shared_stack: Stack, shared_journal: Journal) -> tuple[Stack, Journal]:
    """The shared stack with three living workers, the newest still starting, and a clean journal."""
    shared_journal.clear()
    for worker in shared_stack.workers:
        worker.told_to_end = worker.told_to_end or not worker.alive
    while sum(worker.alive for worker in shared_stack.workers) < 3:
        shared_stack.start_worker()
    return shared_stack, shared_journal
