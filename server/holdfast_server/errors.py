"""The exceptions of the server.

HoldfastError
├── ConfigError        langgraph.json or a setting is wrong; names the file and the mend
├── UserCodeError      something that langgraph.json names cannot be imported (user_code.py)
├── GraphLoadError     one graph cannot be loaded; the others run on
├── DatabaseError      no database, or one that is not ours
├── KeyUnusable        an API key that somebody named does not exist, or is dead
├── ProviderSilent     an identity provider does not tell its keys (access/provider.py)
├── ExitInGraph        user code asked the process to exit (workers/exits.py)
├── LeaseLost          this worker was superseded: it must stop and write nothing
├── ThreadBusy         a write to a thread's state while a run owns the thread
└── ApiError           an answer to an HTTP client: status and one sentence
"""

from __future__ import annotations

from collections.abc import Mapping


class HoldfastError(Exception):
    """Any error that Holdfast itself raises."""


class ConfigError(HoldfastError):
    """The configuration cannot be used."""


class UserCodeError(HoldfastError):
    """What langgraph.json names cannot be imported."""


class GraphLoadError(HoldfastError):
    """A graph of langgraph.json cannot be loaded."""


class DatabaseError(HoldfastError):
    """The database cannot be reached or is not a Holdfast database."""


class KeyUnusable(HoldfastError):
    """The API key that was named cannot be worked on."""


class ProviderSilent(HoldfastError):
    """The identity provider does not answer, or not with its keys."""


class LeaseLost(HoldfastError):
    """The run has a newer owner; nothing of this attempt may be written any more."""


class ThreadBusy(HoldfastError):
    """The thread has a live run, so its state cannot be edited."""


class ApiError(HoldfastError):
    """An HTTP answer other than 2xx.

    Args:
        status: HTTP status code.
        detail: one sentence for the client.
        headers: of the answer, such as `www-authenticate`.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
