"""One stack of real processes for all API tests, and clients for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from js.installed import Missing, install
from langgraph_sdk.client import LangGraphClient
from stack import Stack


@pytest.fixture(scope="session")
def stack_database(template: str) -> str:
    """A database that the API tests share; threads keep them apart."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_api template house")
    return template.replace("/postgres?", "/house_api?")


@pytest.fixture(scope="session")
def stack(stack_database: str) -> Iterator[Stack]:
    """An API and a worker that serve tests/app."""
    stack = asyncio.run(Stack.start(stack_database))
    yield stack
    asyncio.run(stack.stop())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(stack: Stack) -> AsyncIterator[LangGraphClient]:
    """The official client."""
    async with stack.client() as client:
        yield client


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A bare HTTP client, for what the official one hides."""
    async with stack.http() as http:
        yield http


@pytest_asyncio.fixture(loop_scope="session")
async def thread_id(client: LangGraphClient) -> str:
    """The id of an empty thread."""
    return str((await client.threads.create())["thread_id"])


@pytest.fixture(scope="session")
def js(request: pytest.FixtureRequest) -> Path:
    """The folder with the JavaScript scenes, their packages installed; skips where that cannot be."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def tell(news: str) -> None:
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            print(f"\n{news}", flush=True)

    try:
        return install(tell)
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what the processes said."""
    report = yield
    stack: Any = getattr(item, "funcargs", {}).get("stack")
    if report.failed and stack is not None:
        report.sections.append(("processes", stack.logs()))
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All API tests share one event loop and with it the clients, whose making costs more than most tests."""
    for item in items:
        if item.path.parent == Path(__file__).parent and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
