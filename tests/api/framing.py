"""The frames of an event stream, read byte by byte."""

from __future__ import annotations

import json
import re
from typing import Any

FRAME = re.compile(rb"event: ([^\r\n]+)\r\ndata: ([^\r\n]+)\r\n(?:id: (\d+-\d+)\r\n)?\r\n")


def frames(raw: bytes) -> list[tuple[str, Any, str | None]]:
    """Name, data and id of each frame; anything that is no frame or heartbeat fails."""
    found = [(n.decode(), json.loads(d), i.decode() or None) for n, d, i in FRAME.findall(raw)]
    assert FRAME.sub(b"", raw).replace(b": heartbeat\r\n\r\n", b"") == b""
    return found
