"""One agency's UTC day as exact hourly sums per segment, and the changes that move them.

A day's state is JSON-able and never mutated:
`{"version": int, "applied": {"topic/partition": offset}, "hours": {segment: {"0".."23": sums}},
"later": {segment: {"0@490123": sums}}, "worst": [[aggression, event_id, turn, text], ...]}`, where
sums are a list in the order of `schemas.rows.HOUR_SUMS` without its trailing zeros (a third of the
bytes of named sums). `hours` is what is known of an hour when it ends, `later` what changed it
since: after the `@` comes the hour, counted from 1970, from which that is known. Sums are Python
integers of any size (`*_xx` exceed 64 bits), so the table's codec must preserve them, as the
standard library's json does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, NotRequired, TypedDict

from processors.engagements.horizons import matures_at
from processors.event_time import DAY_US, HOUR_US, day_of, day_start, hour_of
from processors.metrics.nps import RatingClass, rating_class
from schemas.changes import (
    Conversation,
    Engagement,
    EngagementChange,
    LateRating,
    Position,
    Rerated,
    WorstQuote,
)
from schemas.figures import ALL, Segment
from schemas.rows import HOUR_SUMS

Sums = dict[str, int]
"""Sums by their names in `HOUR_SUMS`."""

MOST_WORST_QUOTES = 3
"""Quotes stored a day."""


class DayState(TypedDict):
    """One agency's day; see the module."""

    version: int
    """Changes applied so far: grows with each, the same after a replay."""
    applied: dict[str, int]
    hours: dict[str, dict[str, list[int]]]
    later: NotRequired[dict[str, dict[str, list[int]]]]
    worst: list[list[Any]]


class Cell(NamedTuple):
    """The sums of a segment that belong to an hour and are known from an hour on, not before it.

    Hours are given by their start, in us.
    """

    segment: str
    hour: int
    known: int


class Place(NamedTuple):
    """Where sums belong: an hour, and the hour from which they are known (starts, us)."""

    hour: int
    known: int
    segment: Segment


class Effects:
    """What a change adds to the hours of its agency, worked out once."""

    def __init__(self, change: EngagementChange) -> None:
        said = change.conversation
        self.places = _places_moved(change)
        """What is added where; without zeros."""
        self.days = {day_of(place.hour) for place in self.places}
        """The days (see `event_time.day_of`) whose state it moves."""
        self.quote = None if said is None or said.worst is None else said.worst
        """What may be the day's worst quote."""
        self.said_on = None if said is None else day_of(said.at)
        """The day of the conversation."""


def cells(places: Iterable[Place]) -> set[Cell]:
    """The cells that sums at these places count in: rows to write again."""
    return {
        Cell(segment, place.hour, place.known)
        for place in places
        for segment in place.segment.names()
    }


def apply(state: DayState | None, day: int, effects: Effects, position: Position) -> DayState:
    """Apply the part of a change that falls on `day`, unless that source position was applied.

    Within one `topic/partition` changes come in the order of offsets, apart from replays, so the
    last offset of each source identifies a replay. The given state itself is returned if nothing
    was applied.
    """
    if state is None:
        state = DayState(version=0, applied={}, hours={}, worst=[])
    source = position.source
    if day not in effects.days or position.offset <= state["applied"].get(source, -1):
        return state
    own = {place: sums for place, sums in effects.places.items() if day_of(place.hour) == day}
    quote = effects.quote if effects.said_on == day else None
    return DayState(
        version=state["version"] + 1,
        applied={**state["applied"], source: position.offset},
        hours=_moved(state["hours"], own, later=False),
        later=_moved(state.get("later", {}), own, later=True),
        worst=state["worst"] if quote is None else _worst([*state["worst"], list(quote)]),
    )


def cell_sums(state: DayState | None, cell: Cell) -> Sums:
    """All `HOUR_SUMS` of one cell, zeros included."""
    return _named(cell_values(state, cell))


def cell_values(state: DayState | None, cell: Cell) -> list[int]:
    """The sums of one cell in the order of `HOUR_SUMS`, without its trailing zeros."""
    if state is None:
        return []
    hours = state["hours"] if cell.known == cell.hour else state.get("later", {})
    return hours.get(cell.segment, {}).get(_name(cell.hour, cell.known), [])


