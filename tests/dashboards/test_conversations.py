"""The queries behind a figure: searches, one conversation, what followed, sentences to train."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboards.conversations import (
    CHOICES,
    PAGE_ROWS,
    InvalidSearchError,
    Order,
    Outcome,
    Rated,
    Search,
    conversation_variables,
)
from dashboards.preview.macros import Choices, expand
from dashboards.queries import query
from schemas.rows import CALL_SURVEYS, CALLS, CONTACT_EXCESSES, ENGAGEMENTS, EVENTS
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import CLIENT, HOUR, NOW, OTHER_CLIENT

HORIZON = timedelta(days=30)
NOTHING: Mapping[str, str] = {}


def read(
    engine: Engine, name: str, more: Mapping[str, str] = NOTHING, **choices: Any
) -> list[dict[str, Any]]:
    asked = Choices(**{"client": CLIENT, "to": NOW, **choices})
    return engine.read(*expand(query(name), asked, more))


def made(number: int, chance: random.Random) -> dict[str, Any]:
    """A conversation with any scores, or none, said by one of nine customers."""
    scored = chance.random() < 0.9
    agency = chance.choice(("alba", "bora"))
    return {
        "event_id": f"call-{number:03}",
        "client_id": CLIENT,
        "agency_id": agency,
        "customer": f"c{chance.randrange(9)}",
        "ended_at": NOW - timedelta(hours=chance.randrange(1, 24 * 70), seconds=number),
        "started_at": NOW - timedelta(days=80),
        "service": "debt_collection",
        "touchpoint": "reminder",
        "channel": chance.choice(("phone", "email")),
        "customer_type": "household",
        "aggression": round(chance.random(), 1) if scored else None,
        "empathy": round(chance.random(), 1) if scored else None,
        "sentiment": round(chance.uniform(-1, 1), 1) if scored else None,
        "survey_rating": chance.choice((None, None, 0, 6, 7, 9)),
        "spoken_rating": chance.choice((None, 3, 8, 10)),
        "predicted_rating": 5,
        "churn_intent": chance.random() < 0.3,
        "promise_to_pay": chance.random() < 0.3,
        "drivers": chance.sample(["threat", "price", "payment_plan"], chance.randrange(3)),
        "conduct": chance.sample(["threat", "hours"], chance.randrange(3)),
        "quotes": [],
        "turns": json.dumps(
            [{"speaker": "operator", "text": chance.choice(('Paghi "SUBITO" è già', "Ascolti"))}],
            ensure_ascii=False,
        ),
        "version": 1,
    }


def engaged(agency: str, number: int, chance: random.Random) -> dict[str, Any]:
    opened = NOW - timedelta(hours=chance.randrange(24 * 69))
    return {
        "client_id": CLIENT,
        "agency_id": agency,
        "customer": f"c{number}",
        "opened_at": opened,
        "matures_at": opened.replace(minute=0, second=0) + HORIZON,
        "channel": chance.choice(("phone", "email")),
        "cancelled": chance.random() < 0.5,
        "lost_to_supplier": chance.random() < 0.2,
        "paid": chance.random() < 0.5,
        "amount": 12.5,
        "calls": 1,
        "version": 1,
        "is_deleted": 0,
    }


class Books:
    """Rows in the store, and the same searched in plain Python."""

    def __init__(self, engine: Engine, seed: int) -> None:
        chance = random.Random(seed)
        self.calls = [made(number, chance) for number in range(150)]
        self.engagements = [
            engaged(agency, number, chance) for agency in ("alba", "bora") for number in range(9)
        ]
        chosen = chance.sample(self.calls, 12)
        self.excesses = {row["event_id"] for row in chance.sample(self.calls, 20)}
        engine.add(
            CONTACT_EXCESSES.name,
            [
                {
                    "client_id": CLIENT,
                    "agency_id": row["agency_id"],
                    "event_id": row["event_id"],
                    "ended_at": row["ended_at"],
                    "version": 1,
                }
                for row in self.calls
                if row["event_id"] in self.excesses
            ],
        )
        self.answers = {row["event_id"]: chance.choice((1, 8, 10)) for row in chosen}
        engine.add(CALLS.name, self.calls)
        engine.add(CALLS.name, [{**self.calls[0], "client_id": OTHER_CLIENT, "event_id": "other"}])
        engine.add(ENGAGEMENTS.name, self.engagements)
        engine.add(
            CALL_SURVEYS.name,
            [
                {
                    "client_id": CLIENT,
                    "agency_id": "alba",
                    "event_id": event_id,
                    "rating": rating,
                    "known_at": NOW - timedelta(hours=1),
                    "version": 1,
                }
                for event_id, rating in self.answers.items()
            ],
        )

    def found(self, search: Search, segment: str, days: int) -> list[str]:
        kept = [row for row in self.calls if self._fits(row, search, segment, days)]
        return [row["event_id"] for row in sorted(kept, key=lambda row: self._key(row, search))]

    def rating(self, row: dict[str, Any]) -> int | None:
        given = (row["survey_rating"], self.answers.get(row["event_id"]), row["spoken_rating"])
        return next((rating for rating in given if rating is not None), None)

    def _key(self, row: dict[str, Any], search: Search) -> tuple[float, str]:
        at: datetime = row["ended_at"]
        name = search.order.removeprefix("least_")
        value = {
            "newest": at.timestamp(),
            "rating": self.rating(row),
            "aggression": row["aggression"],
            "empathy": row["empathy"],
            "sentiment": row["sentiment"],
        }[name]
        assert value is not None
        return (value if search.order.startswith("least_") else -value, row["event_id"])

    def _fits(self, row: dict[str, Any], search: Search, segment: str, days: int) -> bool:
        rating = self.rating(row)
        end = HOUR + timedelta(hours=1)
        needed = {"newest": 1, "rating": rating}.get(
            search.order.removeprefix("least_"), row["aggression"]
        )
        rated = {
            "": True,
            Rated.PROMOTERS: rating is not None and rating >= 9,
            Rated.PASSIVES: rating in (7, 8),
            Rated.DETRACTORS: rating is not None and rating <= 6,
            Rated.NONE: rating is None,
        }[search.rating]
        breaches = {*row["conduct"], *(["frequency"] if row["event_id"] in self.excesses else [])}
        conduct = search.conduct in ("", *breaches) or (search.conduct == "any" and bool(breaches))
        said = search.text.casefold() in json.loads(row["turns"])[0]["text"].casefold()
        since = end - timedelta(days=days)
        if search.outcome:
            placed = any(
                self._of(row, each, search.outcome)
                and since <= each["matures_at"] < end
                and segment in ("all", f"channel={each['channel']}")
                for each in self.engagements
            )
        else:
            placed = since <= row["ended_at"] < end
            placed = placed and segment in ("all", f"channel={row['channel']}")
        return (
            placed
            and needed is not None
            and rated
            and conduct
            and said
            and search.driver in ("", *row["drivers"])
            and (not search.intent or row[search.intent])
        )

    @staticmethod
    def _of(row: dict[str, Any], engagement: dict[str, Any], outcome: str) -> bool:
        supplier, lost = engagement["lost_to_supplier"], engagement["cancelled"]
        fits = {
            Outcome.LOST: lost and not supplier,
            Outcome.STAYED: not lost and not supplier,
            Outcome.PAID: engagement["paid"],
            Outcome.UNPAID: not engagement["paid"],
        }[Outcome(outcome)]
        same = all(row[name] == engagement[name] for name in ("agency_id", "customer"))
        opened: datetime = engagement["opened_at"]
        return fits and same and opened <= row["ended_at"] < opened + HORIZON


def searches() -> Iterator[Search]:
    yield from (Search(order=order) for order in Order)
    yield from (Search(order=Order.EMPATHY, outcome=outcome) for outcome in Outcome)
    for name, values in CHOICES.items():
        yield from (replace(Search(), **{name: value}) for value in values)
    yield from (Search(text=text) for text in ('"subito" È', "ascolti", "speaker", "%", "\\"))
    yield Search(order=Order.LEAST_RATING, rating=Rated.DETRACTORS, conduct="threat", text="paghi")


def test_searches_find_what_a_plain_search_finds(empty: Engine) -> None:
    books = Books(empty, 1)
    found = 0
    for number, search in enumerate(searches()):
        window, segment = ("7d", "30d", "90d")[number % 3], ("all", "channel=email")[number % 2]
        rows = read(empty, "conversations", search.variables, window=window, segment=segment)
        expected = books.found(search, segment, int(window[:-1]))
        assert [row["conversation"] for row in rows] == expected[:PAGE_ROWS], search
        assert {row["found"] for row in rows} <= {len(expected)}
        found += len(rows)
    assert found > 200


def test_pages_follow_each_other_without_gap_or_repeat(empty: Engine) -> None:
    books = Books(empty, 3)
    for order in (Order.NEWEST, Order.LEAST_RATING, Order.AGGRESSION):
        seen: list[str] = []
        search = Search(order=order)
        while rows := read(empty, "conversations", search.variables, window="90d"):
            seen += [row["conversation"] for row in rows]
            search = replace(search, after=rows[-1]["after"])
        assert seen == books.found(Search(order=order), "all", 90)


@pytest.mark.parametrize(
    "wrong",
    [
        {"order": "worst"},
        {"outcome": "x"},
        {"rating": "9"},
        {"conduct": "'"},
        {"driver": "none"},
        {"intent": "stay"},
        {"text": "x" * 101},
        {"text": "a\0"},
        {"after": "1"},
        {"after": "1,a b"},
    ],
)
def test_impossible_searches_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidSearchError, match=next(iter(wrong))):
        Search(**wrong)
    with pytest.raises(InvalidSearchError, match="conversation"):
        conversation_variables("a b")


def test_one_conversation_is_its_client_s_alone(engine: Engine) -> None:
    asked = conversation_variables("call-0001")
    [row] = read(engine, "conversation", asked)
    assert row["agency"] == "ferro-recuperi"
    assert row["rating_source"] == "spoken"
    turns = read(engine, "conversation_turns", asked)
    assert [row["speaker"] for row in turns] == ["operator", "operator"]
    [(kind, words, _)] = turns[0]["quotes"]
    assert kind == "aggression.threat"
    assert words in turns[0]["text"]
    for name in ("conversation", "conversation_turns", "conversation_outcome"):
        assert read(engine, name, asked, client=OTHER_CLIENT) == []
        assert read(engine, name, asked, agencies=("alba-crediti",)) == []
        assert "customer" not in (read(engine, name, asked) or [{}])[0], "no pseudonym is shown"


def test_what_followed_a_conversation(empty: Engine) -> None:
    call = {**made(0, random.Random(0)), "agency_id": "alba", "customer": "c1"}
    call["ended_at"] = NOW - timedelta(days=40)
    later = {**call, "event_id": "later", "ended_at": NOW - timedelta(days=38)}
    elsewhere = {**call, "event_id": "elsewhere", "agency_id": "bora"}
    empty.add(CALLS.name, [call, later, elsewhere])
    engagement = {**engaged("alba", 1, random.Random(0)), "opened_at": call["ended_at"]}
    engagement |= {"matures_at": NOW - timedelta(days=10), "paid": True, "cancelled": False}
    engagement |= {"lost_to_supplier": False}
    newer = {**engagement, "opened_at": NOW - timedelta(days=5), "paid": False}
    empty.add(ENGAGEMENTS.name, [engagement, newer])
    event = {"client_id": CLIENT, "customer": "c1", "version": 1}
    data = {"amount": "61.20", "currency": "CHF", "ended_by": "supplier"}
    empty.add(
        EVENTS.name,
        [
            {
                **event,
                "topic": topic,
                "event_id": f"{topic}{day}",
                "event_time": NOW - timedelta(days=day),
                "payload": json.dumps({"data": data}),
            }
            for topic, day in (
                ("payment-received", 39),
                ("payment-received", 41),
                ("contract-cancelled", 9),
            )
        ]
        + [
            {
                **event,
                "topic": "payment-returned",
                "event_id": "part",
                "event_time": NOW - timedelta(days=37),
                "payload": json.dumps({"data": {"amount": "11.20"}}),
            }
        ],
    )
    asked = conversation_variables(call["event_id"])
    [outcome] = read(empty, "conversation_outcome", asked)
    assert (outcome["paid"], outcome["lost"], outcome["matured"]) == (True, False, True)
    others = [row["conversation"] for row in read(empty, "conversation_others", asked)]
    assert others == [call["event_id"], "later"]
    events = read(empty, "conversation_events", asked)
    assert [(row["kind"], row["amount"], row["currency"]) for row in events] == [
        ("payment", 61.2, "CHF"),
        ("return", 11.2, "CHF"),
        ("closed_by_supplier", 61.2, "CHF"),
    ], "a return names no currency: it is the payment's"
    for name in ("conversation_outcome", "conversation_others", "conversation_events"):
        assert read(empty, name, conversation_variables("unknown")) == []


def test_scores_along_a_conversation(empty: Engine) -> None:
    row = {**made(1, random.Random(1)), "event_id": "call-1"}
    asked = conversation_variables("call-1")
    empty.add(CALLS.name, [row])
    assert read(empty, "conversation_scores", asked) == [], "a row of an older version"
    scores = [(0.9, None, None), (None, None, -0.5)]
    newer = {"turn_scores": scores, "driver_quotes": [("threat", 0, "subito")]}
    empty.add(CALLS.name, [{**row, **newer, "version": row["version"] + 1}])
    first, second = read(empty, "conversation_scores", asked)
    assert (first["number"], first["aggression"], first["empathy"]) == (1, 0.9, None)
    assert (second["number"], second["sentiment"]) == (2, -0.5)
    assert (first["drivers"], second["drivers"]) == ([("threat", "subito")], [])


def test_sentences_worth_training_with_are_the_strongest_once(empty: Engine) -> None:
    def said(number: int, kind: str, score: float, text: str) -> dict[str, Any]:
        row = made(number, random.Random(number))
        return {
            **row,
            "agency_id": "alba",
            "ended_at": NOW - timedelta(days=number),
            "aggression": score if kind == "aggression.threat" else 0.0,
            "empathy": score if kind == "empathy.plan" else 0.0,
            "turns": json.dumps([{"speaker": "operator", "text": text}]),
            "quotes": [(kind, 0, text[:8], 0.9)],
        }

    empty.add(
        CALLS.name,
        [
            said(1, "aggression.threat", 0.7, "Paghi subito o la denuncio"),
            said(2, "aggression.threat", 0.9, "Paghi subito o la denuncio"),
            said(3, "aggression.threat", 0.8, "Paghi e basta"),
            said(4, "aggression.threat", 0.4, "Paghi appena le è possibile"),
            said(5, "empathy.plan", 0.8, "Vediamo insieme una rata comoda"),
            said(45, "empathy.plan", 0.9, "Facciamo insieme un piano comodo"),
        ],
    )
    rows = read(empty, "coaching")
    assert [(row["side"], row["score"], row["sentence"]) for row in rows] == [
        ("best", 0.8, "«Vediamo »insieme una rata comoda"),
        ("worst", 0.9, "«Paghi su»bito o la denuncio"),
    ]
    assert read(empty, "coaching", agencies=("bora",)) == []


def test_sentences_of_an_alert_lead_to_their_conversations(engine: Engine) -> None:
    rows = read(engine, "alert_sentences")
    assert {(row["agency"], row["conversation"]) for row in rows} == {
        ("ferro-recuperi", "call-0001")
    }
    assert len(rows) == 3
    assert rows[0]["since"].replace(tzinfo=UTC) == HOUR - timedelta(days=9)
