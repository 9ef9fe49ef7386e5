"""Legs of one call: which rows belong together, and which of them speaks for the call."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from processors.mapping.conversions import CannotConvert, seconds
from processors.mapping.mapper import Made, Mapper, Outcome, PassedOver, Refused, changed
from processors.mapping.model import Condition, Legs, Mapping
from processors.mapping.records import Record
from schemas.events import CallEnded

_MOST_BETWEEN: Final = timedelta(minutes=5)
"""Between two legs of one call with one customer; a later leg is of another call."""
_SOON: Final = timedelta(minutes=1)
"""After a call's start: whoever is rung then has to answer it; later somebody may have talked."""
_Time = tuple[datetime, datetime]
_NO_CALL: Final = frozenset({"", "0", "-", "null", "none", "nan", "''", '""'})
"""What systems write where a row belongs to no call."""


def group_key(mapping: Mapping, record: Record) -> str | None:
    """What a row has in common with the others of its event or call; None: it stands alone."""
    row = record.rows[0]
    if mapping.group_by is not None:
        return record.cell(row, mapping.group_by)
    if mapping.legs is not None:
        columns = [mapping.legs.of] if isinstance(mapping.legs.of, str) else mapping.legs.of
        found = (record.text(row, column) for column in columns)
        return next((text for text in found if text.casefold() not in _NO_CALL), None)
    return None


def in_groups(mapping: Mapping, records: Iterable[Record]) -> list[list[Record]]:
    """Records with those of the same event or call together, each group where its first is."""
    groups: dict[object, list[Record]] = {}
    for record in records:
        key = group_key(mapping, record)
        groups.setdefault(object() if key is None else key, []).append(record)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class _Leg:
    record: Record
    outcome: Outcome
    rank: tuple[object, ...]
    """The lowest speaks for the call; it depends on the leg's content alone."""
    time: _Time | None
    """Its start and end; None where they cannot be read."""

    @property
    def is_answered(self) -> bool:
        return isinstance(self.outcome, Made) and _call(self.outcome).answered is not False


def outcomes_of(mapper: Mapper, group: Sequence[Record]) -> list[tuple[Record, Outcome]]:
    """What becomes of the records of one group: of a call's legs one event a customer.

    A record that is returned begins with the row that speaks for the call; the rows behind it are
    its other legs. Legs of one customer that lie minutes apart are one call, those that lie hours
    apart are several: diallers may share one key all day. A leg whose customer is unknown belongs
    to the call of a known one that it overlaps: an agent's own telephone, say. The order of
    `group` makes no difference.
    """
    mapping = mapper.mapping
    if mapping.group_by is not None:
        record = _joined(group)
        return [(record, mapper.apply(record))]
    if mapping.legs is None:
        return [(record, mapper.apply(record)) for record in group]
    rows = sorted((row for each in group for row in rows_of(each)), key=Record.content_id)
    if not _is_whole(mapping.legs, rows):
        return [(row, PassedOver()) for row in rows]
    passed_over, legs = [], []
    for record in rows:
        outcome = mapper.apply(record)
        if isinstance(outcome, PassedOver):
            passed_over.append((record, outcome))
        else:
            rank = _rank(mapping.legs, record, outcome)
            legs.append(_Leg(record, outcome, rank, _time(mapper, record, outcome)))
    return passed_over + [_as_one(mapper, mapping.legs, call) for call in _calls(legs)]


def _is_whole(legs: Legs, rows: Sequence[Record]) -> bool:
    """Whether the rows are all that is needed of a call: an ended one, say, with its first leg."""
    ended = all(_holds(legs.every, row) for row in rows)
    return ended and all(any(_holds([each], row) for row in rows) for each in legs.some)


def _holds(conditions: Sequence[Condition], record: Record) -> bool:
    return all(record.holds(each, record.rows[0]) for each in conditions)


def _calls(legs: Sequence[_Leg]) -> list[list[_Leg]]:
    """The legs of each call, the one that speaks for it first."""
    if len(legs) == 1:
        return [list(legs)]
    ranked = sorted(legs, key=lambda leg: leg.rank)
    by_customer: dict[str, list[_Leg]] = defaultdict(list)
    for leg in ranked:
        if isinstance(leg.outcome, Made):
            by_customer[leg.outcome.routed.event.data.customer_id].append(leg)
    calls = [call for legs_of_one in by_customer.values() for call in _in_time(legs_of_one)]
    calls.sort(key=lambda call: call[0].rank)
    # Decided by the legs whose customer is known, so that none draws another one in.
    known = _Timeline([(leg.time, at) for at, call in enumerate(calls) for leg in call])
    answered = [call[0].is_answered for call in calls]
    alone: list[_Leg] = []
    for leg in ranked:
        if isinstance(leg.outcome, Made):
            continue
        # Where nobody answered as far as is known, somebody may have in a leg that is refused.
        near = known.within(_MOST_BETWEEN, leg.time) if isinstance(leg.outcome, Refused) else []
        found = [at for at in near if not answered[at]] + known.within(timedelta(), leg.time)
        (calls[min(found)] if found else alone).append(leg)
    return [_refused_first(call) for call in calls + _in_time(alone)]


