"""The OpenAPI document is complete and true: no request of a fuzzer gets a 500 or an undocumented answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from stack import Stack

from holdfast_server.access.gatekeeper import OpenHouse
from holdfast_server.api import contract
from holdfast_server.api.app import Companion, make_app
from holdfast_server.db.pool import Pool
from holdfast_server.settings import Settings

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# These answers stay open by design; tests of their own read them.
ENDLESS = r"^/threads/\{thread_id\}/stream"
EXAMPLES = 25


@pytest.mark.behaviour("http.openapi-complete")
def test_every_route_is_in_the_contract_and_every_line_has_a_route(document: dict[str, Any]) -> None:
    routes = {f"{verb.upper()} {path}" for path, verbs in document["paths"].items() for verb in verbs}
    assert contract.undocumented(document) == []
    assert sorted(contract.CONTRACT.keys() - routes) == []


@pytest.mark.behaviour("http.openapi-complete")
def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    known = document["components"]["schemas"]
    assert [ref for ref in _references(document) if ref.rpartition("/")[2] not in known] == []


@pytest.fixture(scope="session")
def document(stack: Stack) -> dict[str, Any]:
    """The document as clients get it."""
    found: dict[str, Any] = httpx.get(f"{stack.url}/openapi.json").json()
    return found


@pytest.fixture(scope="session")
def alive(stack: Stack) -> dict[str, list[str]]:
    """Ids that exist, so that half of the requests get beyond the 404."""

    async def make() -> dict[str, list[str]]:
        async with stack.client() as client:
            thread = await client.threads.create()
            run = await client.runs.create(thread["thread_id"], "echo", input={"x": 1})
            await client.runs.join(thread["thread_id"], run["run_id"])
            assistant = await client.assistants.create("echo")
            return {
                "thread_id": [thread["thread_id"]],
                "run_id": [run["run_id"]],
                "assistant_id": [assistant["assistant_id"]],
                "graph_id": ["echo"],
            }

    return asyncio.run(make())


def _document() -> dict[str, Any]:
    """The document as an application makes it that nobody started."""
    return make_app(Settings(), companion=_no_companion, gatekeeper=OpenHouse()).openapi()


def _no_companion(pool: Pool, settings: Settings) -> Companion:
    raise AssertionError("this application is never started")


requests = schemathesis.openapi.from_dict(_document()).exclude(path_regex=ENDLESS)


@pytest.mark.behaviour("http.openapi-true")
@requests.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_gets_a_500_or_an_undocumented_answer(
    case: Any, alive: dict[str, list[str]], stack: Stack
) -> None:
    _aim(case, alive)
    case.validate_response(case.call(base_url=stack.url, timeout=30), checks=CHECKS)


def _aim(case: Any, alive: dict[str, list[str]]) -> None:
    """Half of the requests are about things that exist; runs end soon."""
    dice = Random(str(case.body) + str(case.path_parameters))
    for place in (case.path_parameters, case.body):
        if isinstance(place, dict):
            for name in place.keys() & alive.keys():
                if dice.random() < 0.6:
                    place[name] = dice.choice(alive[name])
            place.pop("after_seconds", None)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(ref := value.get("$ref"), str):
            yield ref
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
