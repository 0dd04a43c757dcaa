"""The gatekeeper of a `langgraph_sdk.Auth` object: its handlers say who calls and what they may do."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from langgraph_sdk import Auth
from langgraph_sdk.auth.types import AuthContext
from starlette.requests import HTTPConnection

from holdfast_server.access.claims import claim, name_of, words
from holdfast_server.access.gatekeeper import Action, Resource
from holdfast_server.access.permissions import permissions_of
from holdfast_server.access.principal import KNOWN, Principal
from holdfast_server.access.tenant import DEFAULT, tenant_named
from holdfast_server.access.user import User, known_to_runs
from holdfast_server.access.visible import Visible, visible_under
from holdfast_server.config.access import AccessConfig
from holdfast_server.custom.loop import UserCodeExited, UserCodeStuck, UserLoop
from holdfast_server.custom.parameters import offered, wanted_by
from holdfast_server.custom.user import native, user_of
from holdfast_server.errors import ApiError, ConfigError

logger = logging.getLogger(__name__)
_ALONE = AccessConfig()


class AuthGate:
    """Asks the handlers on the user's thread; whatever goes wrong there, nobody gets in.

    Args:
        auth: the user's object.
        where: its path in langgraph.json, for errors.
        limit: seconds that a handler may take.
        access: what tenant and roles the handler's users have, and whether others may call than them.

    Raises:
        ConfigError: the object cannot decide who calls, and nothing else does.
    """

    def __init__(
        self, auth: object, *, where: str, loop: UserLoop, limit: float, access: AccessConfig = _ALONE
    ) -> None:
        if not isinstance(auth, Auth):
            raise ConfigError(f"{where} is a {type(auth).__name__}; it must be a langgraph_sdk.Auth")
        if auth._authenticate_handler is None and not access.asks:
            raise ConfigError(
                f"{where} has no @auth.authenticate handler; without one nobody could call. "
                'Add one, or let callers in by "holdfast": {"access": {"keys": true}} or "oidc"'
            )
        self._auth = auth
        self._authenticate: Callable[..., Any] | None = auth._authenticate_handler
        self._wanted = wanted_by(self._authenticate, where) if self._authenticate else frozenset()
        self._loop = loop
        self._limit = limit
        self._access = access

    @property
    def authenticates(self) -> bool:
        """Whether it has a handler that says who calls; without one it only rules what they may do."""
        return self._authenticate is not None

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """Who calls; asked once for a request.

        Raises:
            ApiError: 401 or whatever the handler raises; 504 when it does not answer.
        """
        known = connection.scope.get(KNOWN)
        if not isinstance(known, Principal):
            given = await offered(self._wanted, connection)
            known = await self._asked(self._who(given), refusal=401)
            connection.scope[KNOWN] = known
        return known

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        """What the most specific `on` handler says; without one everything is allowed.

        Raises:
            ApiError: 403 or whatever the handler raises; 504 when it does not answer.
        """
        handler = self._handler(resource, action)
        if handler is None:
            return None
        had_metadata = "metadata" in value
        # A caller of another gatekeeper has a user as well; who has none is nobody.
        user = User(caller.user or {"identity": ""}) if caller.native is None else caller.native
        verdict = await self._asked(_decided(handler, user, resource, action, value), refusal=403)
        if had_metadata and not isinstance(value.get("metadata"), dict):
            raise ApiError(500, f"The auth handler left {value.get('metadata')!r} as metadata, no object")
        return _visible(verdict)

    async def _who(self, given: Mapping[str, Any]) -> Principal:
        """Runs on the user's thread: also reading the answer may run code of the user's."""
        assert self._authenticate is not None, "an object without this handler is not asked"
        if inspect.iscoroutinefunction(self._authenticate):
            answer = await self._authenticate(**given)
        else:
            answer = await asyncio.to_thread(partial(self._authenticate, **given))
            answer = await answer if inspect.isawaitable(answer) else answer
        user = user_of(answer)
        if user is None:
            raise ApiError(401, "Unauthorized")
        said = user.as_json()
        roles = self._roles_of(said)
        return Principal(
            tenant=self._tenant_of(said),
            user_id=said["identity"],
            roles=roles,
            permissions=permissions_of(roles, self._access.roles),
            how="handler",
            user=said,
            configurable=known_to_runs(said),
            native=native(answer, user),
        )

    def _roles_of(self, said: Mapping[str, Any]) -> frozenset[str]:
        path = self._access.handler.roles
        return frozenset({"developer"}) if path is None else words(claim(said, path))

    def _tenant_of(self, said: Mapping[str, Any]) -> str:
        path = self._access.handler.tenant
        if path is None:
            return DEFAULT
        try:
            return tenant_named(name_of(claim(said, path)))
        except ValueError:
            raise ApiError(
                403, f"The auth handler names no tenant: {path} is missing or no name of one"
            ) from None

    def _handler(self, resource: Resource, action: Action) -> Callable[..., Awaitable[Any]] | None:
        for key in ((resource, action), (resource, "*"), ("*", action), ("*", "*")):
            if found := self._auth._handlers.get(key):
                return found[-1]
        return self._auth._global_handlers[-1] if self._auth._global_handlers else None

    async def _asked(self, work: Any, *, refusal: int) -> Any:
        try:
            return await self._loop.answer(work, limit=self._limit)
        except ApiError:
            raise
        except UserCodeStuck:
            logger.error("an auth handler did not answer in %g s", self._limit)
            raise ApiError(504, f"The auth handler did not answer in {self._limit:g} s; try again") from None
        except AssertionError as error:
            raise ApiError(refusal, str(error) or _PHRASES[refusal]) from None
        except (Exception, UserCodeExited) as error:
            raise _refusal(error) from None


_PHRASES = {401: "Unauthorized", 403: "Forbidden"}


async def _decided(
    handler: Callable[..., Awaitable[Any]], user: Any, resource: Resource, action: Action, value: Any
) -> Any:
    """On the user's thread, because reading a user's property may run code of theirs."""
    context = AuthContext(permissions=user.permissions, user=user, resource=resource, action=action)
    return await handler(ctx=context, value=value)


def _refusal(error: BaseException) -> ApiError:
    """An HTTPException of the SDK, of Starlette or of FastAPI is an answer; anything else is a fault."""
    status, detail = getattr(error, "status_code", None), getattr(error, "detail", None)
    if isinstance(status, int) and 400 <= status <= 599:
        headers = getattr(error, "headers", None)
        return ApiError(status, str(detail), headers if isinstance(headers, Mapping) else None)
    logger.error("an auth handler failed", exc_info=error)
    return ApiError(
        500, f"The auth handler failed ({type(error).__name__}); the server's log has the details"
    )


def _visible(verdict: Any) -> Visible:
    match verdict:
        case None | True:
            return None
        case False:
            raise ApiError(403, "Forbidden")
        case Mapping():
            return visible_under(verdict)
        case _:
            raise ApiError(500, f"The auth handler answered {verdict!r}; it must be None, a bool or a filter")
