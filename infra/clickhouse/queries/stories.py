"""Single conversations of a period that a reader remembers, and what their customers did next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from infra.clickhouse.queries.months import Period
from schemas.topics import CONTRACT_CANCELLED, PAYMENT_RECEIVED

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


class StoryKind(StrEnum):
    """Why a conversation is chosen."""

    WORST = "worst"
    """The most aggressive one."""
    BEST = "best"
    """An empathic one that was rated well or paid after."""
    LEFT = "left"
    """Of those whose customer left after saying so, the one with the worst mood."""
    CHANGED = "changed"
    """The one whose customer's mood rose most; in place of `LEFT` where nobody left."""


@dataclass(frozen=True)
class Followed:
    """What a conversation's customer did, as the engagement that it belongs to has it."""

    matures_at: datetime
    """Until this hour payments and cancellations count (UTC)."""
    cancelled: bool
    lost_to_supplier: bool
    paid: bool
    amount: float
    cancelled_at: datetime | None
    """Time of the customer's first cancellation after the conversation; None if none came."""
    paid_at: datetime | None
    """Time of the first payment after the conversation; None if none came."""


@dataclass(frozen=True)
class Story:
    """One conversation in redacted turns; it does not say who the customer is."""

    kind: StoryKind
    event_id: str
    agency_id: str
    ended_at: datetime
    channel: str
    touchpoint: str
    customer_type: str
    aggression: float | None
    empathy: float | None
    rating: int | None
    rating_source: str | None
    """survey, spoken or predicted."""
    turns: tuple[tuple[str, str], ...]
    """Speaker and text of each."""
    highlights: tuple[tuple[int, str], ...]
    """Turn and words that moved a score, heaviest first."""
    followed: Followed | None


_OUTCOME = """
    SELECT client_id, agency_id, customer, opened_at, matures_at, cancelled, lost_to_supplier, paid
    FROM engagements FINAL
    WHERE client_id = {client:String} AND ({agency:String} = '' OR agency_id = {agency:String})
        AND matures_at >= {begin:DateTime('UTC')}
        AND opened_at >= {begin:DateTime64(6, 'UTC')} - INTERVAL 366 DAY
        AND opened_at < {end:DateTime64(6, 'UTC')}
"""
_CALLS = f"""
FROM calls FINAL
ASOF LEFT JOIN ({_OUTCOME}) AS engagement
    ON calls.client_id = engagement.client_id AND calls.agency_id = engagement.agency_id
        AND calls.customer = engagement.customer AND calls.ended_at >= engagement.opened_at
LEFT JOIN (
    SELECT event_id, toNullable(rating) AS later_rating
    FROM call_surveys FINAL
    WHERE client_id = {{client:String}}
) AS later ON calls.event_id = later.event_id
WHERE calls.client_id = {{client:String}}
    AND ({{agency:String}} = '' OR calls.agency_id = {{agency:String}})
    AND calls.ended_at >= {{begin:DateTime64(6, 'UTC')}}
    AND calls.ended_at < {{end:DateTime64(6, 'UTC')}}
    AND aggression IS NOT NULL AND empathy IS NOT NULL AND sentiment IS NOT NULL
    AND length(JSONExtractArrayRaw(turns)) BETWEEN 4 AND 60
"""  # noqa: S608 - constants of this module
_GOOD = 9
"""Rating from which a customer is a promoter."""
_EMPATHIC = 0.5
"""Empathy from which the boards count a conversation as empathic."""
_RATED = "coalesce(survey_rating, later_rating, spoken_rating)"
_BY_KIND = {
    StoryKind.WORST: ("1", "aggression DESC, sentiment"),
    StoryKind.BEST: (
        f"empathy >= {_EMPATHIC} AND empathy > aggression "
        f"AND (engagement.paid OR {_RATED} >= {_GOOD})",
        f"{_RATED} IS NOT NULL DESC, empathy + sentiment - aggression DESC",
    ),
    StoryKind.LEFT: (
        "engagement.cancelled AND NOT engagement.lost_to_supplier AND churn_intent",
        "sentiment, aggression DESC",
    ),
    StoryKind.CHANGED: ("sentiment_change > 0", "sentiment_change DESC, sentiment DESC"),
}
_COLUMNS = (
    "calls.event_id, toString(calls.agency_id), calls.customer, calls.ended_at, "
    "toString(channel), toString(touchpoint), toString(customer_type), aggression, empathy, "
    "survey_rating, later_rating, spoken_rating, predicted_rating, turns, quotes"
)


def read_stories(client: Client, period: Period) -> list[Story]:
    """The worst conversation, the best one, and one whose customer left (or came round).

    No two are of one customer. Fewer where the period has no such.
    """
    chosen: list[Story] = []
    customers: list[str] = []
    for kinds in ((StoryKind.WORST,), (StoryKind.BEST,), (StoryKind.LEFT, StoryKind.CHANGED)):
        for kind in kinds:
            found = _first(client, period, kind, customers)
            if found is not None:
                story, customer = found
                chosen.append(story)
                customers.append(customer)
                break
    return chosen


