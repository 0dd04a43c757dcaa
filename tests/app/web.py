"""An application of the user's: routes, a lifespan, middleware for headers, and things that go wrong."""

import asyncio
import os
import time
from contextlib import asynccontextmanager

import entry  # a neighbour: dependencies are importable
from fastapi import APIRouter, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.staticfiles import StaticFiles


@asynccontextmanager
async def lifespan(app: FastAPI):
    print("web: opened", flush=True)
    yield {"opened": "by the lifespan"}
    print("web: closed", flush=True)


app = FastAPI(lifespan=lifespan)


class Order(BaseModel):
    item: str


@app.post("/shop/orders")
async def order(order: Order) -> Order:
    return order


@app.get("/shop/hello/{name}")
async def hello(request: Request, name: str) -> dict:
    user = request.scope.get("user")
    return {
        "hello": name,
        "opened": request.state.opened,
        "spice": os.environ.get("TEST_APP_SPICE"),
        "neighbour": entry.__name__,
        "user": user.identity if user else None,
        "thread": __import__("threading").current_thread().name,
    }


@app.get("/shop/teapot")
async def teapot() -> None:
    raise HTTPException(418, "short and stout")


@app.get("/shop/crash")
async def crash() -> None:
    raise RuntimeError("a bug of the user's")


@app.get("/shop/block")
async def block() -> dict:
    time.sleep(2)  # noqa: ASYNC251
    return {"blocked": True}


@app.get("/shop/count")
async def count() -> StreamingResponse:
    async def numbers():
        for n in range(3):
            yield f"{n}\n"
            await asyncio.sleep(0)

    return StreamingResponse(numbers(), media_type="text/plain")


@app.get("/shop/ever")
async def ever() -> StreamingResponse:
    async def numbers():
        try:
            while True:
                yield "tick\n"
                await asyncio.sleep(0.05)
        finally:
            app.state.hung_up = True

    return StreamingResponse(numbers(), media_type="text/plain")


@app.get("/shop/hung_up")
async def hung_up() -> dict:
    return {"hung_up": getattr(app.state, "hung_up", False)}


@app.get("/threads/mine")
async def mine() -> dict:
    return {"mine": "wins over /threads/{thread_id}"}


@app.get("/ok")
async def not_ok() -> dict:
    return {"ok": False}


@app.websocket("/shop/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text.upper())


desk = APIRouter(prefix="/desk")


@desk.get("/{number}")
async def at_desk(number: int) -> dict:
    return {"desk": number}


app.include_router(desk)
app.mount("/shop/files", StaticFiles(directory=os.path.dirname(__file__)))
app.mount("/", StaticFiles(directory=os.path.dirname(__file__)))
