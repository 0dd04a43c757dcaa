"""Imports what users wrote: an object that langgraph.json names, out of a file or a module."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from holdfast_server.errors import UserCodeError


def make_importable(paths: Iterable[Path], env: Mapping[str, str]) -> None:
    """Puts `dependencies` on the import path and `env` into the environment, as LangGraph's CLI does."""
    for path in reversed(tuple(paths)):
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))
    os.environ.update(env)


def load_object(subject: str, source: str, name: str, folder: Path) -> Any:
    """The object `name` of a file below `folder`, or of a module.

    Args:
        subject: what it is for the user, as in `graph 'agent'`; every error begins with it.

    Raises:
        UserCodeError: names the subject, the file and the error, with the line of the user's code.
    """
    try:
        module = _module(subject, source, folder)
        return _attribute(subject, module, source, name)
    except UserCodeError:
        raise
    except (Exception, SystemExit) as error:
        raise UserCodeError(
            f"{subject} from {source} does not load: {type(error).__name__}: {error}{_line_of(error)}"
        ) from error


def _module(subject: str, source: str, folder: Path) -> ModuleType:
    if not source.endswith(".py") and "/" not in source:
        return importlib.import_module(source)
    file = (folder / source).resolve()
    if not file.is_file():
        raise UserCodeError(f"{subject}: {file} does not exist; correct langgraph.json")
    # Registered under a name of its own: type hints of the state are looked up there.
    name = "holdfast_graph_file_" + "_".join(file.with_suffix("").parts[1:])
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _attribute(subject: str, module: ModuleType, source: str, name: str) -> Any:
    if not hasattr(module, name):
        public = ", ".join(n for n in vars(module) if not n.startswith("_"))
        raise UserCodeError(f"{subject}: {source} has no {name!r}; it has {public[:300] or 'nothing'}")
    return getattr(module, name)


def _line_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
