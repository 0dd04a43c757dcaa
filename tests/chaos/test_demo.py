"""The demo, run as anybody runs it, and its claims held against the files it leaves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 150


@dataclass(frozen=True)
class Demo:
    """A demo that is over."""

    exit_code: int
    output: str
    folder: Path

    @property
    def dev_log(self) -> str:
        return (self.folder / "dev.log").read_text()

    def journal(self, name: str) -> list[dict[str, Any]]:
        """What the agent's tools really did."""
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def row(self, invoice_id: str) -> str:
        """The invoice's line in the table at the end."""
        table = self.output.partition("What happened")[2]
        return next(line for line in table.splitlines() if line.strip().startswith(invoice_id))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """One run without a terminal, without a key, and with a DATABASE_URL that it must leave alone."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    run = subprocess.run(
        [sys.executable, "demo/demo.py", "--data-dir", str(folder)],
        cwd=ROOT,
        env=environment | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    return Demo(run.returncode, run.stdout, folder)


def test_the_demo_ends_well_and_every_claim_holds(demo: Demo) -> None:
    assert demo.exit_code == 0, demo.output
    assert demo.output.count("✓") == 7
    assert "✗" not in demo.output


def test_the_journal_bears_out_that_nothing_was_paid_twice(demo: Demo) -> None:
    payments = demo.journal("payments.jsonl")
    assert sorted(p["invoice_id"] for p in payments) == ["INV-0001", "INV-0007", "INV-0008", "INV-0015"]
    assert len({p["idempotency_key"] for p in payments}) == len(payments)
    assert "no payment was made twice: 4 in the journal" in demo.output


def test_the_others_were_flagged_or_rejected_and_not_paid(demo: Demo) -> None:
    flagged = sorted(entry["invoice_id"] for entry in demo.journal("flags.jsonl"))
    assert flagged == ["INV-0012", "INV-0035", "INV-0058"]
    assert "not paid: rejected" in demo.row("INV-0039")
    assert "demo.py rejected" in demo.row("INV-0039")
    assert "demo.py approved" in demo.row("INV-0001")


def test_a_worker_was_really_killed_in_a_tool_call_and_its_runs_went_on(demo: Demo) -> None:
    killed = re.search(r"worker (\d+) is dead; it was executing (.+)", demo.output)
    watched = re.search(r"(INV-\d+)\s+screen_supplier is in flight", demo.output)
    assert killed
    assert watched
    assert f"process {killed[1]} ended with -9; starting it again" in demo.dev_log
    assert watched[1] in killed[2]
    assert f"{watched[1]}  goes on as attempt 2" in demo.output


def test_the_demo_leaves_no_process_behind(demo: Demo) -> None:
    started = [int(pid) for pid in re.findall(r": process (\d+)$", demo.dev_log, re.MULTILINE)]
    assert len(started) >= 4
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
    assert not (demo.folder / "postgres" / "postmaster.pid").exists()
