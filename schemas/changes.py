"""What one event changes in an agency's figures: engagements that differ, and its own call.

A change goes from the customers' side (`engagements.history.observe`) to the agencies' side
(`metrics.hourly_sums.apply`), whose receiver adds `after` and subtracts `before`, once per source
position. A batch of them is one message, so that the changes of an agency cannot overtake one
another.

The topic is private, with some messages for every event: so these are msgspec's types, which are
made, written and read in a tenth of the time of pydantic's.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from schemas.figures import Segment


class Position(NamedTuple):
    """Where a record lies in its topic: names one delivery, not one event."""

    topic: str
    partition: int
    offset: int

    @property
    def source(self) -> str:
        """`topic/partition`: the log within which offsets are ordered."""
        return f"{self.topic}/{self.partition}"


class WorstQuote(NamedTuple):
    """The operator's most aggressive turn of a conversation, as said (redacted)."""

    aggression: int
    event_id: str
    turn: int
    text: str


class LateRating(NamedTuple):
    """The rating of a survey answered after its call, and from when it is known (us)."""

    rating: int
    known_at: int


class Recovered(NamedTuple):
    """What was paid within an engagement, as known from an hour on (its start, us)."""

    known: int
    paid: bool
    amount: int


class Engagement(NamedTuple):
    """All conversations between one agency and one customer within one horizon.

    Times in us since the epoch; score sums and `amount` in 1/10^4. The segment is that of its
    first conversation.
    """

    opened_at: int
    """`ended_at` of its first conversation: t0."""
    calls: int
    aggression_n: int
    aggression_sum: int
    empathy_n: int
    empathy_sum: int
    cancelled: bool
    """The customer ended a contract in [t0, t0 + H)."""
    lost_to_supplier: bool
    """The first cancellation in that time was the supplier's: leaves the churn rate."""
    paid: bool
    """A payment came in [t0, t0 + H), by what was known when the engagement matured."""
    amount: int
    """Sum of those payments less what was returned, by what was known then."""
    service: str
    touchpoint: str
    channel: str
    customer_type: str
    later: tuple[Recovered, ...] = ()
    """What holds instead from later hours on, in order: payments that were returned since."""

    def latest(self) -> tuple[bool, int]:
        """`paid` and `amount` with all that is known."""
        return self.later[-1][1:] if self.later else (self.paid, self.amount)

    @property
    def segment(self) -> Segment:
        """That of its first conversation."""
        return Segment(self.service, self.touchpoint, self.channel, self.customer_type)


class Conversation(NamedTuple):
    """What one conversation adds to the hour of its end; scores in 1/10^4, null if none."""

    at: int
    service: str
    touchpoint: str
    channel: str
    customer_type: str
    aggression: int | None
    empathy: int | None
    sentiment: int | None
    measured_rating: int | None
    predicted_rating: int | None
    worst: WorstQuote | None
    later: LateRating | None = None
    """The rating of a survey answered later: it counts from when it is known."""
    inferred: bool = False
    """Who speaks in it was inferred from the words."""

    @property
    def segment(self) -> Segment:
        """What it was about and how it was held."""
        return Segment(self.service, self.touchpoint, self.channel, self.customer_type)


class Rerated(NamedTuple):
    """A conversation whose later rating is another; the rest of it is as it was."""

    call_id: str
    at: int
    service: str
    touchpoint: str
    channel: str
    customer_type: str
    measured_rating: int | None
    predicted_rating: int | None
    before: LateRating | None
    after: LateRating | None

    @property
    def segment(self) -> Segment:
        """That of the conversation."""
        return Segment(self.service, self.touchpoint, self.channel, self.customer_type)


class Excess(NamedTuple):
    """Whether a conversation is above the permitted number of its day or week, as it is now."""

    call_id: str
    at: int
    service: str
    touchpoint: str
    channel: str
    customer_type: str
    limit: str | None
    """'day' or 'week': which number it is above; null: none any more."""

    @property
    def segment(self) -> Segment:
        """That of the conversation."""
        return Segment(self.service, self.touchpoint, self.channel, self.customer_type)


class EngagementChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Topic `engagement-changed`: what one event changed in one agency's figures.

    `version` is the number of the customer's events up to this one, in order of arrival: the
    same however often the change is sent again, and growing, so it orders an engagement's rows.
    """

    client_id: str
    agency_id: str
    customer: str
    event_id: str
    version: int
    horizon_hours: int
    before: tuple[Engagement, ...]
    """Engagements before the event, only those that it changed."""
    after: tuple[Engagement, ...]
    """Engagements after the event, only those that it changed."""
    conversation: Conversation | None
    """The event's own conversation; null for all events that are none."""
    rerated: Rerated | None = None
    """The conversation that the event, a survey's answer, gave another rating."""
    excesses: tuple[Excess, ...] = ()
    """The conversations that the event, one of them, put above the permitted number or below."""

    @property
    def removed(self) -> tuple[Engagement, ...]:
        """Engagements that start at another time now, or are none: rows to remove."""
        opened = {engagement.opened_at for engagement in self.after}
        return tuple(e for e in self.before if e.opened_at not in opened)


class PositionedChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event's change, and where that event was delivered."""

    position: Position
    at: int
    """The event's time, us since the epoch: moves the event-time clock."""
    change: EngagementChange


class ChangeBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Topic `engagement-changed`: changes of one agency, in the order they happened."""

    client_id: str
    agency_id: str
    changes: tuple[PositionedChange, ...]
