"""The errors that A2A adds to JSON-RPC."""

from __future__ import annotations

from holdfast_server.api.jsonrpc import INVALID_PARAMS, RpcError


def no_task(task_id: str) -> RpcError:
    """There is no such task, or not for this caller, or not of this assistant."""
    return RpcError(-32001, f"Task {task_id} not found")


def not_cancelable(task_id: str, state: str) -> RpcError:
    """The task is over."""
    return RpcError(-32002, f"Task {task_id} cannot be cancelled: it is {state}")


def no_push() -> RpcError:
    """Nobody is called back."""
    return RpcError(-32003, "Push notifications are not supported; stream the task, or ask for it again")


def unsupported(sentence: str) -> RpcError:
    """The task or the server cannot do that."""
    return RpcError(-32004, sentence)


def wrong_content(sentence: str) -> RpcError:
    """The assistant cannot take such parts."""
    return RpcError(-32005, sentence)


def no_extended_card() -> RpcError:
    """There is one card for everybody."""
    return RpcError(-32007, "There is no extended agent card; the public one says it all")


def no_version(asked: str) -> RpcError:
    """A version of the protocol that is not spoken here."""
    return RpcError(-32009, f"A2A-Version is {asked!r}; this server speaks 1.0 and 0.3")


def invalid(sentence: str) -> RpcError:
    """The params make no sense."""
    return RpcError(INVALID_PARAMS, sentence)
