"""Forms on pages of ours: they count only when a page of ours sent them, for the session it was shown to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass

from starlette.requests import Request

from holdfast_server.errors import ApiError

_SAFE = ("GET", "HEAD", "OPTIONS")
_WE_SENT_IT = ("same-origin", "none")
_NEXT_LINE = "reload the page and try again"


@dataclass(frozen=True)
class Csrf:
    """Makes and checks the token that a page puts into its forms, or into the header `x-csrf-token`.

    Two things must hold, because each alone has holes: the browser says that the request comes from this
    origin (Sec-Fetch-Site, or Origin), and the token is one that we signed for this session, not long ago.

    Example:
        csrf = Csrf.derived(house_secret)
        page = f'<input type="hidden" name="csrf" value="{csrf.token(session_id)}">'
        csrf.check(request, session_id, form["csrf"])
    """

    key: bytes
    seconds: int = 12 * 3600

    @classmethod
    def derived(cls, house_secret: bytes) -> Csrf:
        """With a key of its own, so that no other signature of the house passes for a token.

        Raises:
            ValueError: the secret is too short to be one.
        """
        if len(house_secret) < 16:
            raise ValueError("the house secret has less than 16 bytes")
        return cls(hmac.digest(house_secret, b"holdfast csrf 1", "sha256"))

    def token(self, session: str, *, now: float | None = None) -> str:
        """The token of a session; `now` in seconds since 1970."""
        until = int((time.time() if now is None else now) + self.seconds)
        return f"{until}.{self._signature(session, until)}"

    def check(self, request: Request, session: str, token: str | None, *, now: float | None = None) -> None:
        """Lets a request pass that only reads, or that a page of ours sent.

        Raises:
            ApiError: 403.
        """
        if request.method in _SAFE:
            return
        if not _comes_from_here(request):
            raise ApiError(403, f"The form was sent by a page of another origin; {_NEXT_LINE}")
        until, _, signature = (token or "").partition(".")
        if not (until.isascii() and until.isdecimal() and len(until) < 16):
            raise ApiError(403, f"The form has no token; {_NEXT_LINE}")
        if not hmac.compare_digest(signature.encode(), self._signature(session, int(until)).encode()):
            raise ApiError(403, f"The form belongs to another session; {_NEXT_LINE}")
        if int(until) < (time.time() if now is None else now):
            raise ApiError(403, f"The form is too old; {_NEXT_LINE}")

    def _signature(self, session: str, until: int) -> str:
        digest = hmac.digest(self.key, f"{until}\n{session}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _comes_from_here(request: Request) -> bool:
    """What the browser says; one that says nothing is none of the last years, and is not believed."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in _WE_SENT_IT:
        return False
    if origin is None:
        return site is not None
    return origin == f"{request.url.scheme}://{request.headers.get('host', '')}"
