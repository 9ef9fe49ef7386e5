"""What became of the calls of each client company, from the store and from what still waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from processors.call_outcome import Backlog, CallOutcome, outcome_of_call, outcome_of_letter
from schemas.topics import CALL_ENDED

__all__ = [
    "OUTCOMES",
    "Backlog",
    "Counted",
    "Outcomes",
    "count_outcomes",
    "outcomes_as_json",
]

OUTCOMES = f"""
SELECT client_id, 'call' AS source, ifNull(why, '') AS reason,
    aggression IS NOT NULL OR empathy IS NOT NULL AS operator_scored,
    sentiment IS NOT NULL AS customer_scored,
    toUInt64(count()) AS calls, min(toDateTime(ended_at, 'UTC')) AS oldest
FROM calls FINAL
WHERE {{client:String}} IN ('', client_id)
GROUP BY client_id, reason, operator_scored, customer_scored
UNION ALL
SELECT client_id, 'attempt', '', false, false,
    toUInt64(count()), min(toDateTime(ended_at, 'UTC'))
FROM attempts FINAL
WHERE {{client:String}} IN ('', client_id)
GROUP BY client_id
UNION ALL
SELECT ifNull(client_id, ''), 'letter', error_class, false, false,
    toUInt64(uniqExact(ifNull(event_id, letter_id))), min(toDateTime(written_at, 'UTC'))
FROM (SELECT * FROM dead_letters FINAL WHERE endsWith(topic, '{CALL_ENDED.name}')) AS letters
LEFT JOIN (
    SELECT letter_id, max(replayed_at) AS last FROM letter_replays FINAL GROUP BY letter_id
) AS replays USING (letter_id)
WHERE {{client:String}} IN ('', ifNull(client_id, '')) AND replays.last < letters.written_at
    AND ifNull(event_id, '') NOT IN (
        SELECT event_id FROM calls
        WHERE event_id IN (SELECT ifNull(event_id, '') FROM dead_letters)
        UNION ALL
        SELECT event_id FROM attempts
        WHERE event_id IN (SELECT ifNull(event_id, '') FROM dead_letters)
    )
GROUP BY client_id, error_class
"""  # noqa: S608 - a topic's name
"""Groups of calls that end alike, of one client company, or of all where `client` is ''.

A dead letter counts while it is open, and where its call did not get through otherwise: an event
that contradicts an earlier one has that one's id.
"""


@dataclass
class Counted:
    """How many calls have an outcome, and the oldest of them."""

    calls: int = 0
    oldest: datetime | None = None
    """When the oldest ended; of a dead letter, when that was written (UTC)."""

    def add(self, calls: int, oldest: datetime) -> None:
        """Count further calls, of which the oldest is of that time."""
        self.calls += calls
        self.oldest = oldest if self.oldest is None else min(self.oldest, oldest)


Outcomes = dict[str, dict[CallOutcome, Counted]]
"""By client company, '' where an event did not say which, and by outcome."""


def count_outcomes(rows: Iterable[Sequence[Any]], backlog: Backlog | None) -> Outcomes:
    """Count the calls of `OUTCOMES`'s rows, and those that still wait, by client and outcome."""
    counted: Outcomes = defaultdict(lambda: defaultdict(Counted))
    for client_id, source, reason, operator, customer, calls, oldest in rows:
        if source == "call":
            outcome = outcome_of_call(
                reason, operator_scored=bool(operator), customer_scored=bool(customer)
            )
        elif source == "attempt":
            outcome = CallOutcome.NOBODY_ANSWERED
        else:
            outcome = outcome_of_letter(reason)
        counted[client_id][outcome].add(int(calls), _utc(oldest))
    for waiting in backlog.calls if backlog is not None else ():
        counted[waiting.client_id][CallOutcome.WAITING].add(1, waiting.ended_at)
    return counted


def outcomes_as_json(
    outcomes: Outcomes, backlog: Backlog | None, now: datetime
) -> list[dict[str, Any]]:
    """One object a client company: `calls`, and of each outcome how many and how old.

    `waiting` is null where Kafka cannot be asked, and `waiting_complete` false where more wait than
    were counted.
    """
    return [
        {
            "client_id": client_id or None,
            "calls": sum(each.calls for each in found.values()),
            "outcomes": {
                outcome.value: _counted_as_json(
                    None if outcome is CallOutcome.WAITING and backlog is None else found[outcome],
                    now,
                )
                for outcome in CallOutcome
            },
            "waiting_complete": None if backlog is None else backlog.complete,
        }
        for client_id, found in sorted(outcomes.items())
    ]


def _counted_as_json(counted: Counted | None, now: datetime) -> dict[str, Any] | None:
    if counted is None:
        return None
    oldest = counted.oldest
    return {
        "calls": counted.calls,
        "oldest_at": None if oldest is None else oldest.isoformat(),
        "oldest_age_seconds": (
            None if oldest is None else max(0, round((now - oldest).total_seconds()))
        ),
    }


def _utc(time: datetime | str) -> datetime:
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
