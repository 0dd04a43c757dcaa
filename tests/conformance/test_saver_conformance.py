"""LangGraph's own conformance suite, run against the fenced saver."""

from __future__ import annotations

from collections.abc import AsyncIterator

from langgraph.checkpoint.conformance import checkpointer_test, validate

from holdfast_server.db.pool import Pool
from holdfast_server.supervision.saver import FencedSaver


async def test_the_fenced_saver_passes_langgraphs_conformance_suite(pool: Pool) -> None:
    @checkpointer_test(name="FencedSaver")
    async def fenced_saver() -> AsyncIterator[FencedSaver]:
        yield FencedSaver(pool)

    report = await validate(fenced_saver)

    failed = {name: result.failures for name, result in report.results.items() if result.passed is False}
    assert not failed
    assert report.passed_all_base()
