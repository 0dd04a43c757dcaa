"""From langgraph.json to graphs that a worker can run."""