def hour_sums(state: DayState, segment: str, hour: int) -> Sums:
    """All `HOUR_SUMS` of one segment and hour (its start in us), from whenever they are known."""
    total = cell_sums(state, Cell(segment, hour, hour))
    for cell, sums in later_cells(state, segment, day_of(hour)):
        if cell.hour == hour:
            for name, value in zip(HOUR_SUMS, sums, strict=False):
                total[name] += value
    return total


def later_cells(state: DayState, segment: str, day: int) -> Iterator[tuple[Cell, list[int]]]:
    """The cells of a segment of `day` that became known later, each with its sums in order."""
    for name, sums in state.get("later", {}).get(segment, {}).items():
        hour, _, known = name.partition("@")
        yield Cell(segment, day_start(day) + int(hour) * HOUR_US, int(known) * HOUR_US), sums


def hours_with_calls(state: DayState) -> list[int]:
    """Hours of the day (0-23) with any conversation, in order."""
    calls = _INDEX["calls"]
    return sorted(int(h) for h, sums in state["hours"].get(ALL, {}).items() if sums[calls])


def worst_quotes(states: Iterable[DayState]) -> list[WorstQuote]:
    """The most aggressive quotes of several days, worst first, at most `MOST_WORST_QUOTES`."""
    return [WorstQuote(*quote) for quote in _worst([q for s in states for q in s["worst"]])]


def _places_moved(change: EngagementChange) -> dict[Place, Sums]:
    moved: dict[Place, Sums] = {}

    def move(sign: int, hour: int, segment: Segment, by_known: Mapping[int, Sums]) -> None:
        for known, more in by_known.items():
            _add(moved.setdefault(Place(hour, known, segment), {}), more, sign)

    if change.conversation is not None:
        said = change.conversation
        move(1, hour_of(said.at), said.segment, {hour_of(said.at): _conversation_sums(said)})
        move(1, hour_of(said.at), said.segment, _rating_sums(said, said.later))
    if change.rerated is not None:
        call = change.rerated
        for sign, rating in ((-1, call.before), (1, call.after)):
            move(sign, hour_of(call.at), call.segment, _rating_sums(call, rating))
    for sign, engagements in ((-1, change.before), (1, change.after)):
        for engagement in engagements:
            matures = matures_at(engagement, change.horizon_hours)
            move(sign, matures, engagement.segment, _outcome_sums(engagement, matures))
    return {
        place: left
        for place, sums in moved.items()
        if (left := {name: value for name, value in sums.items() if value})
    }


def _add(sums: Sums, more: Sums, sign: int) -> None:
    for name, value in more.items():
        sums[name] = sums.get(name, 0) + sign * value


_MEASURED = {
    RatingClass.PROMOTER: "promoters",
    RatingClass.PASSIVE: "passives",
    RatingClass.DETRACTOR: "detractors",
}


def _rating_sums(call: Conversation | Rerated, later: LateRating | None) -> dict[int, Sums]:
    """What a call's rating adds to its hour, by the hour (us) from which that is known."""
    hour = hour_of(call.at)
    own = _class_sums(call.measured_rating, call.predicted_rating)
    if later is None:
        return {hour: own}
    surveyed = _class_sums(later.rating, None)
    known = hour_of(later.known_at)
    if known == hour:
        return {hour: surveyed}
    _add(surveyed, own, -1)
    return {hour: own, known: surveyed}


def _class_sums(measured: int | None, predicted: int | None) -> Sums:
    if measured is not None:
        return {_MEASURED[rating_class(measured)]: 1}
    return {} if predicted is None else {f"predicted_{_MEASURED[rating_class(predicted)]}": 1}


def _conversation_sums(said: Conversation) -> Sums:
    """What a conversation adds to its hour, its rating apart."""
    sums = {"calls": 1}
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
    if said.inferred:
        for name in ("aggression", "empathy", "sentiment"):
            sums[f"{name}_inferred"] = sums.get(f"{name}_n", 0)
    return sums


