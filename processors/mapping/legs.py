"""Legs of one call: which rows belong together, and which of them speaks for the call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from processors.mapping.conversions import CannotConvert, seconds
from processors.mapping.mapper import Made, Mapper, Outcome, PassedOver, Refused, UnknownCustomer
from processors.mapping.model import Legs, Mapping
from processors.mapping.records import Record
from schemas.events import CallEnded


def group_key(mapping: Mapping, record: Record) -> str | None:
    """What a row has in common with the others of its event or call; None: it stands alone."""
    row = record.rows[0]
    if mapping.group_by is not None:
        return record.cell(row, mapping.group_by)
    if mapping.legs is not None:
        return record.text(row, mapping.legs.of) or None
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

    @property
    def is_answered(self) -> bool:
        return isinstance(self.outcome, Made) and _call(self.outcome).answered is not False


def outcomes_of(mapper: Mapper, group: Sequence[Record]) -> list[tuple[Record, Outcome]]:
    """What becomes of the records of one group: of a call's legs one event a customer.

    A record that is returned begins with the row that speaks for the call; the rows behind it are
    its other legs. A leg whose customer is unknown belongs to the call of the one that is known:
    an agent's own telephone, say. The order of `group` makes no difference.
    """
    mapping = mapper.mapping
    if mapping.group_by is not None:
        record = _joined(group)
        return [(record, mapper.apply(record))]
    if mapping.legs is None:
        return [(record, mapper.apply(record)) for record in group]
    passed_over, legs = [], []
    for record in sorted((row for each in group for row in _rows_of(each)), key=Record.content_id):
        outcome = mapper.apply(record)
        if isinstance(outcome, PassedOver):
            passed_over.append((record, outcome))
        else:
            legs.append(_Leg(record, outcome, _rank(mapping.legs, record, outcome)))
    return passed_over + [_as_one(call) for call in _calls(legs)]


def _calls(legs: Sequence[_Leg]) -> list[list[_Leg]]:
    """The legs of each call, the one that speaks for it first."""
    ranked = sorted(legs, key=lambda leg: leg.rank)
    refused = [leg for leg in ranked if isinstance(leg.outcome, Refused)]
    if refused and not any(leg.is_answered for leg in ranked):
        # The call may have been answered in a leg that cannot be read.
        return [refused + [leg for leg in ranked if leg not in refused]]
    by_customer: dict[str, list[_Leg]] = defaultdict(list)
    unknown = [leg for leg in ranked if isinstance(leg.outcome, UnknownCustomer)]
    for leg in ranked:
        if isinstance(leg.outcome, Made):
            by_customer[leg.outcome.routed.event.data.customer_id].append(leg)
    calls = list(by_customer.values())
    if not calls:
        return [unknown] if unknown else []
    calls[0] += unknown + refused
    return calls


def _rank(legs: Legs, record: Record, outcome: Outcome) -> tuple[object, ...]:
    row = record.rows[0]
    preferred = all(record.holds(each, row) for each in legs.prefer)
    call = _call(outcome) if isinstance(outcome, Made) else None
    answered = call is not None and call.answered is not False
    talked = 0.0
    if answered and legs.longest is not None:
        try:
            talked = seconds(record.text(row, legs.longest) or "0")
        except CannotConvert:
            talked = 0.0
    started = "" if call is None else call.started_at.isoformat()
    return (not preferred, not answered, -talked, started, record.content_id())


def _as_one(legs: Sequence[_Leg]) -> tuple[Record, Outcome]:
    return _joined([leg.record for leg in legs]), legs[0].outcome


def _call(made: Made) -> CallEnded:
    call = made.routed.event.data
    assert isinstance(call, CallEnded), "the model allows legs of calls only"
    return call


def _joined(records: Sequence[Record]) -> Record:
    first = records[0]
    if len(records) == 1:
        return first
    return Record(first.number, [row for each in records for row in each.rows], first.is_json)


def _rows_of(record: Record) -> list[Record]:
    """The rows of a record, each as one: a dead letter holds all legs of its call."""
    return [Record(record.number, (row,), record.is_json) for row in record.rows]
