"""Secrets: named in langgraph.json, tools and contexts, resolved when they are used, stored nowhere."""
