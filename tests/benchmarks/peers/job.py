"""The job that all peers do, without any framework: what an event changes, and the rows of it.

Calls become rows of the table `calls`. Each customer's state says which agency called last; a
payment or a cancellation counts for that agency, and waits in the state where no call is known
yet, as the topics are not in step. The sums of an agency's hour are partial, one a partition, so
that no event has to go through the broker twice; who reads them adds them up. They are kept a day
together: a batch then changes few states.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from processors.identity.pseudonyms import pseudonym

CALLS = "call-scored"
PAYMENTS = "payment-received"
CANCELLATIONS = "contract-cancelled"
TOPICS = (CALLS, PAYMENTS, CANCELLATIONS)

SUMS = ("calls", "aggression_n", "aggression_sum", "payments", "amount", "cancelled")
"""Of an agency's hour; aggression in 1/10^4, the amount in 1/10^4 of the currency."""

_HOUR = 3600
_DAY = 86_400
_MOST_QUOTES = 6
_CURRENCY = "EUR"

Customer = dict[str, Any]
"""`agency` that called last, `at` (s since the epoch), and `waiting`: effects before any call."""
Sums = list[int]
Day = dict[str, Sums]
"""An agency's day in a partition: sums by the beginning of their hour (s since the epoch)."""
Row = tuple[Any, ...]


@dataclass
class Batch:
    """What a batch of events changes: rows, and the states as they become.

    `customer_of` and `day_of` give the states before the batch. All keys begin with the
    partition, so that a state always belongs to one worker.
    """

    customer_of: Callable[[str], Customer | None]
    day_of: Callable[[str], Day | None]
    pseudonym_key: bytes
    calls: list[Row] = field(default_factory=list)
    customers: dict[str, Customer] = field(default_factory=dict)
    days: dict[str, Day] = field(default_factory=dict)
    hours: dict[tuple[str, str], Sums] = field(default_factory=dict)
    """The changed sums, by the key of their day and the hour."""

    def take(self, topic: str, partition: int, value: bytes) -> None:
        """Take one event in."""
        event = orjson.loads(value)
        if topic == CALLS:
            self._call(partition, event)
        elif topic == PAYMENTS:
            data = event["data"]
            amount = int(Decimal(data["amount"]) * 10_000) if data["currency"] == _CURRENCY else 0
            self._outcome(partition, data, _seconds(data["received_at"]), 1, amount, 0)
        else:
            data = event["data"]
            left = int(data["ended_by"] == "customer")
            self._outcome(partition, data, _seconds(data["cancelled_at"]), 0, 0, left)

    def _call(self, partition: int, event: dict[str, Any]) -> None:
        call, score = event["call"], event["score"]
        at = datetime.fromisoformat(call["ended_at"])
        self.calls.append(_call_row(event, at))
        client, agency, ended = call["client_id"], call["agency_id"], int(at.timestamp())
        aggression = score["aggression"]
        n, total = (0, 0) if aggression is None else (1, round(aggression * 10_000))
        self._add(partition, client, agency, ended, (1, n, total, 0, 0, 0))
        key = f"{partition}|{client}|{call['customer']}"
        known = self._customer(key)
        if known is None or ended >= known["at"]:
            waiting = () if known is None else known["waiting"]
            self.customers[key] = {"agency": agency, "at": ended, "waiting": []}
            for at_time, *effect in waiting:
                self._add(partition, client, agency, at_time, effect)

    def _outcome(
        self, partition: int, data: dict[str, Any], at: int, payments: int, amount: int, left: int
    ) -> None:
        client = data["client_id"]
        customer = pseudonym(self.pseudonym_key, client, data["customer_id"])
        key = f"{partition}|{client}|{customer}"
        known = self._customer(key) or {"agency": None, "at": 0, "waiting": []}
        effect = (0, 0, 0, payments, amount, left)
        if known["agency"] is None:
            self.customers[key] = {**known, "waiting": [*known["waiting"], [at, *effect]]}
        else:
            self._add(partition, client, known["agency"], at, effect)

    def _customer(self, key: str) -> Customer | None:
        return self.customers[key] if key in self.customers else self.customer_of(key)

    def _add(self, partition: int, client: str, agency: str, at: int, effect: Any) -> None:
        key, hour = f"{partition}|{client}|{agency}|{at - at % _DAY}", str(at - at % _HOUR)
        day = self.days.get(key)
        if day is None:
            day = self.days[key] = dict(self.day_of(key) or {})
        sums = [a + b for a, b in zip(day.get(hour, _NOTHING), effect, strict=True)]
        day[hour] = self.hours[key, hour] = sums


_NOTHING = (0,) * len(SUMS)


def _seconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp())


CALL_COLUMNS = (
    "event_id", "client_id", "agency_id", "customer", "started_at", "ended_at", "service",
    "touchpoint", "channel", "customer_type", "language", "from_audio", "aggression", "empathy",
    "sentiment", "sentiment_change", "survey_rating", "spoken_rating", "predicted_rating",
    "churn_intent", "promise_to_pay", "drivers", "conduct", "quotes", "turns", "scorer_version",
    "why", "version",
)  # fmt: skip
"""The table's columns as Ascolto's own worker fills them."""


def _call_row(event: dict[str, Any], ended_at: datetime) -> Row:
    call, score, survey = event["call"], event["score"], event["survey"]
    quotes = [
        (reason["kind"], index, reason["text"], reason["weight"])
        for index, turn in enumerate(score["turns"])
        for reason in turn["reasons"]
    ]
    quotes.sort(key=lambda quote: -abs(quote[3]))
    return (
        call["event_id"], call["client_id"], call["agency_id"], call["customer"],
        datetime.fromisoformat(call["started_at"]), ended_at, call["service"],
        call["touchpoint"], call["channel"], call["customer_type"], call["language"],
        event["from_audio"], score["aggression"], score["empathy"], score["sentiment"],
        score["sentiment_change"], None if survey is None else survey["rating"],
        score["spoken_rating"], score["predicted_rating"], score["churn_intent"],
        score["promise_to_pay"], sorted({each["driver"] for each in score["drivers"]}),
        sorted({each["rule"] for each in score["conduct"]}), quotes[:_MOST_QUOTES],
        orjson.dumps(event["turns"]).decode(), score["scorer_version"], score["why"], 1,
    )  # fmt: skip
