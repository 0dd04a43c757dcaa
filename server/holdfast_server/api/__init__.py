"""Thin FastAPI routers that speak the LangGraph Server API, one resource a file."""
