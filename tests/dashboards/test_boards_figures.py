"""The boards' figures and sentences, against plain computations."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboards.boards import BOARDS
from dashboards.boards.overview import OUTCOME, PROVISIONAL, TREATMENT, VERDICT
from dashboards.boards.statements import statement
from dashboards.grafana.dashboard import as_json
from dashboards.grafana.variables import chosen
from dashboards.preview.macros import expand
from processors.metrics.nps import nps
from processors.metrics.rates import rate
from schemas.rows import (
    AGENCY_HOURS,
    AGENCY_METRICS,
    ALERT_ACTIONS,
    ALERTS,
    CALLS,
    CONTACT_EXCESSES,
    WORKER_STATUS,
)
from tests.dashboards.board_reading import (
    ONE_CLIENT,
    ROME,
    TILES,
    WORDS,
    asked,
    read,
)
from tests.dashboards.board_rows import worker_report
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import HOUR, NOW, call, metric


def test_the_first_month_is_provisional_and_never_nothing(one: Engine) -> None:
    board = BOARDS[0]
    (new,) = [row for row in read(one, OUTCOME, asked(board)) if row["agency_id"] == "nuova"]
    assert (new["amount"], new["recovery_rate"], new["churn_rate"]) == (None, None, None)
    (treated,) = [row for row in read(one, TREATMENT, asked(board)) if row["agency_id"] == "nuova"]
    assert treated["nps_range"] is None, "with one rating the interval leaves out its own figure"
    for row in read(one, PROVISIONAL, asked(board)):
        assert row["n"] == 5
        assert (row["paid_so_far"], row["amount_so_far"]) == (3, 150.0)
        assert (
            NOW
            < row["first_matures"].replace(tzinfo=UTC)
            <= row["last_matures"].replace(tzinfo=UTC)
        )


@pytest.mark.parametrize("back", [timedelta(), timedelta(days=5, hours=3), timedelta(days=9)])
def test_figures_and_shares_in_words_are_of_the_same_moment_which_is_shown(
    one: Engine, back: timedelta
) -> None:
    """Also of a past time, which has snapshots of the days before it alone."""
    board, asked_at = BOARDS[0], NOW - back
    as_of = max(row["as_of"] for row in ONE_CLIENT[AGENCY_METRICS.name] if row["as_of"] <= asked_at)
    end = as_of + timedelta(hours=1)
    assert (as_of.hour == 23) is bool(back)
    chance = random.Random(3)
    earlier = [
        call(chance, 1000 + n, "alba-crediti", NOW - timedelta(hours=6 * n)) for n in range(60)
    ]
    one.add(CALLS.name, earlier)
    held = Counter(
        row["agency_id"]
        for row in [*ONE_CLIENT[CALLS.name], *earlier]
        if end - timedelta(days=30) <= row["ended_at"] < end and row["aggression"] is not None
    )
    assert held["alba-crediti"] > 20
    for row in read(one, TREATMENT, asked(board, to=asked_at)):
        n = held[row["agency_id"]]
        of = "100" if n >= 100 else str(n)
        assert row["harsh_share"] is None if n == 0 else row["harsh_share"].endswith(f" su {of}")
    (said,) = read(one, TILES["freshness"][1], asked(board, to=asked_at))
    until = min(end, asked_at).astimezone(ZoneInfo(ROME))
    assert said["freshness"].startswith(f"Cifre aggiornate al {until:%d/%m/%Y %H:%M}. ")


def test_what_is_rounded_to_nothing_is_never_minus_zero(empty: Engine) -> None:
    near = {
        **dict.fromkeys(("aggression", "sentiment", "churn_correlation"), -0.004),
        **{"churn_correlation_low": -0.004, "churn_correlation_high": 0.6, "nps": -0.4},
    }
    empty.add(AGENCY_METRICS.name, [metric("alba-crediti", HOUR, **near)])
    (board, relations), (_, figures) = TILES["relations"], TILES["agency_figures"]
    (related,) = read(empty, relations, asked(board))
    assert (str(related["churn_correlation"]), related["churn_correlation_range"]) == (
        "0.0",
        "0,00 … 0,60",
    )
    (treated,) = read(empty, TREATMENT, asked(board))
    assert (str(treated["nps"]), str(treated["aggression"])) == ("0.0", "0.0")
    values = {row["figure"]: row["value"] for row in read(empty, figures, asked(board))}
    assert (values["sentiment"], values["nps"]) == ("0,00", "0")


def test_a_time_without_reports_breaks_the_lines_of_workers(empty: Engine) -> None:
    lag = {"call-scored": 4}
    times = [NOW - timedelta(hours=12), NOW]
    rows = [worker_report("analytics", "a", at, lag) | {"counts": {}} for at in times]
    empty.add(WORKER_STATUS.name, rows)
    for name, column in (("lag_over_time", "lag_analytics"), ("throughput", "calls_linked")):
        board, tile = TILES[name]
        values = [row[column] for row in read(empty, tile, asked(board, window="24h"))]
        assert (values[0], values[-1]) == ((4, 4) if name == "lag_over_time" else (2.5, 2.5))
        assert set(values[1:-1]) == {None}
        assert len(values) > 5


def report(worker: str, instance: str, at: datetime, **changes: Any) -> dict[str, Any]:
    """A worker's report with nothing counted, and `changes`."""
    return worker_report(worker, instance, at, {}) | {"counts": {}, **changes}


