"""docs/roles.md shows the tables that the code works with."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from holdfast_server.access.needs import ANYBODY, PUBLIC, Need
from holdfast_server.access.permissions import ROLES, Permission
from holdfast_server.access.routes import NEEDS

PAGE = Path(__file__).parents[3] / "docs" / "roles.md"


def roles_table() -> str:
    """Permission × role."""
    head = f"| permission | {' | '.join(ROLES)} |\n|---|{'---|' * len(ROLES)}\n"
    return head + "".join(
        f"| `{one}` | {' | '.join('✓' if one in held else ' ' for held in ROLES.values())} |\n"
        for one in get_args(Permission)
    )


def routes_table() -> str:
    """Route × permission."""
    return "| route | needs |\n|---|---|\n" + "".join(
        f"| `{line}` | {_worded(need)} |\n" for line, need in NEEDS.items()
    )


def _worded(need: Need) -> str:
    return {PUBLIC: "nothing: public", ANYBODY: "to be known"}.get(need, str(need))


def test_the_page_shows_the_roles() -> None:
    assert roles_table() in PAGE.read_text(encoding="utf-8"), f"docs/roles.md lacks:\n{roles_table()}"


def test_the_page_shows_the_routes() -> None:
    assert routes_table() in PAGE.read_text(encoding="utf-8"), (
        f"put this into docs/roles.md:\n{routes_table()}"
    )
