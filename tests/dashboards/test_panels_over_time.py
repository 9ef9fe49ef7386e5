"""The panels that read conversations and engagements, against plain computations on random rows.

Rows lie in many months and several inserts, some are written again, and some lie within a second
of the bounds that are asked for.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboards.panels import WINDOWS, panel
from dashboards.preview.macros import Choices, expand
from infra.settings import Settings
from processors.metrics.quarters import quarters
from schemas.figures import MetricWindow
from schemas.rows import CALL_SURVEYS, CALLS, ENGAGEMENTS, Table
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import CLIENT, NOW, OTHER_CLIENT, call, engagement

Row = dict[str, Any]

AGENCIES = ("a", "b", "c")
SEGMENTS = (
    "all",
    "channel=phone",
    "channel=whatsapp",
    "service=debt_collection",
    "touchpoint=reminder",
    "customer_type=household",
    "customer_type=phone",
)
EDGES = (
    timedelta(),
    timedelta(microseconds=1),
    timedelta(milliseconds=400),
    timedelta(milliseconds=999, microseconds=999),
    timedelta(seconds=1),
)


def read(engine: Engine, panel_id: str, chosen: Choices) -> list[Row]:
    return engine.read(*expand(panel(panel_id).sql, chosen))


def asked(rng: random.Random) -> Choices:
    """What a viewer may choose: any window, segment, agencies and time."""
    return Choices(
        CLIENT,
        NOW - timedelta(seconds=rng.randrange(40 * 86_400)) * rng.choice((0, 1)),
        rng.choice(WINDOWS),
        rng.choice(SEGMENTS),
        tuple(rng.sample(AGENCIES, rng.choice((0, 1, 2)))),
    )


def bounds(chosen: Choices) -> tuple[datetime, datetime]:
    """The window of the time chosen, by its definition: up to the end of its hour."""
    end = chosen.to.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return end - timedelta(hours=MetricWindow(chosen.window).hours), end


def times(rng: random.Random, chosen: list[Choices]) -> Iterator[datetime]:
    """Times over 200 days, every third beside what is chosen or the end of its window."""
    while True:
        if rng.random() < 0.33:
            each = rng.choice(chosen)
            at = rng.choice((*bounds(each), each.to)) + rng.choice((1, -1)) * rng.choice(EDGES)
            yield at
        else:
            yield NOW - timedelta(microseconds=rng.randrange(200 * 86_400 * 10**6))


def newest(rows: list[Row], table: Table) -> list[Row]:
    """Of the rows with one key that with the greatest version, without those taken back."""
    kept: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in table.key)
        if key not in kept or kept[key]["version"] <= row["version"]:
            kept[key] = row
    return [row for row in kept.values() if not row.get("is_deleted")]


def shown(row: Row, chosen: Choices) -> bool:
    names = ("service", "touchpoint", "channel", "customer_type")
    return (
        row["client_id"] == chosen.client
        and (not chosen.agencies or row["agency_id"] in chosen.agencies)
        and chosen.segment in ("all", *(f"{name}={row[name]}" for name in names))
    )


@pytest.fixture(autouse=True)
def unmerged(empty: Engine) -> Iterator[None]:
    with empty.unmerged():
        yield


def write_in_parts(engine: Engine, rng: random.Random, table: Table, rows: list[Row]) -> None:
    """Insert rows in parts that are not merged, in any order."""
    given = rng.sample(rows, len(rows))
    for begin in range(0, len(given), 90):
        engine.add(table.name, given[begin : begin + 90])


def conversations(rng: random.Random, chosen: list[Choices]) -> list[Row]:
    made = []
    for number, at in zip(range(260), times(rng, chosen), strict=False):
        row = call(rng, number, "alba-crediti", at)
        row |= {
            "agency_id": rng.choice(AGENCIES),
            "client_id": OTHER_CLIENT if rng.random() < 0.1 else CLIENT,
            "drivers": sorted(rng.sample(["threat", "price", "payment_plan"], rng.randrange(4))),
        }
        made.append(row)
        if rng.random() < 0.2:
            made.append(row | {"version": 2, "drivers": ["waiting_time"], "aggression": 0.5})
        if rng.random() < 0.1:
            made.append(dict(row))
    return made


@pytest.mark.parametrize("seed", range(4))
def test_drivers_and_latest_calls_are_those_of_a_plain_computation(
    empty: Engine, seed: int
) -> None:
    rng = random.Random(seed)
    chosen = [asked(rng) for _ in range(10)]
    rows = conversations(rng, chosen)
    write_in_parts(empty, rng, CALLS, rows)
    answers = [
        {
            "client_id": row["client_id"],
            "event_id": row["event_id"],
            "agency_id": row["agency_id"],
            "rating": rng.randrange(11),
            "known_at": row["ended_at"] + timedelta(hours=rng.randrange(300)),
            "version": version,
        }
        for row in newest(rows, CALLS)
        for version in range(rng.randrange(3))
        if row["survey_rating"] is None
    ]
    write_in_parts(empty, rng, CALL_SURVEYS, answers)
    late = {row["event_id"]: row for row in newest(answers, CALL_SURVEYS)}
    for each in chosen:
        begin, end = bounds(each)
        own = [row for row in newest(rows, CALLS) if shown(row, each)]
        counted: Counter[tuple[str, str]] = Counter(
            (row["agency_id"], driver)
            for row in own
            if begin <= row["ended_at"] < end and row["sentiment"] is not None
            for driver in set(row["drivers"])
        )
        found = read(empty, "drivers", each)
        assert {(row["agency"], row["driver"]): row["calls"] for row in found} == counted

        ended = [row for row in own if row["ended_at"] < each.to + timedelta(seconds=1)]
        ended.sort(key=lambda row: row["event_id"])
        ended.sort(key=lambda row: row["ended_at"], reverse=True)
        listed = read(empty, "latest_calls", each)
        assert [
            (row["time"].replace(tzinfo=UTC), row["agency"], row["aggression"], row["rating"])
            for row in listed
        ] == [
            (row["ended_at"], row["agency_id"], row["aggression"], rating(row, late, each))
            for row in ended[:20]
        ]


def rating(row: Row, late: dict[str, Row], chosen: Choices) -> int | None:
    """The survey's, also one known later by the time chosen; else the spoken, or predicted one."""
    answer = late.get(row["event_id"])
    known = answer is not None and answer["known_at"] < chosen.to + timedelta(seconds=1)
    found = [
        row["survey_rating"],
        answer["rating"] if answer is not None and known else None,
        row["spoken_rating"],
        row["predicted_rating"],
    ]
    return next((each for each in found if each is not None), None)


