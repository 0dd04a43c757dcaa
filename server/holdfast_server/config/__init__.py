"""langgraph.json, one section a file; `app` is the whole. Knows no graph and imports no user code."""
