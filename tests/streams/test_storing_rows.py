"""What every store agent writes of what it reads: whole rows, the newest of each key."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from processors.identity.event_identity import event_identity
from processors.metrics.from_sums import figures
from schemas import rows
from schemas.codec import InvalidMessage, decode, encode
from schemas.conversation import (
    ConductFlag,
    Driver,
    DriverFound,
    Intent,
    IntentFound,
    Rule,
    TurnScore,
    Unanswered,
)
from schemas.dead_letters import dead_letter
from schemas.derived import (
    AgencyAlert,
    AlertStatus,
    CallScored,
    CallTranscribed,
    Quote,
    Snapshots,
)
from schemas.events import EndedBy
from schemas.figures import MetricWindow
from schemas.rows import HOUR_SUMS, Table
from schemas.topics import (
    AGENCY_ALERT,
    AGENCY_HOURS,
    AGENCY_METRICS,
    CALL_SCORED,
    CALL_TRANSCRIBED,
    DEAD_LETTER,
    ENGAGEMENT_CHANGED,
    PAYMENT_RECEIVED,
    TOPICS,
)
from streams.agents.row_writer import RowSettings
from streams.agents.store import SINKS, TableWriter
from streams.agents.store_facts import FACT_SINKS, FactWriter
from streams.facts.conflicts import WithoutConflicts
from streams.facts.identified import read_fact
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.outbox import Message
from streams.runtime.progress import Progress
from streams.transport.delivery import Delivery
from tests.streams.doubles import MemoryBroker, MemoryClaims, MemoryOutbox, MemoryStore, by_name
from tests.streams.pipeline import BEGIN, KEY, World, answered, left, paid, returned, scored

NOW_US = 1_772_000_000_000_000
SINK_OF = {sink.table.name: sink for sink in SINKS}
FACTS_OF = {sink.table.name: sink for sink in FACT_SINKS}
TOPICS_OF = {sink.table.name: sink.topics for sink in (*FACT_SINKS, *SINKS)}
TABLE_OF = {sink.table.name: sink.table for sink in (*FACT_SINKS, *SINKS)}


def rows_of(table: Table, message: Message, now_us: int = NOW_US, partition: int = 1) -> list[Any]:
    """The rows a sink makes of one message."""
    delivery = Delivery(message.topic.name, partition, 5, message.value)
    settings = RowSettings(KEY, 2, lambda: now_us)
    if table.name in FACTS_OF:
        fact = read_fact(delivery, KEY)
        assert not isinstance(fact, InvalidMessage)
        sink = FACTS_OF[table.name]
        return [sink.row_of(fact, delivery, settings)] if sink.takes(fact) else []
    made = SINK_OF[table.name].rows_of(delivery, settings)
    assert not isinstance(made, InvalidMessage)
    return [by_name(table, row) for row in made]


def writer_of(
    name: str, store: MemoryStore, settings: RowSettings, broker: MemoryBroker
) -> FactWriter | TableWriter:
    """The handler of a table's agent."""
    if name in FACTS_OF:
        arbiter = WithoutConflicts(MemoryClaims({}))
        return FactWriter(FACTS_OF[name], store, settings, letters(broker), arbiter)
    return TableWriter(SINK_OF[name], store, settings, letters(broker))


def transcribed(attempt: Unanswered | None = None) -> CallTranscribed:
    event = decode(scored("e", "p:c", BEGIN).value, CallScored)
    assert isinstance(event, CallScored)
    return CallTranscribed(
        call=event.call,
        turns=event.turns,
        survey=None,
        from_audio=True,
        attempt=attempt,
        transcriber="m",
    )


def alert(status: AlertStatus = AlertStatus.OPEN) -> AgencyAlert:
    return AgencyAlert(
        alert_id="a",
        client_id="acqua",
        agency_id="bora",
        kind="aggression_rise",
        status=status,
        since=BEGIN,
        opened_at=BEGIN,
        resolved_at=None,
        baseline=0.1,
        level=0.5,
        rise_points=40.0,
        rise_sd=2.0,
        n=30,
        quotes=[Quote(event_id="e", turn=1, text="Paghi subito", aggression=0.9)],
    )


async def changes(*more: Message) -> list[Message]:
    """The changes two conversations make, the earlier one arriving last; of `more`, theirs."""
    world = World()
    for message in (scored("b", "p:c", BEGIN + timedelta(days=2)), scored("a", "p:c", BEGIN)):
        world.broker.write(message)
    await world.settle()
    before = len(world.broker.values(ENGAGEMENT_CHANGED.name)) if more else 0
    for message in more:
        world.broker.write(message)
    await world.settle()
    return [
        Message(ENGAGEMENT_CHANGED, b"k", value)
        for value in world.broker.values(ENGAGEMENT_CHANGED.name)[before:]
    ]


