"""LangGraph's own conformance suite, run against the fenced saver, readable and sealed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from langgraph.checkpoint.conformance import checkpointer_test, validate

from holdfast_server.db.pool import Pool
from holdfast_server.sealing.house import sealing_with
from holdfast_server.sealing.key import Key
from holdfast_server.sealing.sealer import Sealer
from holdfast_server.supervision.saver import FencedSaver


@pytest.mark.parametrize("sealer", [Sealer(), Sealer(Key.of(os.urandom(32)))], ids=["readable", "sealed"])
async def test_the_fenced_saver_passes_langgraphs_conformance_suite(pool: Pool, sealer: Sealer) -> None:
    @checkpointer_test(name="FencedSaver")
    async def fenced_saver() -> AsyncIterator[FencedSaver]:
        with sealing_with(sealer):
            yield FencedSaver(pool)

    report = await validate(fenced_saver)

    failed = {name: result.failures for name, result in report.results.items() if result.passed is False}
    assert not failed
    assert report.passed_all_base()