def _outcome_sums(engagement: Engagement, matures: int) -> dict[int, Sums]:
    """What an engagement adds to the hour in which it matures, by the hour it is known from."""
    before = _sums_if(engagement, engagement.paid, engagement.amount)
    by_known = {matures: before}
    for known, paid, amount in engagement.later:
        after = _sums_if(engagement, paid, amount)
        by_known[known] = dict(after)
        _add(by_known[known], before, -1)
        before = after
    return by_known


def engagement_sums(engagement: Engagement) -> Sums:
    """What one engagement adds to the hour in which it matures, by all that is known of it.

    Absent names add 0.
    """
    return _sums_if(engagement, *engagement.latest())


def _sums_if(engagement: Engagement, paid: bool, amount: int) -> Sums:
    """What it adds if this is what was paid within it."""
    lost = engagement.lost_to_supplier
    sums = {
        "matured": 1,
        "supplier_lost": int(lost),
        "cancelled": int(engagement.cancelled and not lost),
        "paid": int(paid),
        "amount": amount,
    }
    if engagement.aggression_n and not lost:
        x = mean_in_trillionths(engagement.aggression_sum, engagement.aggression_n)
        y = int(engagement.cancelled)
        sums |= {"churn_n": 1, "churn_x": x, "churn_xx": x * x, "churn_y": y, "churn_xy": x * y}
    if engagement.empathy_n:
        x = mean_in_trillionths(engagement.empathy_sum, engagement.empathy_n)
        y = int(paid)
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

    Equal means give equal integers whatever n is, so 'no variance' is exact.

    >>> mean_in_trillionths(10_000, 3)
    333333333333
    >>> mean_in_trillionths(20_000, 3)
    666666666667
    """
    whole, rest = divmod(score_sum * _TRILLIONTHS_OF_A_UNIT, n)
    return whole + (2 * rest > n or (2 * rest == n and whole % 2))


_TRILLIONTHS_OF_A_UNIT = 10**8


def _moved(
    hours: dict[str, dict[str, list[int]]], added: Mapping[Place, Sums], later: bool
) -> dict[str, dict[str, list[int]]]:
    """The day's sums with what is added to them, of the places that are known `later` than their
    hour or of the others; what becomes 0 is left out."""
    if not any((place.known > place.hour) is later for place in added):
        return hours
    moved = dict(hours)
    for place, more in added.items():
        if (place.known > place.hour) is not later:
            continue
        name = _name(place.hour, place.known)
        indexed = [(_INDEX[of], value) for of, value in more.items()]
        reach = max(index for index, _ in indexed) + 1
        for segment in place.segment.names():
            by_hour = dict(moved.get(segment, {}))
            sums = _added(by_hour.pop(name, []), indexed, reach)
            if sums:
                by_hour[name] = sums
            if by_hour:
                moved[segment] = by_hour
            else:
                moved.pop(segment, None)
    return moved


def _name(hour: int, known: int) -> str:
    """An hour's name within its day, and where it is another, the hour from which it is known."""
    name = str(hour % DAY_US // HOUR_US)
    return name if known == hour else f"{name}@{known // HOUR_US}"


def _named(sums: list[int]) -> Sums:
    return dict.fromkeys(HOUR_SUMS, 0) | dict(zip(HOUR_SUMS, sums, strict=False))


_ZEROS = [0] * len(HOUR_SUMS)
_INDEX = {name: index for index, name in enumerate(HOUR_SUMS)}


def _added(sums: list[int], more: Iterable[tuple[int, int]], reach: int) -> list[int]:
    """The sums with what is added to them, by its place in `HOUR_SUMS`; all lie below `reach`."""
    added = sums + _ZEROS[len(sums) : reach]
    for index, value in more:
        added[index] += value
    while added and not added[-1]:
        added.pop()
    return added


def _worst(quotes: list[list[Any]]) -> list[list[Any]]:
    """The heaviest quotes in an order that does not depend on how they came."""
    return sorted(quotes, key=lambda quote: (-quote[0], *quote[1:]))[:MOST_WORST_QUOTES]
