"""A scene for the gateway: a ledger of its own, and a scope that stays the same across attempts."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from holdfast_tools import CallScope
from holdfast_tools.ledger import InMemoryLedger, use_ledger

# The first example pays for imports; on a busy machine that alone takes longer than hypothesis allows.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
def ledger() -> Iterator[InMemoryLedger]:
    with use_ledger(InMemoryLedger()) as fresh:
        assert isinstance(fresh, InMemoryLedger)
        yield fresh


@pytest.fixture
def scope() -> CallScope:
    return CallScope(thread_id="t1", task_id="task1")
