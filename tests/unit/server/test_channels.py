"""Subscriptions choose stored events by channel, namespace and depth; the protocol writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from holdfast_server.api.channels import Subscription, is_for_protocol, protocol_event


def row(name: str, data: str = "{}") -> dict[str, Any]:
    return {"event_id": 7, "ms": 5, "name": name, "data": data, "graph_id": "g"}


@pytest.mark.parametrize(
    ("subscription", "name", "wanted"),
    [
        ({"channels": ["messages"]}, "blocks|sub:1", True),
        ({"channels": ["messages"]}, "messages|sub:1", False),
        ({"channels": ["messages"]}, "messages/metadata", False),
        ({"channels": ["lifecycle"]}, "metadata", True),
        ({"channels": ["lifecycle"]}, "end", True),
        ({"channels": ["lifecycle"]}, "lifecycle|sub:1", True),
        ({"channels": ["input"]}, "input.requested", True),
        ({"channels": ["values"]}, "state_update", False),
        ({"channels": ["values"], "namespaces": [["sub"]]}, "values|sub:1", True),
        ({"channels": ["values"], "namespaces": [["sub"]]}, "values|sub:1|deep:2", True),
        ({"channels": ["values"], "namespaces": [["sub"]], "depth": 0}, "values|sub:1|deep:2", False),
        ({"channels": ["values"], "namespaces": [["sub"]]}, "values", False),
        ({"channels": ["values"], "namespaces": [["sub:2"]]}, "values|sub:1", False),
        ({"channels": ["values"], "namespaces": [["sub:2"], []], "depth": 0}, "values", True),
        ({"channels": ["values"], "namespaces": []}, "values|sub:1", True),
        ({"channels": ["values"], "depth": 0}, "values|sub:1", False),
        ({"channels": ["values"], "depth": 1}, "values|sub:1", True),
    ],
)
def test_what_a_subscription_wants(subscription: Any, name: str, wanted: bool) -> None:
    assert Subscription.of(subscription).wants(row(name)) is wanted


@pytest.mark.parametrize(
    ("data", "wanted"), [('{"name": "a"}', True), ('{"name": "b"}', False), ("[1]", False), ('"a"', False)]
)
def test_a_named_custom_channel_shows_its_own(data: str, wanted: bool) -> None:
    assert Subscription.of({"channels": ["custom:a"]}).wants(row("custom", data)) is wanted
    assert Subscription.of({"channels": ["custom:a", "custom"]}).wants(row("custom", data))


@pytest.mark.parametrize(
    ("name", "method", "namespace", "data"),
    [
        ("values|a:1|b:2", "values", ["a:1", "b:2"], {"x": 1}),
        ("blocks", "messages", [], {"x": 1}),
        ("end", "lifecycle", [], {"x": 1}),
        ("metadata", "lifecycle", [], {"event": "running", "graph_name": "g"}),
    ],
)
def test_an_event_of_the_protocol(name: str, method: str, namespace: list[str], data: Any) -> None:
    told, text = protocol_event(row(name, '{"x": 1}'))
    assert told == method
    assert json.loads(text) == {
        "type": "event",
        "event_id": "5-7",
        "seq": 7,
        "method": method,
        "params": {"namespace": namespace, "timestamp": 5, "data": data},
    }


def test_the_lifecycle_mode_of_the_root_is_not_told_twice() -> None:
    assert not is_for_protocol(row("lifecycle"))
    assert is_for_protocol(row("lifecycle|sub:1"))