def test_a_stage_is_counted_by_its_own_role(empty: Engine) -> None:
    """Analytics reads the transcripts, too: it alone says how fast on one machine only."""
    board, tile = TILES["throughput"]
    journal = {"call-transcribed": 5.0, "call-scored": 1.0}
    times = [NOW - timedelta(seconds=30 * each) for each in range(4)]
    rows = [report("analytics", "a", at, events_per_second=journal) for at in times]
    empty.add(WORKER_STATUS.name, rows)
    last = read(empty, tile, asked(board, window="24h"))[-1]
    assert (last["calls_scored"], last["calls_linked"]) == (5.0, 1.0)
    idle = {"call-transcribed": 0.0}
    rows = [report("scorer", "s", at, events_per_second=idle) for at in times]
    empty.add(WORKER_STATUS.name, rows)
    last = read(empty, tile, asked(board, window="24h"))[-1]
    assert (last["calls_scored"], last["calls_linked"]) == (0.0, 1.0)


def test_what_waits_is_not_counted_twice_while_an_instance_is_replaced(empty: Engine) -> None:
    minute = NOW.replace(second=0) - timedelta(minutes=5)
    waiting = {"lag": {"call-transcribed": 500}}

    def at(second: int) -> datetime:
        return minute + timedelta(seconds=second)

    rows = [
        report("scorer", "old", at(10), **waiting),
        report("scorer", "old", at(15), stopped=True, **waiting),
        report("scorer", "new", at(20)),
        report("scorer", "new", at(50), **waiting),
        report("analytics", "a", at(5), lag={"call-scored": 3}, stopped=True),
    ]
    empty.add(WORKER_STATUS.name, rows)
    board, tile = TILES["lag_over_time"]
    rows = read(empty, tile, asked(board, window="24h"))
    assert {row["lag_scorer"] for row in rows} == {500}
    assert {row["lag_analytics"] for row in rows} == {None}, "nobody says what waits"


def test_a_conflict_is_no_further_dead_letter(empty: Engine) -> None:
    board, tile = TILES["drops"]
    counts = {"dead_letters": 7, "conflicts": 3}
    since = {"started_at": NOW - timedelta(hours=1), "counts": counts}
    empty.add(WORKER_STATUS.name, [report("analytics", "a", NOW - timedelta(minutes=1), **since)])
    rows = read(empty, tile, asked(board, window="24h"))
    assert [row["n"] for row in rows] == [4, 3]


