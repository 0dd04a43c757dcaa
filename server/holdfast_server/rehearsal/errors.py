"""What can go wrong in a rehearsal.

RehearsalError
├── AddressTaken       somebody listens on that port already
├── ScriptError        the script cannot be loaded, or answered with something that is no reply
└── InvalidRequest     the client sent what OpenAI would refuse with 400
"""


class RehearsalError(Exception):
    """Anything the rehearsal endpoint itself complains about."""


class AddressTaken(RehearsalError):
    """Somebody listens on that port already."""


class ScriptError(RehearsalError):
    """The script cannot be loaded, or answered with something that is no reply."""


class InvalidRequest(RehearsalError):
    """The client sent what OpenAI would refuse with status 400."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param
