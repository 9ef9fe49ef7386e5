"""One customer's events in order of arrival, and the engagements that follow from them.

Engagements are derived from the events by event time, so the order of arrival never shows in
them. The order of arrival is kept so that an event that is delivered again after a crash yields
exactly the change it yielded the first time.

For that to hold, a state must be durable before the changes it yielded are sent, and both before
the source offset is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypedDict

from processors.changes import Conversation, Engagement, EngagementChange
from processors.event_time import HOUR_US
from processors.facts import Fact, Payment, Position, ScoredCall
from processors.identity import is_identity

HORIZON_HOURS = 720
"""Default horizon H: 30 days."""

CALL = "call"
"""Kind of a conversation's entry."""
TYPE_OF_KIND: dict[str, str] = {
    CALL: "it.ascolto.call-ended.v1",
    "payment": "it.ascolto.payment-received.v1",
    "cancellation": "it.ascolto.contract-cancelled.v1",
}
"""CloudEvents `type` of each kind of entry."""

OlderName = Callable[[str, str, str], str]
"""The identity of an older event, by tenant, type and id."""


Entry = list[Any]
"""One event of a customer's state; see `CustomerState`."""


class CustomerState(TypedDict):
    """A customer's events as kept in a table; JSON-able, never mutated.

    Each event is `[arrival, kind, topic, partition, offset, event_id, at, ...]`, oldest arrival
    first; `at` is its time in us.
    """

    client_id: str
    customer: str
    arrived: int
    """Arrival number of the latest event; it never goes back, whatever was put away since."""
    whole: bool
    """Whether no event of this customer can lie in the archive only (see `settling`)."""
    events: list[Entry]


class Outcome(StrEnum):
    """What an event was to a customer's state."""

    NEW = "new"
    REPLAY = "replay"
    """The same delivery as before, after a crash: its changes are to be sent again."""
    DUPLICATE = "duplicate"
    """The same event delivered elsewhere: nothing is to be done."""


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
            least that of any state of this customer that was put away.

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
    kept = state["events"]
    known = place_of(event, kept)
    if known is None:
        known, outcome = len(kept), Outcome.NEW
        arrival = state["arrived"] + 1
        state = CustomerState(
            client_id=event.client_id,
            customer=event.customer,
            arrived=arrival,
            whole=state["whole"],
            events=[*kept, _entry(arrival, event, position)],
        )
    elif kept[known][2:5] == list(position):
        outcome = Outcome.REPLAY
    else:
        return Observed(state, (), Outcome.DUPLICATE)
    arrived = state["events"][: known + 1]
    before = _History.of_entries(arrived[:-1], horizon_hours, currency)
    after = _History.of_entries(arrived, horizon_hours, currency)
    return Observed(state, _changes(event, before, after, arrived[-1][0]), outcome)


def engagements_of(
    events: Iterable[Fact],
    horizon_hours: int = HORIZON_HOURS,
    currency: str = "EUR",
) -> dict[str, list[Engagement]]:
    """All engagements of one customer, per agency by time, in whatever order the events come.

    The first conversation, at t0, opens an engagement; those before t0 + H join it; the next
    opens another. Conversations at the same microsecond are ordered by event id. If customer and
    supplier end contracts at the same microsecond, the customer's counts as the first: a
    competing risk must come before what it prevents.

    Args:
        events: the customer's facts, each once.
        horizon_hours: the horizon H.
        currency: ISO code of the amounts that are summed.
    """
    entries = [_entry(number, event, _NOWHERE) for number, event in enumerate(events, start=1)]
    history = _History.of_entries(entries, horizon_hours, currency)
    return {agency: history.engagements(agency) for agency in history.agencies()}


class _Contact(NamedTuple):
    """What engagements need of a conversation; sorts by time, then id."""

    at: int
    event_id: str
    agency_id: str
    aggression: int | None
    empathy: int | None
    service: str
    touchpoint: str
    channel: str
    customer_type: str