def letters(broker: MemoryBroker) -> DeadLetters:
    """Dead letters into `broker`."""
    return DeadLetters(MemoryOutbox(broker), Progress())


async def every_message() -> dict[str, list[Message]]:
    """Messages for each table."""
    cells = [{"segment": "all", "hour_us": 3_600_000_000, "sums": dict.fromkeys(HOUR_SUMS, 10**30)}]
    hours = {"client_id": "acqua", "agency_id": "bora", "cells": cells}
    letter = dead_letter(topic="t", origin="t/0/1", original=b"x", reason="r", error_class="c")
    window = figures("acqua", "bora", "all", MetricWindow.DAY, NOW_US, {"calls": 3})
    snapshots = Snapshots(client_id="acqua", agency_id="bora", figures=(window,))
    return {
        "events": [
            Message(CALL_TRANSCRIBED, b"k", encode(transcribed())),
            paid("p", "cust-7", BEGIN),
            left("l", "cust-7", BEGIN, EndedBy.SUPPLIER),
            returned("r", "cust-7", BEGIN, "p"),
            answered("a", "cust-7", BEGIN, "e"),
        ],
        "calls": [scored("e", "p:c", BEGIN, rating=9)],
        "attempts": [Message(CALL_TRANSCRIBED, b"k", encode(transcribed(Unanswered.MACHINE)))],
        "call_surveys": await changes(answered("sms", "p:c", BEGIN + timedelta(days=1), "a", 3)),
        "contact_excesses": await changes(scored("again", "p:c", BEGIN + timedelta(hours=1))),
        "engagements": await changes(),
        "agency_hours": [Message(AGENCY_HOURS, b"k", json.dumps(hours).encode())],
        "agency_metrics": [Message(AGENCY_METRICS, b"k", encode(snapshots))],
        "alerts": [Message(AGENCY_ALERT, b"k", encode(alert()))],
        "dead_letters": [Message(DEAD_LETTER, b"k", encode(letter))],
    }


async def test_every_sink_makes_whole_rows_of_its_topics() -> None:
    messages = await every_message()
    assert set(messages) == set(TABLE_OF)
    for name, some in messages.items():
        topics = {topic.name for topic in TOPICS_OF[name]}
        assert {message.topic.name for message in some} == topics
        for message in some:
            made = rows_of(TABLE_OF[name], message)
            assert made, name
            for row in made:
                assert set(row) == set(TABLE_OF[name].written), name


async def test_handling_twice_leaves_the_same_rows() -> None:
    for name, some in (await every_message()).items():
        store = MemoryStore()
        ticks = iter(range(NOW_US, NOW_US + 1000))
        settings = RowSettings(KEY, 1, lambda ticks=ticks: next(ticks))
        table = TABLE_OF[name]
        writer = writer_of(name, store, settings, MemoryBroker())
        batch = [Delivery(m.topic.name, 0, n, m.value) for n, m in enumerate(some)]
        await writer.handle(batch)
        once = store.rows(table)
        await writer.handle(batch)
        await writer.handle(batch[:1])
        again = store.rows(table)
        for row in (*once.values(), *again.values()):
            row.pop("written_at", None)
        assert again == once != {}


REJECTED_BY_OTHERS = {
    "events",
    "calls",
    "call_surveys",
    "contact_excesses",
    "attempts",
    "engagements",
}
"""Their topics are read by agents that decide what is an event, too."""


@pytest.mark.parametrize("name", sorted(TABLE_OF))
async def test_what_is_no_event_makes_no_row_and_is_rejected_once(name: str) -> None:
    store, broker = MemoryStore(), MemoryBroker()
    garbage = [b"", b"{", b"[]", b"\xff", b'{"call": {}}']
    writer = writer_of(name, store, RowSettings(KEY, 1, lambda: NOW_US), broker)
    for topic in TOPICS_OF[name]:
        await writer.handle([Delivery(topic.name, 0, n, raw) for n, raw in enumerate(garbage)])
    assert store.rows(TABLE_OF[name]) == {}
    rejected = len(broker.values(DEAD_LETTER.name))
    assert rejected == (0 if name in REJECTED_BY_OTHERS else len(garbage))


SECRETS = ("cust-7", "393331234567", "pbx-rossi", "contratto-rossi", "Mario Rossi", "347 1234567")
"""What names a person in the events below."""


