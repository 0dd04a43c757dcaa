"""The Model Context Protocol: every assistant is a tool."""

from holdfast_server.api.mcp.routes import router

__all__ = ["router"]
