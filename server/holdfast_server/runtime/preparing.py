"""What every process does before it works: masks what it says, takes the keys, tells what it does not use."""

from __future__ import annotations

import asyncio
import logging

from holdfast_server.config.app import AppConfig
from holdfast_server.db.keys import check_keys
from holdfast_server.masking.speech import mask_speech as mask_streams
from holdfast_server.sealing import house
from holdfast_server.secrets.environment import learn_environment
from holdfast_server.secrets.keys import sealer_for
from holdfast_server.settings import Settings

logger = logging.getLogger(__name__)


def mask_speech(settings: Settings) -> None:
    """From here on log and standard streams say nothing that is known to be secret."""
    mask_streams()
    learn_environment({"DATABASE_URL": settings.database_url})


def install_keys(settings: Settings, config: AppConfig | None) -> None:
    """Makes the sealer of this process.

    Raises:
        ConfigError: a key is missing or is none.
        DatabaseError: the database is sealed with a key that is not configured.
    """
    house.install(sealer_for(config))
    asyncio.run(check_keys(settings.database_url, house.sealer()))


def warn_of_unused(config: AppConfig) -> None:
    """Names the keys of langgraph.json that nobody reads."""
    if config.unknown_keys:
        logger.warning("%s: not used by Holdfast: %s", config.path, ", ".join(config.unknown_keys))
