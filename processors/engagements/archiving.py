"""Which of a customer's events no event in time can touch any more, so that they can be archived.

An engagement is settled when its horizon has passed and the grace after it, and the week of its
last conversation: only a late event can still change it, and for such an event what was archived is
recalled first. So the state
of a customer ends with the last engagement, and every figure stays exact all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from processors.engagements.contact_frequency import WEEK_REACH_US
from processors.engagements.corrections import REACH_US
from processors.engagements.entries import (
    CALL,
    CallEntry,
    Entry,
    identity_of,
    named_by,
    named_in,
    position_of,
)
from processors.engagements.facts import Fact
from processors.engagements.history import CustomerState, place_of
from processors.event_time import HOUR_US
from schemas.changes import Position


class Settled(NamedTuple):
    """A customer's events in two parts."""

    remaining: CustomerState | None
    """The state that stays; None where nothing has to."""
    archived: list[Entry]
    """The events that no event at or after `before` can touch; empty where there are none."""


def settle(state: CustomerState, before: int, horizon_hours: int) -> Settled:
    """Separate what is settled from what is not.

    Settled are the conversations of engagements that end at or before `before`, the last of them
    in another week; the payments and cancellations before it that lie in no other engagement; and
    what corrects any of them. An
    event at or after `before` cannot change them, unless it corrects one (and then says so), nor
    do they change what it does: an engagement that has ended takes no more conversations, and
    those of the same agency that follow open one of their own. A correction of what is not
    there waits for it, until it is too old to mean what comes at or after `before`.

    Args:
        state: the customer's state.
        before: us since the epoch, a grace behind the clock.
        horizon_hours: the horizon H.
    """
    horizon = horizon_hours * HOUR_US
    open_since, open_calls = _open(state["events"], before - horizon, horizon)
    remains_itself: dict[tuple[str, str], bool] = {
        identity_of(entry): (
            entry.event_id in open_calls
            if entry.kind == CALL
            else entry.at >= before or any(t0 <= entry.at < t0 + horizon for t0 in open_since)
        )
        for entry in state["events"]
        if named_by(entry) is None
    }

    def remains(entry: Entry) -> bool:
        waits = entry.at + REACH_US > before
        return remains_itself.get(named_by(entry) or identity_of(entry), waits)

    remaining = [entry for entry in state["events"] if remains(entry)]
    if len(remaining) == len(state["events"]):
        return Settled(state, [])
    remaining_ids = {identity_of(entry) for entry in remaining}
    archived = [entry for entry in state["events"] if identity_of(entry) not in remaining_ids]
    if not remaining:
        return Settled(None, archived)
    return Settled(
        CustomerState(
            client_id=state["client_id"],
            customer=state["customer"],
            arrived=state["arrived"],
            whole=False,
            events=remaining,
        ),
        archived,
    )


def unsettled_until(state: CustomerState, horizon_hours: int) -> int:
    """The time (us) up to which `settle` finds nothing to archive, whatever `before` it is given.

    It may be earlier than the first that is settled. It holds as long as the state stays the same.

    Args:
        state: a customer's state; it has events.
        horizon_hours: the horizon H.
    """
    horizon = horizon_hours * HOUR_US
    starts = {call.event_id: start for start, call in _conversations(state["events"], horizon)}
    earliest: dict[tuple[str, str], int] = {}
    for entry in state["events"]:
        if entry.kind == CALL:
            earliest[identity_of(entry)] = starts[entry.event_id] + horizon
        elif named_by(entry) is None:
            ends = (t0 + horizon for t0 in starts.values() if t0 <= entry.at < t0 + horizon)
            earliest[identity_of(entry)] = max(ends, default=entry.at + 1)
    corrections = [
        earliest.get(named, entry.at + REACH_US)
        for entry in state["events"]
        if (named := named_by(entry)) is not None
    ]
    return min((*earliest.values(), *corrections))


def needs_recall(state: CustomerState | None, event: Fact, position: Position, before: int) -> bool:
    """Whether `event` can only be observed rightly with what was archived.

    It is where the event lies before the time up to which events were archived; where it corrects
    one that is not in the state; and where it is a replay, whose changes follow from all the events
    there were when it first came.

    Args:
        state: the customer's state, without what was archived.
        event: a fact about that customer.
        position: where the event was delivered.
        before: the latest `before` that states were settled with; 0: nothing was archived yet.
    """
    named = named_in(event)
    if state is None:
        return event.at < before or (named is not None and before > 0)
    if state["whole"]:
        return False
    if event.at < before:
        return True
    if named is not None and all(identity_of(e) != named for e in state["events"]):
        return True
    place = place_of(event, state["events"])
    return place is not None and position_of(state["events"][place]) == position


def recall(
    state: CustomerState | None, archived: Iterable[Entry], client_id: str, customer: str
) -> CustomerState | None:
    """The whole state again, as if nothing had been archived; None where there is nothing."""
    events = {identity_of(entry): entry for entry in archived}
    events |= {identity_of(entry): entry for entry in (state["events"] if state else ())}
    if not events:
        return state
    entries = sorted(events.values(), key=lambda entry: entry.arrival)
    return CustomerState(
        client_id=client_id,
        customer=customer,
        arrived=max(entries[-1].arrival, state["arrived"] if state else 0),
        whole=True,
        events=entries,
    )


def _open(entries: Sequence[Entry], opened_by: int, horizon: int) -> tuple[list[int], set[str]]:
    """Beginnings of the engagements that are not settled, and ids of their conversations.

    They were opened after `opened_by`, or a week that goes on has conversations of theirs.
    """
    recent = opened_by + horizon - WEEK_REACH_US
    by_start: dict[tuple[str, int], list[CallEntry]] = defaultdict(list)
    for start, call in _conversations(entries, horizon):
        by_start[call.agency_id, start].append(call)
    starts: list[int] = []
    members: set[str] = set()
    for (_, start), calls in by_start.items():
        if start > opened_by or max(call.at for call in calls) > recent:
            starts.append(start)
            members.update(call.event_id for call in calls)
    return starts, members


def _conversations(entries: Sequence[Entry], horizon: int) -> Iterator[tuple[int, CallEntry]]:
    """The beginning of each conversation's engagement, and the conversation."""
    by_agency: dict[str, list[CallEntry]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry, CallEntry):
            by_agency[entry.agency_id].append(entry)
    for calls in by_agency.values():
        calls.sort(key=lambda call: (call.at, call.event_id))
        start = calls[0].at
        for call in calls:
            if call.at >= start + horizon:
                start = call.at
            yield start, call
