"""One customer's events in order of arrival, and the engagements that follow from them.

Engagements are derived from the events by event time, so the order of arrival never shows in
them. The order of arrival is stored so that an event that is delivered again after a crash yields
exactly the change it yielded the first time.

For that to hold, a state must be durable before the changes it yielded are sent, and both before
the source offset is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypedDict

from processors.engagements.entries import (
    TYPE_OF_KIND,
    AnswerEntry,
    CallEntry,
    CancellationEntry,
    Entry,
    Identity,
    PaymentEntry,
    ReturnEntry,
    content_of,
    entry_of,
    identity_of,
    kind_of,
    named_by_older_id,
    net_payments,
    position_of,
    read_entry,
)
from processors.engagements.facts import Cancellation, Fact, Payment, ScoredCall
from processors.engagements.timeline import Contact, History, Moved
from processors.identity.event_identity import is_identity
from schemas.changes import (
    Conversation,
    Engagement,
    EngagementChange,
    Excess,
    LateRating,
    Position,
    Rerated,
)

HORIZON_HOURS = 720
"""Default horizon H: 30 days."""

OlderName = Callable[[str, str, str], str]
"""The identity of an older event, by client company, type and id."""


class CustomerState(TypedDict):
    """A customer's events as stored in a table; JSON-able, never mutated.

    Events are entries (`processors.engagements.entries`), oldest arrival first.
    """

    client_id: str
    customer: str
    arrived: int
    """Arrival number of the latest event; it never goes back, whatever was archived since."""
    whole: bool
    """Whether no event of this customer can lie in the archive only (see `settling`)."""
    events: list[Entry]


def read_state(stored: Mapping[str, Any]) -> CustomerState:
    """The state that was stored as this JSON object."""
    return CustomerState(
        client_id=stored["client_id"],
        customer=stored["customer"],
        arrived=stored["arrived"],
        whole=stored["whole"],
        events=[read_entry(entry) for entry in stored["events"]],
    )


class Outcome(StrEnum):
    """What an event was to a customer's state."""

    NEW = "new"
    REPLAY = "replay"
    """The same delivery as before, after a crash: its changes are to be sent again."""
    DUPLICATE = "duplicate"
    """The same event delivered elsewhere: it has no effect."""


class Observed(NamedTuple):
    """A customer's state after an event, and what the event changed, one entry an agency."""

    state: CustomerState
    changes: tuple[EngagementChange, ...]
    outcome: Outcome


def observe(
    state: CustomerState | None,
    event: Fact,
    position: Position,
    *,
    horizon_hours: int = HORIZON_HOURS,
    currency: str = "EUR",
    arrivals_before: int = 0,
    memory: Memory | None = None,
) -> Observed:
    """Take one event into its customer's state; pure.

    An event is known by its kind and id. Known at the same position, it is a replay: the state
    stays, and the changes are those of its first arrival. Known at another position, it is a
    duplicate.

    Args:
        state: the customer's state, None before the first event.
        event: a fact about that customer.
        position: where the event was delivered.
        horizon_hours: the horizon H; another H needs a rebuild from all events.
        currency: ISO code of the amounts that are summed; a payment in another currency counts
            as paid and adds no amount.
        arrivals_before: where there is no state, the number of arrivals to count on from: at
            least that of any state of this customer that was archived.
        memory: what was worked out for this customer's earlier events of the same batch; it
            saves work, and changes nothing.

    Raises:
        ValueError: the state is another customer's.
    """
    if state is None:
        state = CustomerState(
            client_id=event.client_id,
            customer=event.customer,
            arrived=arrivals_before,
            whole=not arrivals_before,
            events=[],
        )
    elif (state["client_id"], state["customer"]) != (event.client_id, event.customer):
        raise ValueError("the state belongs to another customer")
    entries = state["events"]
    memory = memory or Memory()
    event = named_by_older_id(event, lambda named: memory.knows(named, entries))
    known = memory.place_of(event, entries)
    if known is None:
        known, outcome = len(entries), Outcome.NEW
        arrival = state["arrived"] + 1
        state = CustomerState(
            client_id=event.client_id,
            customer=event.customer,
            arrived=arrival,
            whole=state["whole"],
            events=[*entries, entry_of(arrival, event, position)],
        )
    elif position_of(entries[known]) == position:
        outcome = Outcome.REPLAY
    else:
        return Observed(state, (), Outcome.DUPLICATE)
    events = state["events"]
    history = memory.history(position.topic, events, known, horizon_hours, currency)
    taken = _take(history, events[known])
    return Observed(state, _changes(event, taken, events[known].arrival, horizon_hours), outcome)


class Memory:
    """What observing one customer's events one after another need not work out each time.

    Of use only while the customer's state does nothing but grow: within one batch.
    """

    def __init__(self) -> None:
        self._places: dict[Identity, int] = {}
        self._histories: dict[str, History] = {}

    def place_of(self, event: Fact, entries: Sequence[Entry]) -> int | None:
        """As `place_of`."""
        self._note(entries)
        return _place(event, entries, self._places)

    def knows(self, named: Identity, entries: Sequence[Entry]) -> bool:
        """Whether an event of that kind and id is among the state's."""
        self._note(entries)
        return named in self._places

    def _note(self, entries: Sequence[Entry]) -> None:
        for index in range(len(self._places), len(entries)):
            self._places[identity_of(entries[index])] = index

    def history(
        self, topic: str, entries: Sequence[Entry], count: int, horizon_hours: int, currency: str
    ) -> History:
        """The history of the first `count` entries, to be taken on by the caller.

        There is one for each topic: the events of a topic are delivered, and after a crash
        delivered again, in order, so it only ever moves on.
        """
        history = self._histories.get(topic)
        if history is None or history.taken > count:
            history = self._histories[topic] = _history(entries[:count], horizon_hours, currency)
        for entry in entries[history.taken : count]:
            _take(history, entry)
        return history


