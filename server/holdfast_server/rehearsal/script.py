"""A script: the function that plays the model, loaded from `path.py:name`."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from holdfast_server.rehearsal.errors import ScriptError
from holdfast_server.rehearsal.reply import Reply
from holdfast_server.rehearsal.request import Request


class Script(Protocol):
    """Plays the model. Called on the event loop: to be slow, answer with `Hang`, do not sleep."""

    def __call__(self, request: Request, /) -> Reply: ...


def load_script(reference: str) -> Script:
    """Load `path.py:name`; the name may be left out and is then `play`. Raises `ScriptError`."""
    path_text, _, name = reference.partition(":")
    name = name or "play"
    module = _module(Path(path_text).resolve())
    play: object = getattr(module, name, None)
    if not callable(play):
        raise ScriptError(
            f"script {path_text} has no function {name!r}; define `def {name}(request: Request) -> Reply`, "
            "or name another one as path.py:name"
        )
    return cast(Script, play)


def _module(path: Path) -> ModuleType:
    if not path.is_file():
        raise ScriptError(
            f"there is no script at {path}; give the path of a Python file, as in script.py:play"
        )
    spec = spec_from_file_location(f"rehearsal_script_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ScriptError(f"{path} is not a Python file; a script's name ends in .py")
    module = module_from_spec(spec)
    # dataclasses and pydantic resolve annotations through sys.modules.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ScriptError(f"script {path} failed while loading: {type(error).__name__}: {error}") from error
    return module
