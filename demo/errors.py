"""What ends the demo early.

DemoError
└── FolderInUse
"""


class DemoError(Exception):
    """The demo cannot go on; the message says why, and what to do."""


class FolderInUse(DemoError):
    """The folder is not ours to empty."""
