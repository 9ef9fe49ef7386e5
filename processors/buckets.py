"""One agency's UTC day as exact hourly sums per segment, and the changes that move them.

A day's state is JSON-able and never mutated:
`{"version": int, "applied": {"topic/partition": offset}, "hours": {segment: {"0".."23": sums}},
"worst": [[aggression, event_id, turn, text], ...]}`, where sums are a list in the order of
`schemas.rows.HOUR_SUMS` without its trailing zeros (a third of the bytes of named sums). Sums are
Python integers of any size (`*_xx` exceed 64 bits), so the table's codec must be one that keeps
them, as the standard library's json.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypedDict

from processors.changes import Conversation, Engagement, EngagementChange
from processors.event_time import DAY_US, HOUR_US, day_of, day_start, hour_of
from processors.facts import Position, WorstQuote
from processors.nps import RatingClass, rating_class
from schemas.rows import HOUR_SUMS

Sums = dict[str, int]
"""Sums by their names in `HOUR_SUMS`."""

ALL = "all"
"""The segment of everything."""

WORST_KEPT = 3
"""Quotes kept a day."""


class DayState(TypedDict):
    """One agency's day; see the module."""

    version: int
    """Changes applied so far: grows with each, the same after a replay."""
    applied: dict[str, int]
    hours: dict[str, dict[str, list[int]]]
    worst: list[list[Any]]


def days_touched(change: EngagementChange) -> set[int]:
    """The days (see `event_time.day_of`) whose state a change moves."""
    days = {day_of(delta.hour) for delta in _deltas(change)}
    if change.conversation is not None:
        days.add(day_of(change.conversation.at))
    return days


def cells_touched(change: EngagementChange) -> set[tuple[str, int]]:
    """The (segment, hour begin in us) pairs whose sums a change moves: rows to write again."""
    return {
        (segment, delta.hour)
        for delta in _deltas(change)
        for segment in _segments(delta.dimensions)
    }


def apply(
    state: DayState | None, day: int, change: EngagementChange, position: Position
) -> DayState:
    """Apply the part of a change that falls on `day`, unless that source position was applied.

    Within one `topic/partition` changes come in the order of offsets, apart from replays, so a
    mark per source tells a replay. The given state itself is returned if nothing was applied.
    """
    if state is None:
        state = DayState(version=0, applied={}, hours={}, worst=[])
    source = position.source
    if position.offset <= state["applied"].get(source, -1):
        return state
    begin = day_start(day)
    deltas = [d for d in _deltas(change) if begin <= d.hour < begin + DAY_US]
    said = change.conversation
    quote = said.worst if said is not None and day_of(said.at) == day else None
    if not deltas:
        return state
    return DayState(
        version=state["version"] + 1,
        applied={**state["applied"], source: position.offset},
        hours=_moved(state["hours"], deltas, begin),
        worst=state["worst"] if quote is None else _worst([*state["worst"], list(quote)]),
    )