def test_the_window_ends_with_the_snapshots_also_while_rows_are_unmerged(empty: Engine) -> None:
    """Today's row is replaced each hour: the one before is no snapshot that can be shown."""
    hours = (HOUR.replace(hour=23) - timedelta(days=1), HOUR - timedelta(hours=2), HOUR)
    board, tile = TILES["freshness"]
    empty.add(CALLS.name, [call(random.Random(1), 1, "alba-crediti", hours[0])])
    with empty.unmerged():
        for version, as_of in enumerate(hours, start=1):
            row = metric("alba-crediti", as_of) | {"version": version}
            empty.add(AGENCY_METRICS.name, [row])
        between = HOUR - timedelta(minutes=90)
        (said,) = read(empty, tile, asked(board, to=between))
        (shown,) = read(empty, TREATMENT, asked(BOARDS[0], to=between))
    assert shown["agency_id"] == "alba-crediti"
    until = (hours[0] + timedelta(hours=1)).astimezone(ZoneInfo(ROME))
    assert said["freshness"].startswith(f"Cifre aggiornate al {until:%d/%m/%Y %H:%M}. ")


def sentences(engine: Engine, figures: Mapping[str, tuple[float, float, float, int]]) -> list[str]:
    """What the verdict says of agencies with this NPS, its interval and n."""
    engine.add(
        AGENCY_METRICS.name,
        [
            metric("alba-crediti", HOUR, agency_id=agency, nps=value, nps_low=low, nps_high=high)
            | {"nps_n": n, "churn_rate_n": 0, "churn_rate": None}
            for agency, (value, low, high, n) in figures.items()
        ],
    )
    return [row["verdict"] for row in read(engine, VERDICT, asked(BOARDS[0]))]


@pytest.mark.parametrize("seed", range(6))
def test_the_verdict_speaks_only_where_intervals_are_apart(empty: Engine, seed: int) -> None:
    rng = random.Random(seed)
    figures = {
        agency: (value, value - reach, value + reach, rng.choice((12, 30, 300)))
        for agency in ("a", "b", "c")[: rng.choice((1, 2, 3))]
        for value, reach in [(rng.randint(-60, 60), rng.choice((2, 10, 40)))]
    }
    counted = {agency: each for agency, each in figures.items() if each[3] >= 30}
    best, worst = [], []
    for agency, (_, low, high, _) in counted.items():
        others = [each for other, each in counted.items() if other != agency]
        if others and low > max(each[2] for each in others):
            best.append(agency)
        if others and high < min(each[1] for each in others):
            worst.append(agency)
    said = sentences(empty, figures)
    if best or worst:
        assert [line.split(" ")[0] for line in said] == best + worst
        assert all("meglio di tutte" in line or "resta indietro" in line for line in said)
    else:
        assert said == [WORDS["verdict.alike" if len(counted) > 1 else "verdict.too_early"]]