def sent(kind: str, **data: Any) -> Message:
    """An event as others send it."""
    event = {
        "specversion": "1.0",
        "id": "393331234567",
        "source": "//pbx-rossi.example",
        "type": f"it.ascolto.{kind}.v1",
        "time": BEGIN.isoformat(),
        "subject": "cust-7",
        "data": {"client_id": "acqua", "customer_id": "cust-7", **data},
    }
    topic = {each.name: each for each in TOPICS}[kind]
    return Message(topic, b"cust-7", json.dumps(event).encode())


def sent_payment(**data: Any) -> Message:
    return sent("payment-received", amount="5", received_at=BEGIN.isoformat(), **data)


def sent_cancellation() -> Message:
    cancelled = {"contract_id": "contratto-rossi", "cancelled_at": BEGIN.isoformat()}
    return sent("contract-cancelled", ended_by="customer", **cancelled)


def sent_return() -> Message:
    named = {"source": "//pbx-rossi.example", "id": "393331234567"}
    return sent("payment-returned", payment=named, returned_at=BEGIN.isoformat(), amount="1.10")


def sent_answer() -> Message:
    named = {"source": "//pbx-rossi.example", "id": "393331234567"}
    comment = "Sono Mario Rossi, my number is 347 1234567"
    answered_at = BEGIN.isoformat()
    return sent("survey-answered", call=named, answered_at=answered_at, rating=2, comment=comment)


SENT = (sent_payment(), sent_cancellation(), sent_return(), sent_answer())


@pytest.mark.parametrize("message", SENT)
def test_the_journal_is_pseudonymous_and_the_first_row_wins(message: Message) -> None:
    (early,) = rows_of(rows.EVENTS, message, NOW_US)
    (late,) = rows_of(rows.EVENTS, message, NOW_US + 1)
    assert early["version"] > late["version"]
    assert early["customer"].startswith("p:")
    assert early["event_id"].startswith("e:")
    assert early["partition"] == 1
    assert not [secret for secret in SECRETS if secret in str(early)]


@pytest.mark.parametrize("message", SENT)
def test_a_fact_of_the_journal_sent_again_is_the_same_fact(message: Message) -> None:
    (first,) = rows_of(rows.EVENTS, message, NOW_US)
    (again,) = rows_of(rows.EVENTS, Message(message.topic, b"k", first["payload"].encode()), NOW_US)
    assert again == first


def test_returns_and_answers_name_by_identity_what_they_correct() -> None:
    (payment,) = rows_of(rows.EVENTS, sent_payment())
    (back,) = rows_of(rows.EVENTS, sent_return())
    assert json.loads(back["payload"])["data"]["payment"]["id"] == payment["event_id"]
    (answer,) = rows_of(rows.EVENTS, sent_answer())
    named = json.loads(answer["payload"])["data"]["call"]["id"]
    call = event_identity(
        KEY, "acqua", "it.ascolto.call-ended.v1", "//pbx-rossi.example", "393331234567"
    )
    assert named == call
    assert json.loads(answer["payload"])["data"]["comment"] == (
        "Sono [NOME], my number is [TELEFONO]"
    )


def test_who_has_seen_a_pseudonym_cannot_write_into_its_history() -> None:
    (row,) = rows_of(rows.EVENTS, sent_payment(), NOW_US)
    posed = sent_payment(customer_id=row["customer"])
    (other,) = rows_of(rows.EVENTS, posed, NOW_US)
    assert other["customer"] not in (row["customer"], "cust-7")


@pytest.mark.parametrize(
    "change",
    [
        {"id": "e:" + 32 * "0"},
        {"ascoltoseal": None},
        {"ascoltoseal": "é" * 64},
        {"ascoltoseal": 64 * "0"},
        {"data": {"amount": "500"}},
        {"data": {"received_at": "2026-01-06T09:00:00+00:00"}},
        {"data": {"customer_id": "p:" + 24 * "0"}},
    ],
)
def test_a_fact_of_the_journal_that_was_changed_is_refused(change: dict[str, Any]) -> None:
    (row,) = rows_of(rows.EVENTS, sent_payment(), NOW_US)
    event = json.loads(row["payload"])
    changed = {**event, **change, "data": {**event["data"], **change.get("data", {})}}
    raw = json.dumps(changed).encode()
    found = read_fact(Delivery(PAYMENT_RECEIVED.name, 0, 0, raw), KEY)
    assert isinstance(found, InvalidMessage)
    assert found.error_class == "wrong_seal"


