"""The classic owner handler, and users that make trouble."""

import asyncio
import sys
import time

from langgraph_sdk import Auth

auth = Auth()


@auth.authenticate
async def authenticate(authorization: str | None, headers: dict, path_params: dict) -> dict:
    name = (authorization or "").removeprefix("Bearer ")
    match name:
        case "":
            raise Auth.exceptions.HTTPException(
                status_code=401, detail="Who are you?", headers={"WWW-Authenticate": "Bearer"}
            )
        case "blocker":
            time.sleep(3)  # noqa: ASYNC251
        case "hanger":
            await asyncio.Event().wait()
        case "bug":
            raise KeyError("no such token")
        case "exit":
            sys.exit(3)
        case "wrong":
            raise AssertionError("That is no token of ours")
        case "nobody":
            return None
        case "forbidden":
            return {"identity": "forbidden", "permissions": ["nothing"]}
    return {"identity": name, "display_name": name.title(), "permissions": ["work"], "team": "red"}


@auth.on
async def own(ctx: Auth.types.AuthContext, value: dict) -> dict:
    metadata = value.setdefault("metadata", {})
    metadata["owner"] = ctx.user.identity
    return {"owner": ctx.user.identity}


@auth.on.threads.create
async def create(ctx: Auth.types.AuthContext, value: dict) -> dict | bool:
    if "work" not in ctx.permissions:
        return False
    assert value.get("metadata", {}).get("topic") != "secret", "Not that topic"
    return await own(ctx, value)


@auth.on.store
async def shelf(ctx: Auth.types.AuthContext, value: dict) -> None:
    value["namespace"] = (ctx.user.identity, *(value.get("namespace") or ()))