@pytest.mark.parametrize("seed", range(3))
def test_drivers_their_costs_and_conduct_are_those_of_a_plain_computation(
    empty: Engine, seed: int
) -> None:
    rng = random.Random(seed)
    rows = []
    for number in range(160):
        row = call(rng, number, "alba-crediti", NOW - timedelta(hours=rng.randrange(40 * 24)))
        rating = rng.choice((None, *range(11)))
        row |= {
            "agency_id": rng.choice(("a", "b")),
            "survey_rating": rating,
            "spoken_rating": None,
            "drivers": [each for each in ("threat", "price") if rng.random() < 0.4],
            "conduct": ["hours"] if rng.random() < 0.1 else [],
        }
        if number % 20 == 0:
            row |= {"sentiment": None, "drivers": []}
        rows.append(row)
    empty.add(CALLS.name, rows)
    end = HOUR + timedelta(hours=1)
    within = [row for row in rows if end - timedelta(days=30) <= row["ended_at"] < end]
    shown = [row for row in within if row["sentiment"] is not None]
    assert len(shown) < len(within), "of some the customer's words were not read"
    board, tile = TILES["driver_costs"]
    found = read(empty, tile, asked(board))
    assert {(row["agency_id"], row["driver"]) for row in found} == {
        (row["agency_id"], driver) for row in shown for driver in row["drivers"]
    }
    for row in found:
        own = [each for each in shown if each["agency_id"] == row["agency_id"]]
        having = [each for each in own if row["driver"] in each["drivers"]]
        lacking = [each for each in own if row["driver"] not in each["drivers"]]
        expected = rate(len(having), len(own))
        assert (row["share"], row["n"]) == (pytest.approx(100 * expected.value), len(own))
        assert row["share_range"] == (
            f"{round(100 * (expected.low or 0))} … {round(100 * (expected.high or 0))} %"
        )
        enough = min(score(having)[1], score(lacking)[1]) >= 10
        cost = score(lacking)[0] - score(own)[0] if enough else None
        rounded = cost if cost is None or not -0.5 < cost < 0 else 0
        assert row["nps_cost"] == (None if rounded is None else pytest.approx(rounded))
    names = ("client_id", "agency_id", "event_id", "ended_at")
    above = [{name: row[name] for name in names} | {"limit": "day", "version": 1} for row in rows]
    empty.add(CONTACT_EXCESSES.name, above[::7])
    breached = Counter((row["agency_id"], "hours") for row in within if row["conduct"])
    breached += Counter((row["agency_id"], "frequency") for row in rows[::7] if row in within)
    conduct = read(empty, TILES["conduct"][1], asked(board))
    assert {(row["agency_id"], row["rule"]): row["conversations"] for row in conduct} == breached


def score(rows: list[dict[str, Any]]) -> tuple[float, int]:
    """NPS of conversations, and how many of them are rated."""
    ratings = [row["survey_rating"] for row in rows if row["survey_rating"] is not None]
    promoters = sum(each >= 9 for each in ratings)
    detractors = sum(each <= 6 for each in ratings)
    found = nps(promoters, len(ratings) - promoters - detractors, detractors)
    return found.value or 0.0, found.n


def test_segments_are_those_of_a_plain_computation(one: Engine) -> None:
    board, tile = TILES["segments"]
    (row,) = read(one, tile, asked(board, window="7d"))
    end = HOUR + timedelta(hours=1)
    hours = [
        each
        for each in ONE_CLIENT[AGENCY_HOURS.name]
        if each["agency_id"] == "ferro-recuperi"
        and each["segment"] == "channel=phone"
        and end - timedelta(days=7) <= each["hour"] < end
    ]
    total = {
        key: sum(each[key] for each in hours) for key in hours[0] if isinstance(hours[0][key], int)
    }
    rated = nps(total["promoters"], total["passives"], total["detractors"])
    left = rate(total["cancelled"], total["matured"] - total["supplier_lost"])
    assert row["segment"] == "channel=phone"
    assert (row["nps"], row["nps_n"]) == (pytest.approx(rated.value), rated.n)
    assert row["nps_range"] == f"{round(rated.low or 0)} … {round(rated.high or 0)}"
    assert (row["churn_rate"], row["churn_rate_n"]) == (pytest.approx(100 * left.value), left.n)
    mean = total["aggression_sum"] / 10_000 / total["aggression_n"]
    assert row["aggression"] == pytest.approx(mean)


