"""A schedule: a cron expression in a time zone, and the moments it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from holdfast_server.errors import HoldfastError

_NAMED = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_LONGEST = 500
_FORM = 'use five fields like "0 9 * * 1-5", six with the seconds last, or @hourly, @daily, …'


class BadSchedule(HoldfastError):
    """No schedule: wrong grammar, or an unknown time zone."""


class NeverDue(HoldfastError):
    """A schedule that no moment fits, such as 30 February."""


@dataclass(frozen=True)
class Schedule:
    """When a cron fires.

    Daylight saving is treated as Debian's cron does where minute and hour are fixed: a moment that the clock
    skips is made up for right after the gap, and one that it shows twice counts once.

    Args:
        expression: five fields, six with the seconds last, or a name like `@hourly`.
        timezone: an IANA name; None is UTC.

    Raises:
        BadSchedule: the sentence says what is wrong.
    """

    expression: str
    timezone: str | None = None

    def __post_init__(self) -> None:
        zone = _zone(self.timezone)
        fields, _ = _fields(self.expression)
        try:
            CronSim(" ".join(fields), datetime.now(zone))
        except CronSimError as error:
            # A day that no month of the list has is refused like a typing error, and is none.
            if not _has_grammar(fields):
                raise BadSchedule(f"schedule {self.expression!r}: {error}; {_FORM}") from None

    def after(self, moment: datetime) -> datetime:
        """The first moment after this one, in UTC.

        Raises:
            NeverDue: there is none in the next fifty years.
        """
        fields, seconds = _fields(self.expression)
        try:
            found = next(m for m in _moments(fields, moment, self.timezone) if m + seconds > moment)
        except (StopIteration, CronSimError, OverflowError):
            raise NeverDue(f"failed to find next date: {self.expression!r} fits no moment") from None
        return found + seconds


def _moments(fields: list[str], since: datetime, timezone: str | None) -> Iterator[datetime]:
    """Moments in UTC, from a minute before; in an hour that repeats cronsim begins at its first pass."""
    early = since.astimezone(UTC) - timedelta(seconds=60)
    for found in CronSim(" ".join(fields), early.astimezone(_zone(timezone))):
        yield found.astimezone(UTC)


def _fields(expression: str) -> tuple[list[str], timedelta]:
    """The fields as cronsim reads them, and what to add to its moments.

    One fixed second is taken off: with five fields cronsim knows what to do about daylight saving.
    """
    fields = _NAMED.get(expression.strip().lower(), expression).split()
    if len(expression) > _LONGEST or len(fields) not in (5, 6):
        raise BadSchedule(f"schedule {expression[:80]!r} has {len(fields)} fields; {_FORM}")
    if len(fields) == 5:
        return fields, timedelta()
    *five, seconds = fields
    if seconds.isascii() and seconds.isdigit() and int(seconds) < 60:
        return five, timedelta(seconds=int(seconds))
    return [seconds, *five], timedelta()


def _has_grammar(fields: list[str]) -> bool:
    """Whether every field is right by itself, months left aside."""
    try:
        CronSim(" ".join([*fields[:-2], "*", fields[-1]]), datetime.now(UTC))
        CronSim(" ".join(["*"] * (len(fields) - 2) + fields[-2:-1] + ["*"]), datetime.now(UTC))
    except CronSimError:
        return False
    return True


def _zone(name: str | None) -> tzinfo:
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadSchedule(f"timezone is {name[:80]!r}; use an IANA name like Europe/Berlin") from None
