"""`ascolto reconcile`: SQL alone finds the streamed figures, and names every one that is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.clickhouse.comparison import ROW, Difference, Sides, differences
from schemas.rows import AGENCY_METRICS, ENGAGEMENTS, HOUR_SUMS
from tests.infra.stored import child, json_output, make_store, played, sql
from tests.streams.played import ascolto, output_of

CELL = ("client_id", "agency_id", "segment", "toString(hour)")
SNAPSHOT = ("client_id", "agency_id", "toString(day)")
EPISODE = ("client_id", "agency_id", "customer", "toString(opened_at)")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Played once; tests spoil copies of it."""
    return played(tmp_path_factory.mktemp("reconcile"), seed=21, calls=220, days=60)


@pytest.fixture
def store(straight: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(straight, tmp_path / "data", symlinks=True))


def one_of(table: str, key: tuple[str, ...], condition: str = "true", skip: int = 0) -> str:
    """A query for the key of one row."""
    names = ", ".join(key)
    rows = f"{table} FINAL WHERE {condition} ORDER BY {names}"
    return f"SELECT {names} FROM {rows} LIMIT 1 OFFSET {skip}"


def at(key: tuple[str, ...], values: list[Any]) -> str:
    return f"({', '.join(key)}) = ({', '.join(map(repr, values))})"


def replaced(table: str, what: str, condition: str) -> str:
    """A statement that writes a newer row in place of one."""
    return (
        f"INSERT INTO {table} SELECT * REPLACE ({what}, version + 1 AS version) "
        f"FROM (SELECT * FROM {table} FINAL WHERE {condition})"
    )


@pytest.mark.parametrize("seed", ["1", "2"])
def test_sql_agrees_with_the_domain_s_own_code_on_random_histories(
    seed: str, tmp_path: Path
) -> None:
    seen = child("random", tmp_path / "data", seed)
    assert seen["differences"] == []
    assert seen["compared"]["events"] == 500
    assert seen["compared"]["engagements"] > 100
    assert seen["compared"]["call_surveys"] > 20
    assert seen["compared"]["contact_excesses"] > 2
    assert min(seen["known_later"]) > 3, "returns and answers come after what they change"
    assert seen["compared"]["agency_metrics"] > 5000
    assert min(seen["defined"]) > 1000, "the figures that can be undefined mostly are not"


def test_what_was_streamed_equals_what_sql_makes_of_the_events(straight: Path) -> None:
    code, seen = json_output(straight, "reconcile")
    assert (code, seen["differences"]) == (0, [])
    assert seen["compared"]["calls"] == 220
    assert seen["compared"].pop("attempts") == 0
    assert set(seen["compared"]) == {
        "events",
        "calls",
        "call_surveys",
        "contact_excesses",
        "engagements",
        "agency_hours",
        "agency_metrics",
    }
    few = ("call_surveys", "contact_excesses")
    assert min(rows for name, rows in seen["compared"].items() if name not in few) > 100


def test_each_wrong_row_is_named_and_nothing_else(store: Path) -> None:
    sums = tuple(f"toString({name})" for name in HOUR_SUMS)
    queries = (
        one_of("agency_hours", CELL, "calls > 0", 5),
        one_of("agency_hours", CELL + sums, "paid > 0", 1),
        one_of("agency_hours", CELL, "calls = 0", 7),
        one_of("engagements", EPISODE, skip=8),
        one_of("engagements", EPISODE, "NOT paid", 30),
        one_of("agency_metrics", SNAPSHOT, "nps_n > 0", 9),
        one_of("agency_metrics", SNAPSHOT, "nps_n > 0", 99),
    )
    wrong, lost, invented, taken_back, episode, *days = (rows[0] for rows in sql(store, *queries))
    lost, held = lost[:4], lost[4:]
    sql(
        store,
        replaced("agency_hours", "calls + 1 AS calls", at(CELL, wrong)),
        f"ALTER TABLE agency_hours DELETE WHERE {at(CELL, lost)} SETTINGS mutations_sync = 1",
        replaced(
            "agency_hours",
            "hour + INTERVAL 7 YEAR AS hour, toInt128(0) AS matured, toInt128(3) AS promoters",
            at(CELL, invented),
        ),
        replaced("engagements", "1 AS is_deleted", at(EPISODE, taken_back)),
        replaced("engagements", "true AS paid", at(EPISODE, episode)),
        replaced(
            "agency_metrics",
            "nps_n + 1 AS nps_n, aggression + 1e-6 AS aggression, empathy + 1e-12 AS empathy",
            f"{at(SNAPSHOT, days[0])} AND window = '90d'",
        ),
        f"ALTER TABLE agency_metrics DELETE WHERE {at(SNAPSHOT, days[1])} AND window = '90d' "
        "SETTINGS mutations_sync = 1",
    )
    code, seen = json_output(store, "reconcile")
    found = seen["differences"]
    assert code == 1

    cells = [each for each in found if each["table"] == "agency_hours"]
    of_the_lost = [each for each in cells if _named(each, lost, "hour")]
    assert {each["figure"]: str(each["recomputed"]) for each in of_the_lost} == {
        name: value for name, value in zip(HOUR_SUMS, held, strict=True) if value != "0"
    }
    assert {each["streamed"] for each in of_the_lost} == {0}
    [of_the_wrong] = [each for each in cells if _named(each, wrong, "hour")]
    assert of_the_wrong["figure"] == "calls"
    assert of_the_wrong["streamed"] == of_the_wrong["recomputed"] + 1
    of_the_invented = [each for each in cells if each["hour"].startswith("2033")]
    assert {each["recomputed"] for each in of_the_invented} == {0}
    assert ("promoters", 3) in {(each["figure"], each["streamed"]) for each in of_the_invented}
    assert len(cells) == len(of_the_lost) + 1 + len(of_the_invented)

    episodes = [each for each in found if each["table"] == "engagements"]
    assert sorted((each["customer"], each["figure"], each["streamed"]) for each in episodes) == (
        sorted([(taken_back[2], ROW, "missing"), (episode[2], "paid", True)])
    )
    snapshots = [each for each in found if each["table"] == "agency_metrics"]
    assert sorted((each["agency_id"], each["day"], each["figure"]) for each in snapshots) == sorted(
        [(*days[0][1:], "aggression"), (*days[0][1:], "nps_n"), (*days[1][1:], ROW)]
    )
    assert {each["window"] for each in snapshots} == {"90d"}
    assert len(found) == len(cells) + len(episodes) + len(snapshots)

    wrong_hour = wrong[3].replace(" ", "T") + "Z"
    code, seen = json_output(store, "reconcile", "--from", wrong_hour, "--to", wrong_hour)
    assert code == 1
    assert {each["figure"] for each in seen["differences"]} == {"calls"}


