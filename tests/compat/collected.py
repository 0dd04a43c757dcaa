"""Which test proves which behaviour, as JSON: collects all tests and runs none."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


class Collector:
    """A pytest plugin that notes the markers of what was collected."""

    def __init__(self) -> None:
        self.tests: dict[str, list[str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Notes each behaviour with its tests."""
        for item in session.items:
            for marker in item.iter_markers("behaviour"):
                for name in marker.args:
                    self.tests.setdefault(str(name), []).append(item.nodeid)


def main() -> int:
    """Prints `{behaviour: [test, …]}`; answers pytest's exit code."""
    collector = Collector()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", str(TESTS)], [collector])
    if code != pytest.ExitCode.OK:
        sys.stderr.write(said.getvalue())
    json.dump(collector.tests, sys.stdout)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
