"""The facts in the store, customer by customer: what figures can be derived again from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from processors.engagements.facts import Fact, ScoredCall, fact_of_event, in_units
from schemas.codec import InvalidMessage, decode
from schemas.figures import Segment
from schemas.sealed import SEALED
from schemas.topics import CONTRACT_CANCELLED, PAYMENT_RECEIVED, PAYMENT_RETURNED

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_FACTS = """
SELECT client_id, customer, topic, event_id, at, agency_id, service, touchpoint, channel,
    customer_type, aggression, empathy, payload
FROM (
    SELECT toString(client_id) AS client_id, customer, '' AS topic, event_id,
        toUnixTimestamp64Micro(ended_at) AS at, toString(agency_id) AS agency_id,
        toString(service) AS service, toString(touchpoint) AS touchpoint,
        toString(channel) AS channel, toString(customer_type) AS customer_type,
        aggression, empathy, '' AS payload
    FROM calls FINAL
    WHERE ended_at < {end:DateTime64(6, 'UTC')}
        AND ({client:String} = '' OR client_id = {client:String})
    UNION ALL
    SELECT toString(client_id) AS client_id, customer, toString(topic) AS topic, event_id,
        toUnixTimestamp64Micro(event_time) AS at, '' AS agency_id,
        '' AS service, '' AS touchpoint, '' AS channel, '' AS customer_type,
        NULL AS aggression, NULL AS empathy, payload
    FROM events FINAL
    WHERE topic IN {topics:Array(String)} AND event_time < {end:DateTime64(6, 'UTC')}
        AND ({client:String} = '' OR client_id = {client:String})
)
ORDER BY client_id, customer, at, event_id
"""


def customers_facts(
    client: Client, end: datetime, client_id: str | None = None
) -> Iterator[list[Fact]]:
    """Each customer's facts before `end`, by time, one customer after the other.

    With `client_id`, those of its customers only.

    Conversations come with the scores that the store has of them, without sentiment, rating and
    quotes, and so without surveys answered later. Rows are read as they are needed, so that a
    store of any size fits in memory.
    """
    topics = [PAYMENT_RECEIVED.name, CONTRACT_CANCELLED.name, PAYMENT_RETURNED.name]
    parameters = {"end": end, "topics": topics, "client": client_id or ""}
    with client.query_rows_stream(_FACTS, parameters=parameters) as rows:
        for _, own in groupby(rows, key=lambda row: (row[0], row[1])):
            facts = [fact for row in own if (fact := _fact(row)) is not None]
            if facts:
                yield facts


def _fact(row: tuple[Any, ...]) -> Fact | None:
    """The fact in a row; None for a journal row that no longer can be read."""
    client_id, customer, topic, event_id, at, agency_id = row[:6]
    if topic:
        event = decode(row[12].encode(), SEALED[topic])
        return None if isinstance(event, InvalidMessage) else fact_of_event(event, customer)
    *segment, aggression, empathy = row[6:12]
    return ScoredCall(
        event_id=event_id,
        client_id=client_id,
        customer=customer,
        at=at,
        agency_id=agency_id,
        segment=Segment(*segment),
        aggression=in_units(aggression),
        empathy=in_units(empathy),
        sentiment=None,
        measured_rating=None,
        predicted_rating=None,
        worst=None,
    )