_CANDIDATES = 20


def _first(
    client: Client, period: Period, kind: StoryKind, known: list[str]
) -> tuple[Story, str] | None:
    """The first conversation of a kind whose customer is not among those known, and that one.

    What makes it one of its kind came after it: of one who left, the end of the contract.
    """
    where, order = _BY_KIND[kind]
    rows = client.query(
        f"SELECT {_COLUMNS} {_CALLS} AND ({where}) "
        "AND NOT has({known:Array(String)}, calls.customer) "
        f"ORDER BY {order}, calls.event_id LIMIT {_CANDIDATES}",
        parameters={**period.parameters, "known": known},
    ).result_rows
    stories = (_story(client, period, kind, row) for row in rows)
    return next((found for found in stories if _is_of_its_kind(found[0])), None)


def _is_of_its_kind(story: Story) -> bool:
    what = story.followed
    if story.kind is StoryKind.LEFT:
        return what is not None and what.cancelled_at is not None
    rated = story.rating if story.rating_source != "predicted" else None
    if story.kind is StoryKind.BEST and (rated or 0) < _GOOD:
        return what is not None and what.paid_at is not None
    return True


def _story(
    client: Client, period: Period, kind: StoryKind, row: Sequence[Any]
) -> tuple[Story, str]:
    event_id, agency, customer, ended_at, channel, touchpoint, customer_type, *scores = row
    aggression, empathy, survey, later, spoken, predicted, turns, quotes = scores
    ended_at = _utc(ended_at)
    rating, source = _rating(survey if survey is not None else later, spoken, predicted)
    story = Story(
        kind=kind,
        event_id=event_id,
        agency_id=agency,
        ended_at=ended_at,
        channel=channel,
        touchpoint=touchpoint,
        customer_type=customer_type,
        aggression=aggression,
        empathy=empathy,
        rating=rating,
        rating_source=source,
        turns=tuple((turn["speaker"], turn["text"]) for turn in json.loads(turns)),
        highlights=tuple(_highlights(quotes)),
        followed=_followed(client, period.client_id, agency, customer, ended_at),
    )
    return story, customer


def _rating(
    survey: int | None, spoken: int | None, predicted: int | None
) -> tuple[int | None, str | None]:
    for rating, source in ((survey, "survey"), (spoken, "spoken"), (predicted, "predicted")):
        if rating is not None:
            return rating, source
    return None, None


def _highlights(quotes: list[Any]) -> list[tuple[int, str]]:
    found = []
    for quote in quotes:
        kind, turn, text, _ = quote.values() if isinstance(quote, dict) else quote
        if not kind.startswith("sentiment"):
            found.append((turn, text))
    return found


def _followed(
    client: Client, client_id: str, agency_id: str, customer: str, ended_at: datetime
) -> Followed | None:
    """What the engagement says; None where there is none, as where its rows are not in yet."""
    asked = {"client": client_id, "agency": agency_id, "customer": customer, "at": ended_at}
    rows = client.query(
        "SELECT matures_at, cancelled, lost_to_supplier, paid, amount FROM engagements FINAL "
        "WHERE client_id = {client:String} AND agency_id = {agency:String} "
        "AND customer = {customer:String} AND opened_at <= {at:DateTime64(6, 'UTC')} "
        "AND opened_at > {at:DateTime64(6, 'UTC')} - INTERVAL 366 DAY "
        "AND matures_at + INTERVAL 1 HOUR > {at:DateTime64(6, 'UTC')} "
        "ORDER BY opened_at DESC LIMIT 1",
        parameters=asked,
    ).result_rows
    if not rows:
        return None
    matures_at, cancelled, lost, paid, amount = rows[0]
    first = client.query(
        "SELECT topic, min(event_time) FROM events FINAL WHERE client_id = {client:String} "
        "AND customer = {customer:String} AND topic IN {topics:Array(String)} "
        "AND event_time >= {at:DateTime64(6, 'UTC')} AND event_time < {until:DateTime('UTC')} "
        "GROUP BY topic",
        parameters={
            **asked,
            "until": matures_at,
            "topics": [CONTRACT_CANCELLED.name, PAYMENT_RECEIVED.name],
        },
    ).result_rows
    times = {topic: _utc(time) for topic, time in first}
    return Followed(
        matures_at=_utc(matures_at),
        cancelled=bool(cancelled),
        lost_to_supplier=bool(lost),
        paid=bool(paid),
        amount=float(amount),
        cancelled_at=times.get(CONTRACT_CANCELLED.name) if cancelled and not lost else None,
        paid_at=times.get(PAYMENT_RECEIVED.name) if paid else None,
    )


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
