"""What `holdfast sealing rotate` and `holdfast sealing open` do, in sentences for a person."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from holdfast_server.config.app import read_config
from holdfast_server.db.keys import check_keys
from holdfast_server.db.migrate import check_migrated
from holdfast_server.errors import ConfigError
from holdfast_server.rotation.rotation import Report, Tell, rotate
from holdfast_server.sealing import house
from holdfast_server.sealing.sealer import Sealer
from holdfast_server.secrets.keys import sealer_for
from holdfast_server.settings import Settings


def run_rotation(settings: Settings, *, readable: bool, tell: Tell) -> bool:
    """Rotates and tells; whether everything is now as it should be.

    Raises:
        ConfigError: langgraph.json does not ask for what the command does.
        DatabaseError: a key is missing.
    """
    sealer = sealer_for(read_config(settings.config))
    _check(sealer, readable=readable)
    house.install(sealer)
    asyncio.run(check_migrated(settings.database_url))
    asyncio.run(check_keys(settings.database_url, sealer))
    report = asyncio.run(rotate(settings.database_url, tell))
    for line in _lines(report, sealer):
        tell(line)
    return not (report.left or report.writers)


def _check(sealer: Sealer, *, readable: bool) -> None:
    if readable and (sealer.key_id is not None or not sealer.key_ids):
        raise ConfigError(
            'holdfast.sealing in langgraph.json must name "old_keys" and no "key" before all is made readable'
        )
    if not readable and sealer.key_id is None:
        raise ConfigError('holdfast.sealing in langgraph.json names no "key" to seal with; set it')


def _lines(report: Report, sealer: Sealer) -> Iterator[str]:
    yield f"{report.resealed} rows written anew" if report.resealed else "nothing to do"
    for reason, number in report.refused.items():
        yield f"{number} rows left as they are: {reason}"
    if report.left and not report.refused:
        yield f"{report.left} rows were in use or came meanwhile; run this again"
    for key_id, number in report.writers.items():
        which = "without a key" if key_id == "none" else f"with key {key_id}"
        yield f"{number} connections of processes that write {which}; restart them, then run this again"
    for key_id in sealer.key_ids:
        if key_id in report.retired:
            yield f"key {key_id} is used no more; take it out of old_keys"
