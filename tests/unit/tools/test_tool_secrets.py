"""Secrets as tools ask for them: from whom the context says, else from the environment."""

from __future__ import annotations

import asyncio

import pytest

from holdfast_tools import (
    CallScope,
    Gateway,
    Policy,
    ToolCall,
    UnknownSecret,
    secret,
    secret_now,
    tool,
    use_secrets,
)
from holdfast_tools.outcome import Failed, Finished

SCOPE = CallScope("thread", "task")


class Vault:
    """A resolver with one secret."""

    async def get(self, name: str) -> str:
        return self.get_now(name)

    def get_now(self, name: str) -> str:
        return f"value-of-{name}"

    def masked(self, text: str) -> str:
        return text.replace("value-of-A", "###")


async def test_under_plain_langgraph_it_is_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "from the environment")
    assert await secret("SOME_SECRET") == secret_now("SOME_SECRET") == "from the environment"
    with pytest.raises(UnknownSecret, match="set the environment variable NOT_THERE"):
        await secret("NOT_THERE")


async def test_the_innermost_resolver_is_asked_also_by_tasks_and_threads() -> None:
    with use_secrets(Vault()):
        assert await asyncio.create_task(secret("A")) == "value-of-A"
        assert await asyncio.to_thread(secret_now, "A") == "value-of-A"


@pytest.mark.parametrize("effect", ["read", "idempotent"])
async def test_no_model_reads_a_secret_in_a_result_or_an_error(effect: str) -> None:
    @tool(effect=effect)  # type: ignore[arg-type]
    async def tell(word: str) -> dict[str, str]:
        """Tell."""
        if word == "fail":
            raise RuntimeError(f"no {await secret('A')}")
        return {"it": await secret("A")}

    gateway = Gateway([tell], policy=Policy())
    with use_secrets(Vault()):
        told = [
            await gateway.run(ToolCall(word, "tell", {"word": word}), scope=SCOPE)
            for word in ("tell", "fail")
        ]
    assert told == [Finished('{"it": "###"}'), Failed("RuntimeError: no ###")]


async def test_what_the_environment_gave_is_masked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAIN_SECRET", "from-the-environment")

    @tool(effect="read")
    async def tell() -> str:
        """Tell."""
        return await secret("PLAIN_SECRET")

    outcome = await Gateway([tell], policy=Policy()).run(ToolCall("1", "tell", {}), scope=SCOPE)
    assert outcome == Finished("[secret:PLAIN_SECRET]")