def test_a_conversation_makes_no_row_of_an_attempt_and_the_first_row_wins() -> None:
    assert rows_of(rows.ATTEMPTS, Message(CALL_TRANSCRIBED, b"k", encode(transcribed()))) == []
    message = Message(CALL_TRANSCRIBED, b"k", encode(transcribed(Unanswered.STATED)))
    (early,) = rows_of(rows.ATTEMPTS, message, NOW_US)
    (late,) = rows_of(rows.ATTEMPTS, message, NOW_US + 1)
    assert early["reason"] == "stated"
    assert early["version"] > late["version"]


def test_a_call_s_row_has_scores_ratings_and_the_heaviest_words() -> None:
    (row,) = rows_of(rows.CALLS, scored("e", "p:c", BEGIN, aggression=None, rating=9))
    assert row["aggression"] is None, "undefined is null"
    assert (row["survey_rating"], row["spoken_rating"]) == (9, None)
    assert row["quotes"] == []
    assert json.loads(row["turns"])[0]["speaker"] == "operator"
    assert row["ended_at"] == BEGIN


def test_a_call_s_row_has_the_scores_of_each_turn_and_what_shows_its_drivers() -> None:
    message = scored("e", "p:c", BEGIN)
    event = decode(message.value, CallScored)
    assert isinstance(event, CallScored)
    driver = DriverFound(driver=Driver.THREAT, turn=0, quote="altrimenti vede")
    turn = TurnScore(aggression=0.25, empathy=0.5, sentiment=None, reasons=[])
    score = event.score.model_copy(update={"turns": [turn], "drivers": [driver]})
    changed = encode(event.model_copy(update={"score": score}))
    (row,) = rows_of(rows.CALLS, Message(CALL_SCORED, b"k", changed))
    assert row["turn_scores"] == [(0.25, 0.5, None)]
    assert row["driver_quotes"] == [("threat", 0, "altrimenti vede")]


def test_a_call_s_row_has_the_words_of_every_breach_and_intent() -> None:
    message = scored("e", "p:c", BEGIN)
    event = decode(message.value, CallScored)
    assert isinstance(event, CallScored)
    score = event.score.model_copy(
        update={
            "conduct": [
                ConductFlag(rule=Rule.INSISTENCE, turn=0, quote="La chiamo ogni giorno."),
                ConductFlag(rule=Rule.HOURS, turn=None, quote="2026-03-01 22:00"),
            ],
            "intents": [IntentFound(intent=Intent.CHURN, turn=0, quote="Disdico tutto.")],
        }
    )
    raw = encode(event.model_copy(update={"score": score}))
    (row,) = rows_of(rows.CALLS, Message(CALL_SCORED, b"k", raw))
    assert row["conduct"] == ["hours", "insistence"]
    assert row["quotes"] == [
        ("conduct.insistence", 0, "La chiamo ogni giorno.", 1.0),
        ("intent.churn_intent", 0, "Disdico tutto.", 1.0),
    ]


async def test_an_engagement_whose_begin_moved_is_taken_back() -> None:
    made = [row for message in await changes() for row in rows_of(rows.ENGAGEMENTS, message)]
    by_begin: dict[datetime, list[Any]] = {}
    for row in made:
        by_begin.setdefault(row["opened_at"], []).append(row)
    moved = sorted(by_begin[BEGIN + timedelta(days=2)], key=lambda row: row["version"])
    assert [row["is_deleted"] for row in moved] == [0, 1]
    assert moved[0]["version"] < moved[1]["version"]
    (remaining,) = by_begin[BEGIN]
    assert (remaining["calls"], remaining["is_deleted"]) == (2, 0)
    assert remaining["amount"] == Decimal(0)
    assert remaining["aggression"] == 0.5


def test_hours_keep_sums_of_any_size() -> None:
    cells = [{"segment": "all", "hour_us": 0, "sums": dict.fromkeys(HOUR_SUMS, 10**35)}]
    value = {"client_id": "acqua", "agency_id": "bora", "cells": cells}
    (row,) = rows_of(rows.AGENCY_HOURS, Message(AGENCY_HOURS, b"k", json.dumps(value).encode()))
    assert row["churn_xx"] == 10**35
    assert row["hour"] == datetime(1970, 1, 1, tzinfo=UTC)


def test_undefined_figures_are_null_in_the_row() -> None:
    window = figures("acqua", "bora", "all", MetricWindow.WEEK, NOW_US, {})
    (row,) = rows_of(rows.AGENCY_METRICS, Message(AGENCY_METRICS, b"k", encode(window)))
    assert row["window"] == "7d"
    assert row["day"] == row["as_of"].date()
    for name in ("nps", "aggression", "churn_rate", "churn_correlation", "churn_correlation_p"):
        assert row[name] is None
    assert row["calls"] == 0
