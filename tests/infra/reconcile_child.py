"""What reconciling tries on the engine in process, in a process of its own: one store at a time.

Run as `python -m tests.infra.reconcile_child random DIRECTORY SEED` or
`... sql DIRECTORY` with statements as a JSON list on stdin; prints JSON.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from zlib import crc32

from infra.clickhouse.client import open_embedded
from infra.clickhouse.comparison import as_object
from infra.clickhouse.reconcile import reconcile
from infra.clickhouse.schema import migrate
from infra.data_directory.permissions import keep_files_private
from processors.engagements.facts import Fact, Payment, ScoredCall
from processors.engagements.history import engagements_of, observe
from processors.engagements.horizons import Horizons
from processors.event_time import day_of, day_start, to_us
from processors.metrics.hourly_sums import Cell, cell_sums, later_cells
from processors.metrics.windows import AgencyDays
from schemas.changes import ChangeBatch, EngagementChange, Position, PositionedChange
from schemas.codec import InvalidMessage, encode
from schemas.conversation import SpeakerSource
from schemas.derived import Call, CallTranscribed
from schemas.events import (
    ContractCancelled,
    ContractCancelledEvent,
    EventReference,
    PaymentReceived,
    PaymentReceivedEvent,
    PaymentReturned,
    PaymentReturnedEvent,
    Survey,
    SurveyAnswered,
    SurveyAnsweredEvent,
)
from schemas.rows import (
    AGENCY_HOURS,
    AGENCY_METRICS,
    CALL_SURVEYS,
    CALLS,
    CONTACT_EXCESSES,
    ENGAGEMENTS,
    EVENTS,
    Table,
)
from schemas.topics import AGENCY_HOURS as HOURS_TOPIC
from schemas.topics import AGENCY_METRICS as METRICS_TOPIC
from schemas.topics import ENGAGEMENT_CHANGED, Topic
from streams.agents import store as storing
from streams.agents.row_writer import RowSettings
from streams.transport.delivery import Delivery
from tests.figures.histories import CLIENT, fact_of, random_corrections, random_history
from tests.figures.reference import Answered, Happening, Left, Paid, Returned, Said
from tests.figures.test_any_order import in_order
from tests.streams.doubles import by_name

HORIZON_HOURS = 120
SPAN = timedelta(days=50)
SETTINGS = RowSettings(b"key", 1, lambda: 1)
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC), datetime(2106, 1, 1, tzinfo=UTC)


def journaled(event: Happening, fact: Fact) -> dict[str, Any]:
    """An event as the journal stores it."""
    envelope = {"source": "/test", "subject": event.customer}
    if isinstance(event, Said):
        topic, time, payload = "call-transcribed", event.ended_at, encode(transcribed(event))
    elif isinstance(event, Paid):
        assert isinstance(fact, Payment)
        topic, time = "payment-received", event.at
        paid = PaymentReceived(
            client_id=CLIENT,
            customer_id=event.customer,
            amount=event.amount,
            currency=fact.currency,
            received_at=event.at,
        )
        payload = encode(PaymentReceivedEvent(id=event.event_id, time=time, data=paid, **envelope))
    elif isinstance(event, Returned):
        topic, time = "payment-returned", event.at
        back = PaymentReturned(
            client_id=CLIENT,
            customer_id=event.customer,
            payment=EventReference(source="/test", id=event.payment),
            returned_at=event.at,
            amount=event.amount,
        )
        payload = encode(PaymentReturnedEvent(id=event.event_id, time=time, data=back, **envelope))
    elif isinstance(event, Answered):
        topic, time = "survey-answered", event.at
        answer = SurveyAnswered(
            client_id=CLIENT,
            customer_id=event.customer,
            call=EventReference(source="/test", id=event.call),
            answered_at=event.at,
            rating=event.rating,
            comment=None if event.rating is not None else "Nulla da dire",
        )
        payload = encode(SurveyAnsweredEvent(id=event.event_id, time=time, data=answer, **envelope))
    else:
        topic, time = "contract-cancelled", event.at
        left = ContractCancelled(
            client_id=CLIENT,
            customer_id=event.customer,
            contract_id="contract",
            cancelled_at=event.at,
            ended_by=event.ended_by,
        )
        payload = encode(
            ContractCancelledEvent(id=event.event_id, time=time, data=left, **envelope)
        )
    return {
        "topic": topic,
        "event_id": event.event_id,
        "client_id": CLIENT,
        "customer": event.customer,
        "event_time": time,
        "payload": payload.decode(),
    }


def facts_of_call(event: Said) -> dict[str, Any]:
    dimensions = ("service", "touchpoint", "channel", "customer_type")
    return {
        "event_id": event.event_id,
        "client_id": CLIENT,
        "agency_id": event.agency,
        "customer": event.customer,
        "ended_at": event.ended_at,
        **dict(zip(dimensions, event.segment, strict=True)),
    }


def transcribed(event: Said) -> CallTranscribed:
    call = Call(started_at=event.ended_at, language="it", **facts_of_call(event))
    survey = None if event.survey is None else Survey(rating=event.survey)
    speakers = SpeakerSource.INFERRED if inferred(event.event_id) else None
    return CallTranscribed(
        call=call,
        turns=[],
        survey=survey,
        from_audio=False,
        transcriber=None,
        speakers=speakers,
    )


def inferred(event_id: str) -> bool:
    """Whether who speaks in a call was inferred: in about a third of them."""
    return crc32(event_id.encode()) % 3 == 0


def scored(event: Said) -> dict[str, Any]:
    def number(score: Any) -> float | None:
        return None if score is None else float(score)

    return {
        **facts_of_call(event),
        "aggression": number(event.aggression),
        "empathy": number(event.empathy),
        "sentiment": number(event.sentiment),
        "survey_rating": event.survey,
        "spoken_rating": event.spoken,
        "predicted_rating": event.predicted,
        "speakers": "inferred" if inferred(event.event_id) else "",
    }


def delivery(topic: Topic, value: bytes) -> Delivery:
    return Delivery(topic.name, 0, 0, value)


def engagement_rows(facts: list[Fact]) -> Iterator[dict[str, Any]]:
    """Rows of the engagements that the domain's own code finds."""
    customers = groupby(sorted(facts, key=lambda f: f.customer), key=lambda f: f.customer)
    for customer, own in customers:
        for agency, after in engagements_of(list(own), HORIZON_HOURS).items():
            change = EngagementChange(
                client_id=CLIENT,
                agency_id=agency,
                customer=customer,
                event_id="any",
                version=1,
                horizon_hours=HORIZON_HOURS,
                before=(),
                after=tuple(after),
                conversation=None,
            )
            positioned = PositionedChange(position=Position("any", 0, 0), at=0, change=change)
            batch = ChangeBatch(client_id=CLIENT, agency_id=agency, changes=(positioned,))
            found = delivery(ENGAGEMENT_CHANGED, encode(batch))
            yield from (dict(row) for row in storing.engagement_rows(found, SETTINGS))