def cell_sums(state: DayState | None, segment: str, hour: int) -> Sums:
    """All `HOUR_SUMS` of one segment and hour (its begin in us), zeros included."""
    hours = {} if state is None else state["hours"].get(segment, {})
    sums = hours.get(str(hour % DAY_US // HOUR_US), [])
    return dict.fromkeys(HOUR_SUMS, 0) | dict(zip(HOUR_SUMS, sums, strict=False))


def hours_with_calls(state: DayState) -> list[int]:
    """Hours of the day (0-23) with any conversation, in order."""
    calls = _INDEX["calls"]
    return sorted(int(h) for h, sums in state["hours"].get(ALL, {}).items() if sums[calls])


def worst_quotes(states: Iterable[DayState]) -> list[WorstQuote]:
    """The most aggressive quotes of several days, worst first, at most `WORST_KEPT`."""
    return [WorstQuote(*quote) for quote in _worst([q for s in states for q in s["worst"]])]


class _Delta(NamedTuple):
    """What is to be added to one hour for one combination of dimensions."""

    hour: int
    dimensions: tuple[str, str, str, str]
    """Service, touchpoint, channel, customer type."""
    sums: Sums


def _deltas(change: EngagementChange) -> list[_Delta]:
    deltas = []
    if change.conversation is not None:
        said = change.conversation
        deltas.append(_Delta(hour_of(said.at), said[1:5], _conversation_sums(said)))
    moved: dict[tuple[int, tuple[str, str, str, str]], Sums] = {}
    for sign, engagements in ((-1, change.before), (1, change.after)):
        for engagement in engagements:
            key = engagement.matures_at(change.horizon_hours), _dimensions(engagement)
            sums = moved.setdefault(key, {})
            for name, value in engagement_sums(engagement).items():
                sums[name] = sums.get(name, 0) + sign * value
    for (hour, dimensions), sums in moved.items():
        left = {name: value for name, value in sums.items() if value}
        if left:
            deltas.append(_Delta(hour, dimensions, left))
    return deltas


def _dimensions(engagement: Engagement) -> tuple[str, str, str, str]:
    return (
        engagement.service,
        engagement.touchpoint,
        engagement.channel,
        engagement.customer_type,
    )


def _segments(dimensions: tuple[str, str, str, str]) -> tuple[str, str, str, str, str]:
    service, touchpoint, channel, customer_type = dimensions
    return (
        ALL,
        f"service={service}",
        f"touchpoint={touchpoint}",
        f"channel={channel}",
        f"customer_type={customer_type}",
    )


_MEASURED = {
    RatingClass.PROMOTER: "promoters",
    RatingClass.PASSIVE: "passives",
    RatingClass.DETRACTOR: "detractors",
}


def _conversation_sums(said: Conversation) -> Sums:
    sums = {"calls": 1}
    if said.measured_rating is not None:
        sums[_MEASURED[rating_class(said.measured_rating)]] = 1
    elif said.predicted_rating is not None:
        sums[f"predicted_{_MEASURED[rating_class(said.predicted_rating)]}"] = 1
    if said.aggression is not None:
        sums["aggression_n"] = 1
        sums["aggression_sum"] = said.aggression
        sums["aggression_sq"] = said.aggression**2
    if said.empathy is not None:
        sums["empathy_n"] = 1
        sums["empathy_sum"] = said.empathy
    if said.sentiment is not None:
        sums["sentiment_n"] = 1
        sums["sentiment_sum"] = said.sentiment
    return sums


def engagement_sums(engagement: Engagement) -> Sums:
    """What one engagement adds to the hour in which it matures; absent names add 0."""
    lost = engagement.lost_to_supplier
    sums = {
        "matured": 1,
        "supplier_lost": int(lost),
        "cancelled": int(engagement.cancelled and not lost),
        "paid": int(engagement.paid),
        "amount": engagement.amount,
    }
    if engagement.aggression_n and not lost:
        x = mean_in_trillionths(engagement.aggression_sum, engagement.aggression_n)
        y = int(engagement.cancelled)
        sums |= {"churn_n": 1, "churn_x": x, "churn_xx": x * x, "churn_y": y, "churn_xy": x * y}
    if engagement.empathy_n:
        x = mean_in_trillionths(engagement.empathy_sum, engagement.empathy_n)
        y = int(engagement.paid)
        sums |= {
            "payment_n": 1,
            "payment_x": x,
            "payment_xx": x * x,
            "payment_y": y,
            "payment_xy": x * y,
        }
    return sums


def mean_in_trillionths(score_sum: int, n: int) -> int:
    """Mean in 1/10^12 of `n` scores whose sum is in 1/10^4; the exact half goes to the even.

    Equal means give equal integers whatever n is, so 'no variance' can be told exactly.

    >>> mean_in_trillionths(10_000, 3)
    333333333333
    >>> mean_in_trillionths(20_000, 3)
    666666666667
    """
    whole, rest = divmod(score_sum * _TRILLIONTHS_OF_A_UNIT, n)
    return whole + (2 * rest > n or (2 * rest == n and whole % 2))


_TRILLIONTHS_OF_A_UNIT = 10**8


def _moved(
    hours: dict[str, dict[str, list[int]]], deltas: list[_Delta], begin: int
) -> dict[str, dict[str, list[int]]]:
    """The day's sums with the deltas added; what becomes 0 is left out."""
    moved = dict(hours)
    for delta in deltas:
        name = str((delta.hour - begin) // HOUR_US)
        for segment in _segments(delta.dimensions):
            by_hour = dict(moved.get(segment, {}))
            sums = _added(by_hour.pop(name, []), delta.sums)
            if sums:
                by_hour[name] = sums
            if by_hour:
                moved[segment] = by_hour
            else:
                moved.pop(segment, None)
    return moved


_INDEX = {name: index for index, name in enumerate(HOUR_SUMS)}


def _added(sums: list[int], more: Sums) -> list[int]:
    added = sums + [0] * (len(HOUR_SUMS) - len(sums))
    for name, value in more.items():
        added[_INDEX[name]] += value
    while added and not added[-1]:
        added.pop()
    return added


def _worst(quotes: list[list[Any]]) -> list[list[Any]]:
    """The heaviest quotes in an order that does not depend on how they came."""
    return sorted(quotes, key=lambda quote: (-quote[0], *quote[1:]))[:WORST_KEPT]