def engagements_of(
    events: Iterable[Fact],
    horizon_hours: int = HORIZON_HOURS,
    currency: str = "EUR",
) -> dict[str, list[Engagement]]:
    """All engagements of one customer, per agency by time, in whatever order the events come.

    The first conversation, at t0, opens an engagement; those before t0 + H join it; the next
    opens another. Conversations at the same microsecond are ordered by event id. If customer and
    supplier end contracts at the same microsecond, the customer's counts as the first: a
    competing risk must come before what it prevents. Payments count less what was returned.

    Args:
        events: the customer's facts, each once.
        horizon_hours: the horizon H.
        currency: ISO code of the amounts that are summed.
    """
    entries = [entry_of(number, event) for number, event in enumerate(events, start=1)]
    history = _history(entries, horizon_hours, currency)
    return {agency: history.engagements(agency) for agency in history.agencies()}


def place_of(event: Fact, entries: Sequence[Entry]) -> int | None:
    """Index of `event` among a state's events, by its kind and id; None where it is new.

    One that a version before identities took in has another id, and is known by all it says.
    """
    return _place(event, entries, {identity_of(entry): n for n, entry in enumerate(entries)})


def _place(event: Fact, entries: Sequence[Entry], places: Mapping[Identity, int]) -> int | None:
    place = places.get((kind_of(event), event.event_id))
    if place is not None or not isinstance(event, Payment | Cancellation):
        return place
    older = None if event.older_id is None else places.get((kind_of(event), event.older_id))
    if older is None or content_of(entries[older]) != content_of(entry_of(0, event)):
        return None
    return older


def with_identities(state: CustomerState, older_name: OlderName) -> CustomerState:
    """The state with identities in place of the ids that a version before them stored."""
    if all(is_identity(entry.event_id) for entry in state["events"]):
        return state
    events = [with_identity(entry, state["client_id"], older_name) for entry in state["events"]]
    return CustomerState(
        client_id=state["client_id"],
        customer=state["customer"],
        arrived=state["arrived"],
        whole=state["whole"],
        events=events,
    )


def with_identity(entry: Entry, client_id: str, older_name: OlderName) -> Entry:
    """One event of a state, likewise."""
    if is_identity(entry.event_id):
        return entry
    name = older_name(client_id, TYPE_OF_KIND[entry.kind], entry.event_id)
    return entry._replace(event_id=name)


class _Taken(NamedTuple):
    """What an entry did to the history it was taken into."""

    moved: dict[str, Moved]
    """Engagements that differ, by agency."""
    later: LateRating | None = None
    """The rating that an answer which came before a call gives it."""
    rerated: tuple[str, Rerated] | None = None
    """The agency and the call to which an answer gives another rating."""
    excesses: tuple[Excess, ...] = ()
    """The conversations that are above the permitted number now, or no longer."""


def _history(entries: Sequence[Entry], horizon_hours: int, currency: str) -> History:
    calls = [entry for entry in entries if isinstance(entry, CallEntry)]
    history = History.of(
        [_contact(call) for call in calls],
        net_payments(entries),
        [(e.payment_id, e.at, e.amount) for e in entries if isinstance(e, ReturnEntry)],
        [(e.at, e.ended_by) for e in entries if isinstance(e, CancellationEntry)],
        horizon_hours,
        currency,
    )
    for call in calls:
        history.ratings.call(call)
        history.frequency.call(call)
    for entry in entries:
        if isinstance(entry, AnswerEntry):
            history.ratings.answer(entry)
    history.taken = len(entries)
    return history


def _contact(call: CallEntry) -> Contact:
    scores = call.aggression, call.empathy
    return Contact(call.at, call.event_id, call.agency_id, *scores, call.segment)


def _take(history: History, entry: Entry) -> _Taken:
    """Take an entry into the history."""
    match entry:
        case CallEntry():
            return _Taken(
                history.talk(_contact(entry)),
                later=history.ratings.call(entry),
                excesses=history.frequency.call(entry),
            )
        case PaymentEntry():
            return _Taken(history.pay(entry.event_id, entry.at, entry.amount, entry.currency))
        case ReturnEntry():
            return _Taken(history.give_back(entry.payment_id, entry.at, entry.amount))
        case AnswerEntry():
            history.taken += 1
            return _Taken({}, rerated=history.ratings.answer(entry))
        case CancellationEntry():
            return _Taken(history.end_contract(entry.at, entry.ended_by))


def _changes(
    event: Fact, taken: _Taken, version: int, horizon_hours: int
) -> tuple[EngagementChange, ...]:
    said = _conversation(event, taken.later) if isinstance(event, ScoredCall) else None
    changes: list[tuple[str, Moved, Rerated | None]] = [
        (agency_id, moved, None) for agency_id, moved in taken.moved.items()
    ]
    if taken.rerated is not None:
        agency_id, rerated = taken.rerated
        changes.append((agency_id, ((), ()), rerated))
    return tuple(
        EngagementChange(
            client_id=event.client_id,
            agency_id=agency_id,
            customer=event.customer,
            event_id=event.event_id,
            version=version,
            horizon_hours=horizon_hours,
            before=before,
            after=after,
            conversation=said,
            rerated=rerated,
            excesses=taken.excesses,
        )
        for agency_id, (before, after), rerated in changes
    )


def _conversation(call: ScoredCall, later: LateRating | None) -> Conversation:
    return Conversation(
        call.at,
        *call.segment,
        call.aggression,
        call.empathy,
        call.sentiment,
        call.measured_rating,
        call.predicted_rating,
        call.worst,
        later,
        call.inferred,
    )