def rows_of_changes(facts: list[Fact], rows_of: storing.RowsOf) -> Iterator[dict[str, Any]]:
    """Rows of what the facts change, as the domain's own code takes them in, in the order given."""
    states: dict[str, Any] = {}
    for number, fact in enumerate(facts):
        position = Position("any", 0, number)
        seen = observe(states.get(fact.customer), fact, position, horizon_hours=HORIZON_HOURS)
        states[fact.customer] = seen.state
        for change in seen.changes:
            positioned = PositionedChange(position=position, at=0, change=change)
            batch = ChangeBatch(client_id=CLIENT, agency_id=change.agency_id, changes=(positioned,))
            found = delivery(ENGAGEMENT_CHANGED, encode(batch))
            made = rows_of(found, SETTINGS)
            assert not isinstance(made, InvalidMessage)
            yield from (dict(row) for row in made)


def agency_rows(agency: AgencyDays, days: dict[int, Any], agency_id: str) -> Iterator[Any]:
    """(table, row): hourly sums, and snapshots of every day and segment."""
    for day, state in days.items():
        cells = [
            Cell(segment, begin, begin)
            for segment, hours in state["hours"].items()
            for begin in (day_start(day) + int(hour) * 3_600_000_000 for hour in hours)
        ]
        for segment in state.get("later", {}):
            cells += [cell for cell, _ in later_cells(state, segment, day)]
        message = {
            "client_id": CLIENT,
            "agency_id": agency_id,
            "cells": [
                {
                    "segment": cell.segment,
                    "hour_us": cell.hour,
                    "known_us": cell.known,
                    "sums": cell_sums(state, cell),
                }
                for cell in cells
            ],
        }
        found = delivery(HOURS_TOPIC, json.dumps(message).encode())
        hours = storing.hour_rows(found, SETTINGS)
        yield from ((AGENCY_HOURS, by_name(AGENCY_HOURS, row)) for row in hours)
    for day in range(min(days), max(days) + 1):
        for segment in agency.segments:
            for figures in agency.snapshot(day_start(day) + 23 * 3_600_000_000, segment):
                if day_of(to_us(figures.as_of)) == day:
                    found = delivery(METRICS_TOPIC, encode(figures))
                    rows = storing.metrics_rows(found, SETTINGS)
                    yield from ((AGENCY_METRICS, row) for row in rows)