def _named(difference: dict[str, Any], cell: list[Any], time: str) -> bool:
    here = [difference["agency_id"], difference["segment"], difference[time][:19]]
    return here == [cell[1], cell[2], cell[3].replace(" ", "T")]


def test_a_lost_payment_and_a_wrong_call_show_in_all_that_follows_from_them(store: Path) -> None:
    """What is under the figures is wrong here, so each figure made of it differs."""
    paid_once = "countIf(topic = 'payment-received') = 1 AND count() = 2"
    payers = f"SELECT customer FROM events FINAL GROUP BY customer HAVING {paid_once}"
    matured = f"opened_at < '2026-05-20' AND amount > 0 AND customer IN ({payers})"
    payer, called = sql(
        store,
        one_of("engagements", ("customer", "agency_id", "toFloat64(amount)"), matured),
        one_of("calls", ("event_id", "agency_id", "touchpoint")),
    )
    (customer, agency, amount), (call, of_call, touchpoint) = payer[0], called[0]
    other = "dispute" if touchpoint != "dispute" else "reminder"
    sql(
        store,
        f"ALTER TABLE events DELETE WHERE customer = '{customer}' "
        "AND topic = 'payment-received' SETTINGS mutations_sync = 1",
        replaced("calls", f"'{other}' AS touchpoint", f"event_id = '{call}'"),
    )
    process = ascolto("reconcile", "--data-dir", store, home=store)
    shown = output_of(process, store)[0].splitlines()
    assert process.returncode == 1
    [of_call_line] = [line for line in shown if line.startswith("calls ")]
    assert (
        f"{of_call}  {call}  touchpoint: streamed {other}, recomputed {touchpoint}" in of_call_line
    )
    episodes = [line for line in shown if line.startswith("engagements ")]
    assert len(episodes) == 2
    assert all(f"{agency}  {customer}" in line for line in episodes)
    assert any("paid: streamed True, recomputed False" in line for line in episodes)
    assert any(f"amount: streamed {amount:.4f}, recomputed 0.0000" in line for line in episodes)
    figures = {line.split("  ")[-1].split(":")[0] for line in shown if "agency_metrics " in line}
    assert figures >= {"recovery_rate", "recovery_rate_low", "amount_recovered"}
    assert all(agency in line for line in shown[:-1] if not line.startswith("calls "))
    assert shown[-1].endswith(f": {len(shown) - 1} differences")


def test_an_empty_store_has_nothing_that_differs(tmp_path: Path) -> None:
    make_store(tmp_path)
    code, seen = json_output(tmp_path, "reconcile")
    assert (code, seen["differences"]) == (0, [])
    assert set(seen["compared"].values()) == {0}


def test_counts_and_amounts_must_be_equal_and_means_agree_to_a_billionth() -> None:
    key = ("acqua", "gentile", "all", "24h", "2026-03-01")
    figures = ("calls", "nps", "amount_recovered")

    def found(one: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> list[Difference]:
        return list(differences(AGENCY_METRICS, figures, [Sides(key, one, other)]))

    assert found((3, 10.0, 5.0), (3, 10.0 + 9e-10, 5.0)) == []
    assert [each.figure for each in found((3, 10.0, 5.0), (4, 10.0 + 2e-9, 5.0001))] == [*figures]
    assert [each.figure for each in found((3, None, 5.0), (3, 0.0, 5.0))] == ["nps"]
    assert found((3, None, 5.0), (3, None, 5.0)) == []
    [missing] = found(None, (3, 10.0, 5.0))
    assert (missing.figure, missing.one, missing.other) == (ROW, "missing", "there")
    assert dict(missing.key)["window"] == "24h"
    flags = list(differences(ENGAGEMENTS, ("paid",), [Sides((1, 2, 3, 4), (True,), (False,))]))
    assert [each.figure for each in flags] == ["paid"]
