"""A server that nobody calls over MCP or A2A does not pay for these packages."""

from __future__ import annotations

import subprocess
import sys


def test_the_application_starts_without_the_protocol_packages() -> None:
    script = (
        "import sys, holdfast_server.api.app, holdfast_server.cli;"
        "print(*sorted({'mcp', 'mcp_types', 'a2a', 'sse_starlette', 'google.protobuf'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