def fill(client: Any, table: Table, rows: Iterable[Any]) -> int:
    rows = list(rows)
    names = [name for name in table.columns if name in rows[0]]
    client.insert(table.name, [[row[name] for name in names] for row in rows], column_names=names)
    return len(rows)


def reconciled(directory: Path, seed: int) -> dict[str, Any]:
    """Random histories, put in the store by the domain's own code; what SQL makes of them."""
    rng = random.Random(seed)
    horizon = timedelta(hours=HORIZON_HOURS)
    history = random_history(rng, 400, 15, horizon, SPAN)
    history += random_corrections(rng, history, 100, horizon)
    facts = [fact_of(event) for event in history]
    for index, fact in enumerate(facts):
        if isinstance(fact, Payment) and rng.random() < 0.2:
            facts[index] = fact._replace(currency="USD")
        if isinstance(fact, ScoredCall):
            facts[index] = fact._replace(inferred=inferred(fact.event_id))
    client = open_embedded(directory)
    migrate(client)
    fill(client, EVENTS, [journaled(e, f) for e, f in zip(history, facts, strict=True)])
    fill(client, CALLS, [scored(event) for event in history if isinstance(event, Said)])
    fill(client, CALL_SURVEYS, rows_of_changes(facts, storing.survey_rows))
    fill(client, CONTACT_EXCESSES, rows_of_changes(facts, storing.excess_rows))
    fill(client, ENGAGEMENTS, engagement_rows(facts))
    streamed: dict[str, list[Any]] = {AGENCY_HOURS.name: [], AGENCY_METRICS.name: []}
    for agency_id, days in in_order(facts, HORIZON_HOURS).items():
        for table, row in agency_rows(AgencyDays.of(CLIENT, agency_id, days), days, agency_id):
            streamed[table.name].append(row)
    fill(client, AGENCY_HOURS, streamed[AGENCY_HOURS.name])
    fill(client, AGENCY_METRICS, streamed[AGENCY_METRICS.name])
    own = Horizons(1, {CLIENT: HORIZON_HOURS, "another": 2})
    outcome = reconcile(client, *ALWAYS, own if seed % 2 else Horizons(HORIZON_HOURS), "EUR")
    defined = client.query(
        "SELECT countIf(churn_correlation IS NOT NULL), countIf(payment_correlation IS NOT NULL), "
        "countIf(nps IS NOT NULL), countIf(churn_rate_n != recovery_rate_n), "
        "countIf(aggression_n_inferred BETWEEN 1 AND aggression_n - 1) "
        "FROM agency_metrics FINAL"
    ).result_rows[0]
    known_later = client.query(
        "SELECT countIf(paid != 0), countIf(amount != 0), "
        "countIf(passives != 0 OR detractors != 0) "
        "FROM agency_hours FINAL WHERE known > hour AND segment = 'all'"
    ).result_rows[0]
    client.close()
    return {
        "compared": outcome.compared,
        "differences": [as_object(each, "streamed", "sql") for each in outcome.differences],
        "defined": defined,
        "known_later": known_later,
        "lost": any(isinstance(e, Left) and e.ended_by == "supplier" for e in history),
    }


def sql(directory: Path) -> list[list[Any]]:
    """Run the statements given on stdin; the rows of those that are queries."""
    client = open_embedded(directory)
    seen = []
    for statement in json.load(sys.stdin):
        if statement.startswith("SELECT"):
            seen.append([list(row) for row in client.query(statement).result_rows])
        else:
            client.command(statement)
    client.close()
    return seen


if __name__ == "__main__":
    keep_files_private()  # The engine merges what it has open: stores stay their owner's alone.
    task, place = sys.argv[1], Path(sys.argv[2])
    print(json.dumps(sql(place) if task == "sql" else reconciled(place, int(sys.argv[3]))))
