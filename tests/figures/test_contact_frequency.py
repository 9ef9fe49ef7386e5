"""Conversations above the permitted number, in any order of arrival, against counting by hand."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.engagements.contact_frequency import ContactFrequency
from processors.engagements.entries import CALL, CallEntry
from processors.event_time import to_us

ROME = ZoneInfo("Europe/Rome")
MONDAY = datetime(2026, 3, 23, 9, tzinfo=ROME)
"""Of the week whose Sunday loses an hour."""


def call(name: str, at: datetime, **other: str) -> CallEntry:
    said = {
        "agency_id": "bora",
        "service": "debt_collection",
        "touchpoint": "reminder",
        "channel": "phone",
        "customer_type": "household",
        **other,
    }
    return CallEntry(
        arrival=1,
        kind=CALL,
        topic="t",
        partition=0,
        offset=0,
        event_id=name,
        at=to_us(at),
        aggression=None,
        empathy=None,
        **said,
    )


def excesses(calls: list[CallEntry]) -> dict[str, str]:
    """What stays after all changes, in the order given; each change must be one."""
    frequency, now = ContactFrequency(), dict[str, str]()
    for each in calls:
        changes = frequency.call(each)
        assert list(changes) == sorted(changes, key=lambda change: (change.at, change.call_id))
        for change in changes:
            assert now.get(change.call_id) != change.limit
            if change.limit is None:
                del now[change.call_id]
            else:
                now[change.call_id] = change.limit
    return now


def counted_by_hand(calls: list[CallEntry]) -> dict[str, str]:
    """From the first to the last: one a day, three a week of Rome's calendar."""
    on_day: Counter[tuple[str, date]] = Counter()
    in_week: Counter[tuple[str, tuple[int, int]]] = Counter()
    found = {}
    for each in sorted(calls, key=lambda call: (call.at, call.event_id)):
        if each.channel != "phone" or each.service == "customer_care":
            continue
        local = datetime.fromtimestamp(each.at / 1e6, UTC).astimezone(ROME)
        day, week = (each.agency_id, local.date()), (each.agency_id, local.isocalendar()[:2])
        if on_day[day] >= 1:
            found[each.event_id] = "day"
        elif in_week[week] >= 3:
            found[each.event_id] = "week"
        on_day[day] += 1
        in_week[week] += 1
    return found


def test_one_a_day_and_three_a_week_are_permitted() -> None:
    calls = [call(str(day), MONDAY + timedelta(days=day)) for day in (0, 1, 3, 4)]
    again = call("again", MONDAY + timedelta(days=1, hours=5))
    assert excesses(calls) == {"4": "week"}
    assert excesses([*calls, again]) == {"again": "day", "3": "week", "4": "week"}
    assert excesses(calls[:3]) == {}


def test_the_day_and_the_week_are_those_of_the_code_s_time_zone() -> None:
    sunday = datetime(2026, 3, 29, 23, 30, tzinfo=ROME)
    night = [call("late", sunday), call("early", sunday + timedelta(hours=1))]
    assert excesses(night) == {}
    same_day = [call("first", sunday.replace(hour=0, minute=30)), call("late", sunday)]
    assert excesses(same_day) == {"late": "day"}


def test_another_agency_another_channel_and_customer_care_count_apart() -> None:
    others = [
        call("agency", MONDAY, agency_id="alba"),
        call("channel", MONDAY, channel="email"),
        call("care", MONDAY, service="customer_care"),
    ]
    assert excesses([call("own", MONDAY), *others]) == {}


@given(seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_order_of_arrival_never_shows(seed: int) -> None:
    rng = random.Random(seed)
    calls = [
        call(
            f"c{number:02}",
            MONDAY + rng.randrange(10 * 24 * 4) * timedelta(minutes=15),
            agency_id=rng.choice(("bora", "bora", "alba")),
            channel=rng.choice(("phone",) * 5 + ("email",)),
            service=rng.choice(("debt_collection", "credit_management", "customer_care")),
        )
        for number in range(rng.randrange(25))
    ]
    assert excesses(calls) == counted_by_hand(calls)
