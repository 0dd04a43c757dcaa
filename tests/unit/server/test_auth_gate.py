"""The gatekeeper of a `langgraph_sdk.Auth`: which handler decides, and what it may ask for and answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from langgraph_sdk import Auth
from starlette.requests import Request
from starlette.types import Message

from holdfast_server.access.principal import Principal
from holdfast_server.custom.auth import AuthGate
from holdfast_server.custom.loop import UserLoop
from holdfast_server.errors import ApiError, ConfigError


@pytest.fixture
def loop() -> Iterator[UserLoop]:
    loop = UserLoop()
    yield loop
    loop.stop()


def gate_of(auth: object, loop: UserLoop, limit: float = 5.0) -> AuthGate:
    return AuthGate(auth, where="auth.py:auth", loop=loop, limit=limit)


def answering(answer: Any) -> Auth:
    auth = Auth()

    @auth.authenticate
    async def authenticate() -> Any:
        return answer

    return auth


def request(**scope: Any) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"a": 1}', "more_body": False}

    whole = {
        "type": "http", "method": "POST", "path": "/threads/7/runs", "query_string": b"x=1&y=2",
        "headers": [(b"authorization", b"Bearer t"), (b"x-thing", b"v")], "path_params": {"thread_id": "7"},
    } | scope  # fmt: skip
    return Request(whole, receive)


class Person:
    def __init__(self) -> None:
        self.identity = "ada"
        self.permissions = ["p"]
        self.email = "ada@x.example"
        self._token = "hidden"


@dataclass
class Whole:
    identity: str = "ada"
    display_name: str = "Ada"
    is_authenticated: bool = True
    permissions: tuple[str, ...] = ("p",)
    email: str = "ada@x.example"

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)

    def __contains__(self, key: str) -> bool:
        return hasattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)


@pytest.mark.parametrize(
    "answer",
    [{"identity": "ada", "permissions": ["p"], "email": "ada@x.example"}, Person(), Whole()],
    ids=["dict", "object", "whole user"],
)
async def test_a_user_is_whatever_has_an_identity(loop: UserLoop, answer: Any) -> None:
    caller = await gate_of(answering(answer), loop).authenticate(request())
    assert caller.user is not None
    assert caller.user["identity"] == caller.configurable["langgraph_auth_user_id"] == "ada"
    assert caller.configurable["langgraph_auth_permissions"] == ["p"]
    assert caller.user["email"] == caller.native.email == caller.native["email"]
    assert caller.user["is_authenticated"] is True
    assert "_token" not in caller.user
    assert caller.native.display_name in ("ada", "Ada")


async def test_a_bare_name_is_a_user(loop: UserLoop) -> None:
    caller = await gate_of(answering("ada"), loop).authenticate(request())
    assert caller.native.identity == "ada"
    assert caller.native.permissions == []
    with pytest.raises(AttributeError):
        _ = caller.native.email


@pytest.mark.parametrize("answer", [None, "", {}, {"identity": None}, 5, {"identity": ""}, True])
async def test_who_has_no_identity_does_not_come_in(loop: UserLoop, answer: Any) -> None:
    with pytest.raises(ApiError) as refused:
        await gate_of(answering(answer), loop).authenticate(request())
    assert refused.value.status == 401


async def test_a_handler_gets_what_its_parameters_name(loop: UserLoop) -> None:
    auth, seen = Auth(), dict[str, Any]()

    @auth.authenticate
    async def authenticate(
        request: Request, body: Any, path: str, method: str, path_params: Any, query_params: Any,
        headers: Any, authorization: str | None, extra: int = 5,
    ) -> str:  # fmt: skip
        seen.update(locals(), read=await request.json())
        return "ada"

    await gate_of(auth, loop).authenticate(request())
    assert seen["read"] == seen["body"] == {"a": 1}
    assert (seen["path"], seen["method"], seen["extra"]) == ("/threads/7/runs", "POST", 5)
    assert (seen["path_params"], seen["query_params"]) == ({"thread_id": "7"}, {"x": "1", "y": "2"})
    assert seen["authorization"] == seen["headers"].get("Authorization") == "Bearer t"
    assert seen["headers"][b"x-thing"] == b"v"
    assert ("X-Thing" in seen["headers"], "no" in seen["headers"]) == (True, False)
    assert seen["headers"].get("no", 1) == 1


async def test_a_handler_without_async_runs_beside_the_others(loop: UserLoop) -> None:
    auth = Auth()
    gone_on = threading.Event()

    def authenticate(path: str) -> str:
        if path == "/slow":
            assert gone_on.wait(5)
        return path

    auth.authenticate(authenticate)  # type: ignore[type-var]
    gate = gate_of(auth, loop)
    slow = asyncio.create_task(gate.authenticate(request(path="/slow")))
    assert (await gate.authenticate(request(path="/fast"))).native.identity == "/fast"
    gone_on.set()
    assert (await slow).native.identity == "/slow"


async def test_nobody_is_asked_twice_in_one_request(loop: UserLoop) -> None:
    auth, times = Auth(), list[int]()

    @auth.authenticate
    async def authenticate() -> str:
        times.append(1)
        return "ada"

    gate, asking = gate_of(auth, loop), request()
    assert await gate.authenticate(asking) is await gate.authenticate(asking)
    assert len(times) == 1


async def test_the_most_specific_handler_decides(loop: UserLoop) -> None:
    auth, decided = answering("ada"), list[str]()

    def noting(name: str) -> Callable[..., Any]:
        async def handler(ctx: Auth.types.AuthContext, value: Any) -> None:
            assert (ctx.user.identity, list(ctx.permissions)) == ("ada", [])
            decided.append(f"{name} for {ctx.resource}.{ctx.action}")

        return handler

    auth.on(noting("all"))
    auth.on.threads(noting("threads"))
    auth.on.threads.create(noting("threads.create"))
    auth.on(resources="*", actions="delete")(noting("any delete"))
    auth.on.store.put(noting("store.put"))
    gate = gate_of(auth, loop)
    caller = await gate.authenticate(request())
    asked: list[Any] = [
        ("threads", "create"), ("threads", "read"), ("threads", "delete"), ("assistants", "delete"),
        ("crons", "search"), ("store", "put"), ("store", "get"),
    ]  # fmt: skip
    for resource, action in asked:
        assert await gate.authorize(caller, resource, action, {}) is None
    assert decided == [
        "threads.create for threads.create", "threads for threads.read", "threads for threads.delete",
        "any delete for assistants.delete", "all for crons.search", "store.put for store.put",
        "all for store.get",
    ]  # fmt: skip


async def test_without_a_handler_everything_is_allowed(loop: UserLoop) -> None:
    gate = gate_of(answering("ada"), loop)
    assert await gate.authorize(await gate.authenticate(request()), "threads", "read", {}) is None


async def refusal(gate: AuthGate, caller: Principal, value: dict[str, Any] | None = None) -> tuple[int, str]:
    with pytest.raises(ApiError) as refused:
        await gate.authorize(caller, "threads", "read", {} if value is None else value)
    return refused.value.status, refused.value.detail


@pytest.mark.parametrize("verdict", ["yes", 1.5, ["owner"], 0, 1, "", {"owner": {"$gt": 1}}])
async def test_a_verdict_that_is_none_lets_nobody_in(loop: UserLoop, verdict: Any) -> None:
    auth = answering("ada")

    @auth.on
    async def decide(ctx: Any, value: Any) -> Any:
        return verdict

    gate = gate_of(auth, loop)
    assert (await refusal(gate, await gate.authenticate(request())))[0] == 500


async def test_a_verdict_forbids_filters_and_changes(loop: UserLoop) -> None:
    auth = answering("ada")

    @auth.on
    async def decide(ctx: Any, value: Any) -> Any:
        value["metadata"] = value.get("change", {"owner": "ada"})
        return value.get("verdict")

    gate = gate_of(auth, loop)
    caller = await gate.authenticate(request())
    assert await refusal(gate, caller, {"verdict": False}) == (403, "Forbidden")
    value: dict[str, Any] = {"metadata": {}, "verdict": {"owner": "ada"}}
    assert await gate.authorize(caller, "threads", "read", value) == ['{"owner":"ada"}']
    assert value["metadata"] == {"owner": "ada"}
    assert (await refusal(gate, caller, {"metadata": {}, "change": None}))[0] == 500


async def test_an_exit_in_a_background_task_of_the_users_does_not_end_the_thread(loop: UserLoop) -> None:
    auth = Auth()

    @auth.authenticate
    async def authenticate() -> str:
        async def leave() -> None:
            raise SystemExit(1)

        auth.task = asyncio.create_task(leave())  # type: ignore[attr-defined]
        return "ada"

    class Loose(Auth):
        task: Any = None

    loose = Loose()
    loose.authenticate(auth._authenticate_handler)  # type: ignore[type-var]
    auth = loose
    gate = gate_of(loose, loop)
    for _ in range(3):
        assert (await gate.authenticate(request())).native.identity == "ada"


@pytest.mark.parametrize("wrong", [object(), None, Auth, Auth()])
def test_what_cannot_ask_anybody_is_refused_at_the_start(loop: UserLoop, wrong: object) -> None:
    with pytest.raises(ConfigError, match=r"auth\.py:auth"):
        gate_of(wrong, loop)


def test_a_handler_that_asks_for_what_there_is_not_is_refused_at_the_start(loop: UserLoop) -> None:
    auth = Auth()

    @auth.authenticate
    async def authenticate(session: Any) -> str:
        return "ada"

    with pytest.raises(ConfigError, match="asks for 'session'; it may ask for request, body"):
        gate_of(auth, loop)