@pytest.mark.parametrize("seed", range(4))
def test_quarters_are_those_of_a_plain_computation(empty: Engine, seed: int) -> None:
    rng = random.Random(100 + seed)
    chosen = [asked(rng) for _ in range(10)]
    rows = []
    for number, at in zip(range(700), times(rng, chosen), strict=False):
        horizon = rng.choice((1, 30, 30, 30, 365))
        row = engagement(rng.choice(AGENCIES), number, rng.randrange(20) / 20, rng.random() < 0.3)
        row |= {
            "opened_at": at - timedelta(days=horizon),
            "matures_at": at.replace(minute=0, second=0, microsecond=0),
            "lost_to_supplier": rng.random() < 0.1,
            "client_id": OTHER_CLIENT if rng.random() < 0.1 else CLIENT,
        }
        rows.append(row)
        if rng.random() < 0.3:
            rows.append(row | {"version": 2, "cancelled": not row["cancelled"], "aggression": 0.4})
        if rng.random() < 0.1:
            rows.append(row | {"version": 3, "is_deleted": 1})
    write_in_parts(empty, rng, ENGAGEMENTS, rows)
    for each in chosen:
        begin, end = bounds(each)
        of_agency: dict[str, list[tuple[float, bool]]] = defaultdict(list)
        for row in newest(rows, ENGAGEMENTS):
            counts = not row["lost_to_supplier"] and begin <= row["matures_at"] < end
            if shown(row, each) and counts:
                of_agency[row["agency_id"]].append((row["aggression"], row["cancelled"]))
        found = read(empty, "quarters", each)
        assert [(row["agency"], row["n"]) for row in found] == [
            (agency, len(own)) for agency, own in sorted(of_agency.items())
        ]
        for row in found:
            expected = quarters(of_agency[row["agency"]])
            for name, interval in (("least", expected.least), ("most", expected.most)):
                values = [row[name], row[f"{name}_n"]]
                assert values == (
                    [None] * 2
                    if interval is None
                    else [pytest.approx(interval.value, rel=1e-12), interval.n]
                )


@pytest.mark.parametrize("window", WINDOWS)
def test_rows_of_the_window_s_first_and_last_second_are_read(empty: Engine, window: str) -> None:
    """Each alone in its part, so that the index of its part decides whether it is read."""
    chosen = Choices(CLIENT, NOW, window)
    begin, end = bounds(chosen)
    inside = [begin, *(begin + each for each in EDGES[1:]), *(end - each for each in EDGES[1:])]
    outside = [end, *(end + each for each in EDGES[1:]), *(begin - each for each in EDGES[1:])]
    for number, at in enumerate((*inside, *outside)):
        row = call(random.Random(number), number, "alba-crediti", at)
        empty.add(CALLS.name, [row | {"drivers": ["price"], "sentiment": 0.1}])
        opened = engagement("alba-crediti", number, 0.5, lost=False)
        empty.add(
            ENGAGEMENTS.name, [opened | {"opened_at": at - timedelta(days=30), "matures_at": NOW}]
        )
    assert [row["calls"] for row in read(empty, "drivers", chosen)] == [len(inside)]
    assert [row["n"] for row in read(empty, "quarters", chosen)] == [len(inside) + len(outside)]
    for to in (end - timedelta(seconds=1), begin):
        at = Choices(CLIENT, to, window)
        every = [each for each in (*inside, *outside) if each < to + timedelta(seconds=1)]
        assert len(read(empty, "latest_calls", at)) == len(every)


def test_quarters_reach_back_as_far_as_the_longest_horizon() -> None:
    field = Settings.model_fields["horizon_days"]
    (longest,) = [each.le for each in field.metadata if hasattr(each, "le")]
    assert longest < 366, "dashboards/queries/quarters.sql reads engagements opened 366 days before"
