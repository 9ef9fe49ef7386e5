"""The further views of `ascolto figures`, as a person runs them, against the definitions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from tests.figures import outcome_reference, reference
from tests.figures.histories import AGENCIES, BEGIN, CLIENT
from tests.infra.outcome_child import HORIZON, history
from tests.infra.stored import make_store, sql
from tests.streams.played import outputs_of
from tests.waiting import completed

AS_OF = BEGIN + timedelta(days=40, hours=7, minutes=30)
WINDOW = timedelta(days=30)
HOUR = timedelta(hours=1)


def curves(directory: Path) -> str:
    command = [sys.executable, "-m", "tests.infra.outcome_child", "curves", str(directory)]
    return completed(command, check=True).stdout


SETTINGS = {"ASCOLTO_HORIZON_DAYS": str(HORIZON.days), "COLUMNS": "120"}


def ascolto(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.cli.main", "figures", "--data-dir", str(data_dir)]
    return completed([*command, *arguments], env={**os.environ, **SETTINGS})


def printed(data_dir: Path, *views: tuple[str, ...]) -> list[str]:
    """What `ascolto figures` prints for each of these options, in one process."""
    asked = ("figures", "--data-dir", str(data_dir), "--as-of", AS_OF.isoformat())
    return outputs_of([[*asked, *view] for view in views], **SETTINGS)


TABLES = ("--survival", "--quarters", "--sensitivity", "--last-touch")
VIEWS = (
    *((view,) for view in TABLES),
    *((view, "--json") for view in TABLES),
    *(("--survival", "--window", "90d", "--json"),) * 2,
    ("--sensitivity", "--window", "7d", "--json"),
)
Shown = dict[tuple[str, ...], list[str]]
"""What was printed for some options, each time."""


@pytest.fixture(scope="module")
def shown(data_dir: Path) -> Shown:
    found: Shown = {}
    for view, text in zip(VIEWS, printed(data_dir, *VIEWS), strict=True):
        found.setdefault(view, []).append(text)
    return found


def parsed(shown: Shown, *view: str) -> Any:
    """The JSON that was printed for some options; the last time."""
    return json.loads(shown[(*view, "--json")][-1])


@pytest.fixture(scope="module")
def data_dir(filled_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("outcomes") / "data"
    return Path(shutil.copytree(filled_store, directory, symlinks=True))


def test_survival_is_of_the_window_and_what_runs_as_of_then(shown: Shown) -> None:
    seen = parsed(shown, "--survival")
    assert (seen["window"], seen["horizon_days"]) == ("30d", HORIZON.days)
    assert seen["as_of"] == AS_OF.strftime("%Y-%m-%dT%H:00:00Z")
    expected = outcome_reference.watched(history(), WINDOW, AS_OF, HORIZON)
    groups = {(g["group_kind"], g["group"]): g for g in seen["groups"]}
    kinds = {("agency", agency) for agency in AGENCIES}
    thirds = {("aggression_tercile", third) for third in ("low", "middle", "high")}
    assert set(groups) == kinds | thirds
    for agency in AGENCIES:
        own = [w for w in expected if w.agency == agency]
        group = groups["agency", agency]
        assert (group["client_id"], group["n"]) == (CLIENT, len(own))
        assert group["events"] == sum(w.left for w in own)
        for point in group["curve"]:
            share, low, _ = outcome_reference.staying(
                [w.days for w in own], [w.left for w in own], point["day"]
            )
            assert point["staying"] == pytest.approx(share, abs=1e-12)
            assert point["low"] == (None if low != low else pytest.approx(low, abs=1e-9))
    tests = {test["group_kind"]: test for test in seen["logrank"]}
    days, agencies = [w.days for w in expected], [w.agency for w in expected]
    by_hand = outcome_reference.log_rank(days, agencies, [w.left for w in expected])
    test = tests["agency"]
    assert (test["statistic"], test["p"]) == pytest.approx(by_hand, rel=1e-8)
    assert test["n"] == len(expected)
    scored = [w.tone for w in expected if w.tone is not None]
    assert tests["aggression_tercile"]["n"] == len(scored)


def test_the_curves_are_stored_and_written_again_replace_themselves(
    data_dir: Path, shown: Shown
) -> None:
    first, again = map(json.loads, shown["--survival", "--window", "90d", "--json"])
    assert first == again
    stored = [row for row in json.loads(curves(data_dir)) if row[0] == "90d"]
    assert [row[2:6] for row in stored] == sorted(
        [g["group_kind"], g["group"], g["n"], g["events"]] for g in first["groups"]
    )
    assert {row[1] for row in stored} == {AS_OF.strftime("%Y-%m-%d %H:00:00")}
    assert [row[7] for row in stored] == [
        group["curve"][-1]["staying"]
        for group in sorted(first["groups"], key=lambda g: (g["group_kind"], g["group"]))
    ]


def test_quarters_of_each_agency_and_of_all_together(shown: Shown) -> None:
    seen = {row["agency_id"]: row for row in parsed(shown, "--quarters")}
    assert set(seen) == {None, *AGENCIES}
    end = reference.whole_hour(AS_OF) + timedelta(hours=1)
    mature: list[tuple[str, Any, bool]] = [
        (agency, episode.mean("aggression"), episode.cancelled)
        for agency, episode in outcome_reference.every_episode(history(), HORIZON)
        if end - WINDOW <= reference.whole_hour(episode.opened_at) + HORIZON < end
        and not episode.lost_to_supplier
        and episode.mean("aggression") is not None
    ]
    for agency, row in seen.items():
        own = sorted((x, left) for name, x, left in mature if agency in (None, name))
        assert row["n"] == len(own) >= 40
        size = -(-len(own) // 4)
        least_up_to, most_from = own[size - 1][0], own[-size][0]
        least = [left for x, left in own if x <= least_up_to]
        most = [left for x, left in own if x >= most_from]
        assert row["least"] == pytest.approx(reference.rate(least), abs=1e-6)
        assert row["most"] == pytest.approx(reference.rate(most), abs=1e-6)


def test_sensitivity_covers_ninety_days_by_default(shown: Shown) -> None:
    seen = parsed(shown, "--sensitivity")
    assert [(row["agency_id"], row["horizon_days"]) for row in seen] == [
        (agency, days) for agency in AGENCIES for days in (7, 14, 30, 90)
    ]
    for row in seen:
        assert row["window"] == "90d"
        horizon = timedelta(days=row["horizon_days"])
        expected = reference.figures(
            history(), row["agency_id"], "all", timedelta(days=90), AS_OF, horizon
        )
        for name in ("churn_rate", "recovery_rate", "churn_correlation", "payment_correlation"):
            assert row[name] == pytest.approx(expected[name], abs=1e-6), name
        assert row["matured"] == row["recovery_rate"]["n"]
    windows = {row["window"] for row in parsed(shown, "--sensitivity", "--window", "7d")}
    assert windows == {"7d"}


def test_last_touch_beside_every_touch(shown: Shown) -> None:
    seen = parsed(shown, "--last-touch")
    expected = outcome_reference.touched(history(), WINDOW, AS_OF, HORIZON)
    assert [row["agency_id"] for row in seen] == [*AGENCIES, None]
    for row in seen:
        for view in ("every", "last"):
            counted = expected.get((view, row["agency_id"]), {})
            shown = row[f"{view}_touch"]
            assert shown["payments"] == counted.get("payments", 0)
            assert shown["cancellations"] == counted.get("cancellations", 0)
            assert shown["amount"] == pytest.approx(counted.get("amount", 0) / 10_000)


def test_breaches_are_counted_by_agency_and_rule(filled_store: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(filled_store, tmp_path / "data", symlinks=True))
    begin, end = (f"'{time:%Y-%m-%d %H:00:00}'" for time in (AS_OF - WINDOW + HOUR, AS_OF + HOUR))
    own = f"client_id = '{CLIENT}' AND agency_id = '{AGENCIES[0]}'"
    inside = f"{own} AND ended_at >= {begin} AND ended_at < {end}"
    newest = f"FROM calls FINAL WHERE {inside} ORDER BY event_id"
    sentence = "[('conduct.threat', 0, 'Altrimenti vede.', 1)]"
    key = "client_id, agency_id, event_id, ended_at"
    [[[n]], [[before]]] = sql(
        store,
        f"SELECT count() FROM calls FINAL WHERE {inside}",
        f"SELECT count() FROM calls FINAL WHERE {own} AND ended_at < {begin}",
        f"INSERT INTO calls SELECT * REPLACE (['threat', 'threat', 'insistence'] AS conduct, "
        f"{sentence} AS quotes, version + 1 AS version) FROM (SELECT * {newest} LIMIT 3)",
        f"INSERT INTO contact_excesses ({key}, limit, version) "
        f"SELECT {key}, 'day', 1 {newest} LIMIT 5",
        f"INSERT INTO contact_excesses ({key}, limit, version) SELECT {key}, 'week', 1 "
        f"FROM calls FINAL WHERE {own} AND ended_at < {begin}",
    )
    assert n > 5
    assert before > 0
    as_json, as_table = printed(store, ("--conduct", "--json"), ("--conduct",))
    seen = json.loads(as_json)
    assert [(row["agency_id"], row["rule"], row["conversations"]) for row in seen] == [
        (AGENCIES[0], "frequency", 5),
        (AGENCIES[0], "threat", 3),
    ], "insistence has no sentence"
    assert [row["share"]["n"] for row in seen] == [n, n]
    assert seen[0]["share"]["value"] == pytest.approx(5 / n)
    assert "frequency" in as_table


@pytest.mark.parametrize("view", TABLES)
def test_tables_name_every_agency(shown: Shown, view: str) -> None:
    (table,) = shown[(view,)]
    assert all(agency in table for agency in AGENCIES)
    assert CLIENT in table


def test_a_report_is_written_whole_or_not_at_all(data_dir: Path, tmp_path: Path) -> None:
    done = ascolto(data_dir, "--survival", "--report", str(tmp_path / "report.html"))
    assert done.returncode == 0, done.stderr
    assert '<html lang="it">' in (tmp_path / "report.html").read_text()
    done = ascolto(data_dir, "--survival", "--report", str(tmp_path / "no" / "report.html"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("view", ["--survival", "--last-touch", "--conduct"])
def test_an_empty_store_shows_nothing(tmp_path: Path, view: str) -> None:
    make_store(tmp_path)
    done = ascolto(tmp_path, view, "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown == ({"as_of": None, "groups": [], "logrank": []} if view == "--survival" else [])
    assert "no events yet" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--survival", "--quarters"],
        ["--sensitivity", "--last-touch", "--survival"],
        ["--quarters", "--by", "channel"],
        ["--report", "x.html"],
        ["--quarters", "--report", "x.html"],
        ["--survival", "--language", "en"],
        ["--survival", "--report", "x.html", "--language", "de"],
        ["--survival", "--as-of", "yesterday"],
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["figures", *arguments]).exit_code == 2
