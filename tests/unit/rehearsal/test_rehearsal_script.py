"""Loading a script from `path.py:name`."""

from pathlib import Path

import pytest

from holdfast_server.rehearsal import Request, Say, ScriptError, load_script

SCRIPT = """
from holdfast_server.rehearsal import Reply, Request, Say

def play(request: Request) -> Reply:
    return Say("by default")

def other(request: Request) -> Reply:
    return Say("by name")
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def test_a_script_is_found_by_name_and_is_play_by_default(script: Path) -> None:
    request = Request("m", ())
    assert load_script(str(script))(request) == Say("by default")
    assert load_script(f"{script}:other")(request) == Say("by name")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"there is no script at .*nowhere\.py"):
        load_script(str(tmp_path / "nowhere.py"))


def test_a_missing_function_is_named_with_its_signature(script: Path) -> None:
    with pytest.raises(ScriptError, match="has no function 'solo'; define `def solo"):
        load_script(f"{script}:solo")


def test_a_script_that_fails_while_loading_says_why(script: Path) -> None:
    script.write_text("import no_such_module")
    with pytest.raises(ScriptError, match="ModuleNotFoundError: No module named 'no_such_module'"):
        load_script(str(script))
