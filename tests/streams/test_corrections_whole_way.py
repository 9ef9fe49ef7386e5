"""Payments that come back and surveys answered later, the whole way: every figure as of any T.

A quarter of the calls are rated by SMS, half of the payments come back, in whatever order the
lines are; played straight and killed, against a recomputation from all events.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.simulation import SimulationSettings, encode, simulate
from schemas.codec import Routed, decode_inbound
from schemas.events import CallEndedEvent, InboundEvent, PaymentReceivedEvent
from tests.figures.reference import (
    Answered,
    Happening,
    Paid,
    Returned,
    Said,
    rating_of,
    whole_hour,
)
from tests.infra.stored import sql, told
from tests.streams.played import (
    HORIZON,
    expected,
    finish,
    happenings,
    kill_after_rows,
    play,
    read_figures,
)
from tests.streams.test_run_all import near

CALLS, DAYS = 160, 45
HOUR = timedelta(hours=1)


def correction(event: InboundEvent, number: int, rng: random.Random) -> dict[str, Any] | None:
    """A return of a payment or an answer about a call, as others send it; None for most."""
    data = event.data
    named = {"source": event.source, "id": event.id}
    if isinstance(event, PaymentReceivedEvent) and rng.random() < 0.5:
        kind, at = "payment-returned", event.data.received_at
        at += timedelta(days=rng.choice((0, 3, 20, 45)), hours=rng.randrange(24))
        part = str((event.data.amount * rng.choice((3, 7, 20)) / 10).quantize(Decimal("0.01")))
        said = {"payment": named, "returned_at": at.isoformat()}
        said |= rng.choice(({}, {"amount": part}))
    elif isinstance(event, CallEndedEvent) and rng.random() < 0.25:
        kind, at = "survey-answered", event.data.ended_at
        at += timedelta(days=rng.choice((0, 1, 1, 9)), hours=rng.randrange(-1, 24))
        said = {"call": named, "answered_at": at.isoformat(), "rating": rng.randrange(11)}
        said |= rng.choice(({}, {"comment": "Sono Mario Rossi, tutto bene"}))
    else:
        return None
    return {
        "specversion": "1.0",
        "id": f"later-{number}",
        "source": "/later",
        "type": f"it.ascolto.{kind}.v1",
        "time": at.isoformat(),
        "subject": data.customer_id,
        "data": {"client_id": data.client_id, "customer_id": data.customer_id, **said},
    }


def lines_of(seed: int) -> list[bytes]:
    """A file's lines out of order, with corrections before and after what they name, some twice."""
    rng = random.Random(seed)
    settings = SimulationSettings(seed=seed, calls=CALLS, days=DAYS, audio=False)
    lines = [encode(event) for event in simulate(settings)]
    for number, line in enumerate(list(lines)):
        routed = decode_inbound(line)
        assert isinstance(routed, Routed)
        for again in range(rng.choice((1, 1, 2))):
            made = correction(routed.event, 10 * number + again, rng)
            if made is not None:
                lines += [json.dumps(made).encode()] * rng.choice((1, 1, 2))
    rng.shuffle(lines)
    return lines


class Run:
    """One events file played to its end."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.file, self.data_dir = folder / "events.jsonl", folder / "data"
        lines = lines_of(seed)
        self.file.write_bytes(b"\n".join(lines) + b"\n")
        self.events: list[Happening] = happenings(lines)


@pytest.fixture(scope="module", params=["straight", "killed"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Played once undisturbed, and once killed several times and started again."""
    made = Run(tmp_path_factory.mktemp(request.param), seed=31)
    if request.param == "killed":
        rng = random.Random(1)
        for _ in range(3):
            kill_after_rows(play(made.file, made.data_dir), made.data_dir, rng.uniform(0.5, 6.0))
    finish(play(made.file, made.data_dir), made.data_dir)
    return made


def decisive(events: list[Happening]) -> list[datetime]:
    """Times T whose hour is the first in which a return or an answer counts."""
    known: list[datetime] = []
    for kind, number in ((Returned, 2), (Answered, 2)):
        found = []
        for event in events:
            if not isinstance(event, kind):
                continue
            named = event.payment if isinstance(event, Returned) else event.call
            of = next(e for e in events if isinstance(e, Paid | Said) and e.event_id == named)
            if isinstance(of, Said):
                end, matters = whole_hour(max(event.at, of.ended_at)), of.survey is None
            else:
                end = whole_hour(max(event.at, of.at))
                matters = end > of.at + HORIZON
            if matters:
                found.append(end)
        assert len(found) >= number
        known += found[:number]
    return known


def check(run: Run, window: str, as_of: datetime) -> list[dict[str, Any]]:
    told_figures = read_figures(run.data_dir, window, as_of)
    for row in told_figures:
        apart = expected(run.events, row["agency_id"], row["segment"], window, as_of)
        for name, value in apart.items():
            assert row[name] == near(value), (row["agency_id"], name, as_of)
    return told_figures


def test_figures_as_of_any_time_are_those_of_what_was_known_by_then(run: Run) -> None:
    differ = 0
    for known in decisive(run.events):
        before, after = (check(run, "90d", as_of) for as_of in (known - HOUR, known))
        names = ("nps", "nps_predicted", "recovery_rate", "amount_recovered")
        differ += [[row[n] for n in names] for row in before] != [
            [row[n] for n in names] for row in after
        ]
    assert differ >= 2, "the times are those at which something changes"
    check(run, "24h", decisive(run.events)[-1])


def test_everything_stored_agrees_with_sql_alone(run: Run) -> None:
    code, seen = told(run.data_dir, "reconcile")
    assert (code, seen["differences"]) == (0, [])
    assert seen["compared"]["call_surveys"] > 10


def test_the_tables_hold_what_is_known_at_last(run: Run) -> None:
    ever = datetime(2100, 1, 1, tzinfo=UTC)
    surveys, comments = sql(
        run.data_dir,
        "SELECT rating, count() FROM call_surveys FINAL GROUP BY rating ORDER BY rating",
        "SELECT count(), countIf(position(payload, 'Mario Rossi') > 0) FROM events FINAL "
        "WHERE topic = 'survey-answered' AND JSONHas(payload, 'data', 'comment')",
    )
    rated: dict[int, int] = {}
    for event in run.events:
        if isinstance(event, Said) and event.survey is None:
            rating = rating_of(event, run.events, ever)
            answered = [e for e in run.events if isinstance(e, Answered)]
            if any(answer.call == event.event_id for answer in answered):
                assert rating is not None
                rated[rating] = rated.get(rating, 0) + 1
    assert [tuple(row) for row in surveys] == sorted(rated.items())
    assert comments[0][0] > 5
    assert comments[0][1] == 0, "a name in a comment is redacted"
