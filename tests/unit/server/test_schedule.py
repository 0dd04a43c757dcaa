"""Which moments a schedule stands for, also where the clock jumps."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_server.runs.schedule import BadSchedule, NeverDue, Schedule

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
HALF_A_DAY = timedelta(hours=12)
# When clocks jump, in Berlin, New York, on Lord Howe (by half an hour) and in Cairo (at midnight).
JUMPS = [
    datetime.fromisoformat(text + "+00:00")
    for text in (
        "2027-03-28 01:00", "2027-10-31 01:00", "2027-03-14 07:00", "2027-11-07 06:00", "2027-04-03 15:00",
        "2027-10-02 15:30", "2027-04-29 22:00", "2027-10-28 21:00",
    )
]  # fmt: skip


def moments(schedule: Schedule, since: datetime, count: int) -> list[datetime]:
    found = [since]
    for _ in range(count):
        found.append(schedule.after(found[-1]))
    return found[1:]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * *", "2027-01-01T12:01:00"), ("*/5 * * * *", "2027-01-01T12:05:00"),
        ("0 0 29 2 *", "2028-02-29T00:00:00"), ("0 0 L * *", "2027-01-31T00:00:00"),
        ("0 9 * * MON", "2027-01-04T09:00:00"), ("30 * * * * 15", "2027-01-01T12:30:15"),
        ("* * * * * *", "2027-01-01T12:00:01"), ("* * * * * */20", "2027-01-01T12:00:20"),
        ("* * * * * 0", "2027-01-01T12:01:00"), ("@hourly", "2027-01-01T13:00:00"),
        ("@Daily", "2027-01-02T00:00:00"), ("@weekly", "2027-01-03T00:00:00"),
        ("@monthly", "2027-02-01T00:00:00"), ("@yearly", "2028-01-01T00:00:00"),
        ("  0   13 * * *  ", "2027-01-01T13:00:00"),
    ],
)  # fmt: skip
def test_a_schedule_has_a_next_moment(expression: str, expected: str) -> None:
    assert Schedule(expression).after(NOON) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_the_next_moment_lies_after_a_moment_within_a_second() -> None:
    assert Schedule("* * * * *").after(NOON + timedelta(microseconds=1)) == NOON + timedelta(minutes=1)
    assert Schedule("* * * * *").after(NOON - timedelta(microseconds=1)) == NOON


def test_a_schedule_follows_its_zone_through_the_year() -> None:
    nine = Schedule("0 9 * * *", "Europe/Berlin")
    assert nine.after(datetime(2027, 1, 15, tzinfo=UTC)).hour == 8
    assert nine.after(datetime(2027, 7, 15, tzinfo=UTC)).hour == 7


@pytest.mark.parametrize("expression", ["30 2 * * *", "30 2 * * * 15"])
def test_a_skipped_hour_is_made_up_for_and_a_repeated_one_counts_once(expression: str) -> None:
    schedule, berlin = Schedule(expression, "Europe/Berlin"), ZoneInfo("Europe/Berlin")
    spring = moments(schedule, datetime(2027, 3, 27, 12, tzinfo=UTC), 3)
    assert [(m.astimezone(berlin).day, m.astimezone(berlin).hour) for m in spring] == [
        (28, 3),
        (29, 2),
        (30, 2),
    ]
    autumn = moments(schedule, datetime(2027, 10, 30, 12, tzinfo=UTC), 3)
    assert [(m.astimezone(berlin).month, m.astimezone(berlin).day) for m in autumn] == [
        (10, 31),
        (11, 1),
        (11, 2),
    ]


def test_an_hourly_schedule_fires_every_real_hour_of_both_jumps() -> None:
    hourly = Schedule("0 * * * *", "Europe/Berlin")
    for day in (datetime(2027, 3, 27, 22, tzinfo=UTC), datetime(2027, 10, 30, 22, tzinfo=UTC)):
        assert moments(hourly, day, 6) == [day + timedelta(hours=n) for n in range(1, 7)]


@pytest.mark.parametrize(
    "expression",
    [
        "", "@never", "* * * *", "* * * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
        "* * * 13 *", "* * * * 8", "* * * * * 60", "*/0 * * * *", "5-1 * * * *", "a b c d e", "\x00 * * * *",
        "9" * 400 + " * * * *", "1," * 400 + "1 * * * *", "0 0 30 2 x", "0 0 32 2 *", "٣ * * * *",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_said(expression: str) -> None:
    with pytest.raises(BadSchedule, match="schedule"):
        Schedule(expression)


@pytest.mark.parametrize("expression", ["0 0 30 2 *", "0 0 31 2,4,6 *", "0 0 31 4 */2", "0 0 */31 2 1#5 7"])
def test_a_day_that_never_comes_is_no_typing_error(expression: str) -> None:
    schedule = Schedule(expression)
    with pytest.raises(NeverDue, match="failed to find next date"):
        schedule.after(NOON)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "Europe", "../../etc/passwd", "/etc/passwd", "\x00", "x" * 9999]
)
def test_what_is_no_time_zone_is_said(zone: str) -> None:
    with pytest.raises(BadSchedule, match="timezone"):
        Schedule("* * * * *", zone)


def test_asked_while_an_hour_repeats_it_never_answers_the_past() -> None:
    schedule = Schedule("30 2 * * *", "Europe/Berlin")
    second_pass = datetime(2027, 10, 31, 1, 10, tzinfo=UTC)
    assert schedule.after(second_pass) == datetime(2027, 11, 1, 1, 30, tzinfo=UTC)


fields = st.text("0123456789*/,-#LWSUNMOJAN ", max_size=24)
zones = st.sampled_from([None, "Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Africa/Cairo"])


@settings(max_examples=400, deadline=None)
@given(fields, zones)
def test_whatever_is_written_it_has_a_later_moment_or_an_error_of_ours(text: str, zone: str | None) -> None:
    with suppress(BadSchedule, NeverDue):
        assert Schedule(text, zone).after(NOON) > NOON


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(
        ["30 2 * * *", "0 * * * *", "*/7 1-3 * * *", "* * * * * */10", "15 0 * * * 59", "0 0 1 * 1"]
    ),
    zones,
    st.builds(lambda jump, far: jump + far, st.sampled_from(JUMPS), st.timedeltas(-HALF_A_DAY, HALF_A_DAY)),
)
def test_time_goes_forward_and_nothing_is_left_out(
    expression: str, zone: str | None, since: datetime
) -> None:
    schedule = Schedule(expression, zone)
    first = schedule.after(since)
    assert since < first
    assert schedule.after(first - timedelta(microseconds=1)) == first
    assert schedule.after(since + (first - since) / 2) == first