class _Timeline:
    """Legs of known calls by their times."""

    def __init__(self, legs: Iterable[tuple[_Time | None, int]]) -> None:
        self._legs = sorted((time, call) for time, call in legs if time is not None)
        self._starts = [start for (start, _), _ in self._legs]
        self._longest = max((end - start for (start, end), _ in self._legs), default=timedelta())

    def within(self, most_between: timedelta, time: _Time | None) -> list[int]:
        """The calls of legs that overlap a time, or lie at most so long before or after it."""
        if time is None:
            return []
        first = bisect_left(self._starts, time[0] - most_between - self._longest)
        after = bisect_right(self._starts, time[1] + most_between)
        return [call for each, call in self._legs[first:after] if _gap(each, time) <= most_between]


def _refused_first(call: list[_Leg]) -> list[_Leg]:
    """A call's legs; one that no leg says was answered may have been in one that is refused."""
    if any(leg.is_answered for leg in call):
        return call
    return sorted(call, key=lambda leg: not isinstance(leg.outcome, Refused))


def _in_time(legs: Iterable[_Leg]) -> list[list[_Leg]]:
    """Legs with those that are minutes apart, the one that speaks first; of unknown time alone."""
    calls: list[list[_Leg]] = []
    until: datetime | None = None
    for leg in sorted(legs, key=_start):
        if leg.time is None:
            calls.append([leg])
            continue
        start, end = leg.time
        if until is None or start - until > _MOST_BETWEEN:
            calls.append([])
        calls[-1].append(leg)
        until = end if until is None else max(until, end)
    return [sorted(call, key=lambda leg: leg.rank) for call in calls]


def _start(leg: _Leg) -> tuple[bool, _Time | tuple[()]]:
    return leg.time is not None, leg.time or ()


def _gap(one: _Time, other: _Time) -> timedelta:
    """The time between two legs, 0 or less where they overlap."""
    return max(one[0], other[0]) - min(one[1], other[1])


def _time(mapper: Mapper, record: Record, outcome: Outcome) -> _Time | None:
    """The start and end of a row's call, as far as they can be read."""
    if isinstance(outcome, Made):
        return _call(outcome).started_at, _call(outcome).ended_at
    times = []
    for name in ("started_at", "ended_at"):
        try:
            time = datetime.fromisoformat(str(mapper.field(record, name)))
        except ValueError:
            continue
        if time.tzinfo is not None:
            times.append(time)
    return (min(times), max(times)) if times else None


def _rank(legs: Legs, record: Record, outcome: Outcome) -> tuple[object, ...]:
    call = _call(outcome) if isinstance(outcome, Made) else None
    answered = call is not None and call.answered is not False
    talked = _talked(legs, record) if answered else 0.0
    started = "" if call is None else call.started_at.isoformat()
    # The leg that another one was made of speaks: it was there before, and names the customer.
    is_dialled = _says_who_answered(legs, record)
    return (not answered, is_dialled, -talked, started, record.content_id())


def _talked(legs: Legs, record: Record) -> float:
    if legs.longest is None:
        return 0.0
    try:
        return seconds(record.text(record.rows[0], legs.longest) or "0")
    except CannotConvert:
        return 0.0


def _says_who_answered(legs: Legs, record: Record) -> bool:
    return bool(legs.answered_by) and _holds(legs.answered_by, record)


def _as_one(mapper: Mapper, legs: Legs, call: Sequence[_Leg]) -> tuple[Record, Outcome]:
    first = call[0]
    outcome = first.outcome
    dialled = [leg for leg in call if _says_who_answered(legs, leg.record)]
    if isinstance(outcome, Made) and first.is_answered and first not in dialled:
        outcome = changed(outcome, _answer(mapper, legs, first, dialled))
    return _joined([leg.record for leg in call]), outcome


def _answer(mapper: Mapper, legs: Legs, first: _Leg, dialled: Sequence[_Leg]) -> dict[str, object]:
    """The fields of a call's event that the legs that were dialled say, whatever their customer."""
    read = [leg for leg in dialled if not isinstance(leg.outcome, Refused)]
    answered = [leg for leg in read if mapper.field(leg.record, "answered") is not False]
    if not read or (not answered and len(read) < len(dialled)):
        return {}
    said = min(answered or read, key=lambda leg: (-_talked(legs, leg.record), *leg.rank[-2:]))
    operator = mapper.field(said.record, "operator_id")
    fields = {} if operator is None else {"operator_id": operator}
    if answered:
        return fields
    if first.time is None or said.time is None or said.time[0] - first.time[0] > _SOON:
        return {}
    return fields | {"answered": False, "recording": None}


def _call(made: Made) -> CallEnded:
    call = made.routed.event.data
    assert isinstance(call, CallEnded), "the model allows legs of calls only"
    return call


def _joined(records: Sequence[Record]) -> Record:
    first = records[0]
    if len(records) == 1:
        return first
    return Record(first.number, [row for each in records for row in each.rows], first.is_json)


def rows_of(record: Record) -> list[Record]:
    """The rows of a record, each as one: a dead letter holds all legs of its call."""
    return [Record(record.number, (row,), record.is_json) for row in record.rows]
