"""A lane for every test that asks."""

from __future__ import annotations

import pytest
from db.lane import Lane

from holdfast_server.db.pool import Pool


@pytest.fixture
def lane(pool: Pool) -> Lane:
    """A thread with its lane on a fresh database."""
    return Lane(pool)
