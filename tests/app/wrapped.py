"""The same application with middleware: one of plain ASGI, one of Starlette's base class, one that blocks."""

import time

import web
from fastapi import FastAPI, Request
from starlette.middleware.base import BaseHTTPMiddleware

app = FastAPI(lifespan=web.lifespan)
app.router.routes.extend(r for r in web.app.router.routes if getattr(r, "path", "") != "")


class Stamp(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next):
        if request.headers.get("x-block"):
            time.sleep(2)  # noqa: ASYNC251
        answer = await call_next(request)
        answer.headers["x-stamp"] = "seen"
        user = request.scope.get("user")
        answer.headers["x-user"] = user.identity if user else "nobody"
        return answer


class Guard:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and b"/threads/forbidden" in scope["raw_path"]:
            await send({"type": "http.response.start", "status": 451, "headers": []})
            await send({"type": "http.response.body", "body": b"not here"})
            return
        await self.app(scope, receive, send)


app.add_middleware(Stamp)
app.add_middleware(Guard)
