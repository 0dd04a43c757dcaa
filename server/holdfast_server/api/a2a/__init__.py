"""The Agent2Agent protocol: every assistant is an agent, every thread a context, every run a task."""

from holdfast_server.api.a2a.routes import router

__all__ = ["router"]
