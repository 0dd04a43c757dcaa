"""Runs any LangGraph graph under supervision: API, workers, durable runs."""

import os

# LangGraph's serialiser reads it once, when it is first imported: with it, no type that is named in the
# database is imported and called (CVE-2026-28277). Hence here, before every other line of ours, and for good:
# what the environment says otherwise does not count.
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