@pytest.mark.parametrize("zone", [ROME, "America/New_York"])
def test_hours_and_weekdays_are_those_of_the_client_company(one: Engine, zone: str) -> None:
    end = HOUR + timedelta(hours=1)
    counted: dict[str, dict[str, int]] = {"at": {}, "weekday": {}}
    for row in ONE_CLIENT[AGENCY_HOURS.name]:
        own = row["agency_id"] == "ferro-recuperi" and row["segment"] == "all"
        if own and end - timedelta(days=30) <= row["hour"] < end:
            local = row["hour"].astimezone(ZoneInfo(zone))
            for key, value in (("at", f"{local:%H}:00"), ("weekday", str(local.isoweekday()))):
                counted[key][value] = counted[key].get(value, 0) + row["aggression_n"]
    for tile_id, key in (("hours_of_day", "at"), ("weekdays", "weekday")):
        board, tile = TILES[tile_id]
        sql, bound = expand(statement(tile, WORDS, zone), asked(board))
        assert {row[key]: row["n"] for row in one.read(sql, bound)} == counted[key]


def test_notes_have_the_day_of_the_client_company(one: Engine) -> None:
    (alert, *_) = ONE_CLIENT[ALERTS.name]
    at = datetime(2025, 3, 20, 2, 30, tzinfo=UTC)
    same = ("client_id", "alert_id", "agency_id")
    note = {key: alert[key] for key in same} | {"action": "note", "who": "Anna", "text": "sentiti"}
    one.add(ALERT_ACTIONS.name, [note | {"action_id": "n", "at": at, "version": 1}])
    board, tile = TILES["alert_history"]
    for zone, day in ((ROME, "20/03/2025"), ("America/New_York", "19/03/2025")):
        asked_for = asked(board, agencies=(alert["agency_id"],), window="90d")
        rows = one.read(*expand(statement(tile, WORDS, zone), asked_for))
        assert f"{day} Anna: sentiti" in {row["notes"] for row in rows}


def test_a_story_marks_the_words_and_says_what_followed(one: Engine) -> None:

    def of(tile_id: str) -> list[dict[str, Any]]:
        board, tile = TILES[tile_id]
        return read(one, tile, asked(board))

    turns = of("story_turns")
    assert all(turn["said"].count("«") == turn["said"].count("»") == 1 for turn in turns)
    (outcome,) = of("story_outcome")
    assert (outcome["customer_after"], outcome["payment_after"]) == ("lost", "paid")
    assert outcome["amount"] == 40
    assert [row["kind"] for row in of("story_events")] == ["payment", "cancellation"]
    for row in of("conversations"):
        assert row["conversation"]
        assert row["drivers"] in {WORDS[key] for key in WORDS if key.startswith("driver.")}


def test_seconds_from_the_call_s_end_to_its_score(one: Engine) -> None:
    board, tile = TILES["delay_now"]
    for row in read(one, tile, asked(board)):
        assert (row["half"], row["slowest"]) == (pytest.approx(40), pytest.approx(40))


def test_alerts_are_marked_from_their_beginning_to_their_end(one: Engine) -> None:
    (marks,) = as_json(BOARDS[0])["annotations"]["list"]
    rows = one.read(*expand(marks["target"]["rawSql"], asked(BOARDS[0])))
    assert [list(row) for row in rows[:1]] == [["time", "timeEnd", "title", "text", "tags"]]
    assert len(rows) == 4
    assert all(row["time"] <= row["timeEnd"] for row in rows)
    assert any("aggressività in salita" in row["text"] for row in rows)


def test_segments_to_choose_have_texts(one: Engine) -> None:
    from dashboards.boards.tiles import Choice

    sql = chosen(Choice.SEGMENT, WORDS).build().query
    assert isinstance(sql, str)
    rows = one.read(*expand(sql, asked(BOARDS[0])))
    assert [(row["segment"], row["name"]) for row in rows] == [
        ("all", "Tutte le conversazioni"),
        ("channel=phone", "Canale: telefono"),
    ]


def test_a_time_of_day_in_words_is_the_client_company_s(one: Engine) -> None:
    board, tile = TILES["freshness"]
    sql, bound = expand(statement(tile, WORDS, ROME), asked(board))
    local = datetime(2025, 3, 20, 15, 42, tzinfo=UTC).astimezone(ZoneInfo(ROME))
    assert f"{local:%d/%m/%Y %H:%M}" in one.read(sql, bound)[0]["freshness"]
