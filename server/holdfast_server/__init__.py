"""Runs any LangGraph graph under supervision: API, workers, durable runs."""