class _History(NamedTuple):
    """One customer's events by kind, and what the engagements' definition takes as given."""

    contacts: list[_Contact]
    payments: list[tuple[int, int, str]]
    """Time, amount, currency."""
    cancellations: list[tuple[int, str]]
    """Time, who ended it."""
    horizon_hours: int
    currency: str

    @classmethod
    def of_entries(cls, entries: Sequence[Entry], horizon_hours: int, currency: str) -> _History:
        contacts, payments, cancellations = [], [], []
        for entry in entries:
            kind = entry[1]
            if kind == CALL:
                contacts.append(_Contact(entry[6], entry[5], *entry[7:]))
            elif kind == _PAYMENT:
                payments.append((entry[6], entry[7], entry[8]))
            else:
                cancellations.append((entry[6], entry[7]))
        return cls(contacts, payments, cancellations, horizon_hours, currency)

    def agencies(self) -> list[str]:
        """Agencies that had a conversation, by name."""
        return sorted({contact.agency_id for contact in self.contacts})

    def engagements(self, agency_id: str) -> list[Engagement]:
        """The agency's engagements by time."""
        horizon = self.horizon_hours * HOUR_US
        found = []
        members: list[_Contact] = []
        for contact in sorted(c for c in self.contacts if c.agency_id == agency_id):
            if members and contact.at >= members[0].at + horizon:
                found.append(self._engagement(members))
                members = []
            members.append(contact)
        if members:
            found.append(self._engagement(members))
        return found

    def _engagement(self, members: list[_Contact]) -> Engagement:
        first = members[0]
        begin, end = first.at, first.at + self.horizon_hours * HOUR_US
        aggressions = [m.aggression for m in members if m.aggression is not None]
        empathies = [m.empathy for m in members if m.empathy is not None]
        payments = [p for p in self.payments if begin <= p[0] < end]
        # At equal times 'customer' sorts before 'supplier': the tie is the customer's.
        cancellations = sorted(c for c in self.cancellations if begin <= c[0] < end)
        return Engagement(
            opened_at=begin,
            calls=len(members),
            aggression_n=len(aggressions),
            aggression_sum=sum(aggressions),
            empathy_n=len(empathies),
            empathy_sum=sum(empathies),
            cancelled=any(by == "customer" for _, by in cancellations),
            lost_to_supplier=bool(cancellations) and cancellations[0][1] == "supplier",
            paid=bool(payments),
            amount=sum(amount for _, amount, code in payments if code == self.currency),
            service=first.service,
            touchpoint=first.touchpoint,
            channel=first.channel,
            customer_type=first.customer_type,
        )


_PAYMENT, _CANCELLATION = "payment", "cancellation"
_NOWHERE = Position("", 0, 0)


def _kind(event: Fact) -> str:
    if isinstance(event, ScoredCall):
        return CALL
    return _PAYMENT if isinstance(event, Payment) else _CANCELLATION


def _entry(arrival: int, event: Fact, position: Position) -> Entry:
    head = [arrival, _kind(event), *position, event.event_id, event.at]
    if isinstance(event, ScoredCall):
        segment = event.service, event.touchpoint, event.channel, event.customer_type
        return [*head, event.agency_id, event.aggression, event.empathy, *segment]
    if isinstance(event, Payment):
        return [*head, event.amount, event.currency]
    return [*head, event.ended_by]


def place_of(event: Fact, entries: Sequence[Entry]) -> int | None:
    """Index of `event` among a state's events, by its kind and id; None where it is new.

    One that a version before identities took in has another id, and is known by all it says.
    """
    kind = _kind(event)
    older_id = None if isinstance(event, ScoredCall) else event.older_id
    for index, entry in enumerate(entries):
        if entry[1] != kind:
            continue
        if entry[5] == event.event_id:
            return index
        if entry[5] == older_id and entry[6:] == _entry(0, event, _NOWHERE)[6:]:
            return index
    return None


def with_identities(state: CustomerState, older_name: OlderName) -> CustomerState:
    """The state with identities in place of the ids that a version before them stored."""
    if all(is_identity(entry[5]) for entry in state["events"]):
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
    if is_identity(entry[5]):
        return entry
    return [*entry[:5], older_name(client_id, TYPE_OF_KIND[entry[1]], entry[5]), *entry[6:]]


def _changes(
    event: Fact, before: _History, after: _History, version: int
) -> tuple[EngagementChange, ...]:
    said = _conversation(event) if isinstance(event, ScoredCall) else None
    touched = [event.agency_id] if isinstance(event, ScoredCall) else after.agencies()
    changes = []
    for agency_id in touched:
        stood, stand = before.engagements(agency_id), after.engagements(agency_id)
        if said is not None or stood != stand:
            change = EngagementChange(
                client_id=event.client_id,
                agency_id=agency_id,
                customer=event.customer,
                event_id=event.event_id,
                version=version,
                horizon_hours=after.horizon_hours,
                before=tuple(e for e in stood if e not in stand),
                after=tuple(e for e in stand if e not in stood),
                conversation=said,
            )
            changes.append(change)
    return tuple(changes)


def _conversation(call: ScoredCall) -> Conversation:
    return Conversation(
        at=call.at,
        service=call.service,
        touchpoint=call.touchpoint,
        channel=call.channel,
        customer_type=call.customer_type,
        aggression=call.aggression,
        empathy=call.empathy,
        sentiment=call.sentiment,
        measured_rating=call.measured_rating,
        predicted_rating=call.predicted_rating,
        worst=call.worst,
    )
