"""`ascolto import --emit`: nothing is lost; customers that nobody knew are imported later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.stored import sql
from tests.streams.embedded import EmbeddedInstallation, embedded

EXPORTS = Path(__file__).parent / "exports"
MAPPING = """
data:
  client_id: {value: luce}
  customer_id: {column: codice_cliente, lookup: customers}
tables:
  customers: {file: known.csv, key: codice, value: cliente}
"""


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[EmbeddedInstallation]:
    with embedded(tmp_path) as installation:
        yield installation


def work_through(installed: EmbeddedInstallation) -> None:
    installed.start("analytics")
    installed.wait_until_caught_up()
    installed.stop()


def test_a_customer_that_was_unknown_is_imported_when_the_table_knows_it(
    installed: EmbeddedInstallation, tmp_path: Path
) -> None:
    mapping, table = tmp_path / "mine.yaml", tmp_path / "known.csv"
    mapping.write_text(MAPPING)
    table.write_text("codice;cliente\nC-1;customer-1\n")
    export = EXPORTS / "csv-payments.csv"
    how = ("import", "csv-payments", "--mapping", mapping, "--emit", "--json")
    code, out, err = installed.ascolto(*how, export)
    counts = json.loads(out.splitlines()[-1])
    assert (code, counts["events"], counts["unmatched_customers"]) == (1, 1, 3), err
    work_through(installed)
    letters = "SELECT error_class, origin FROM dead_letters FINAL ORDER BY origin"
    assert sql(installed.data_dir, letters) == [
        [["unknown_customer", f"csv-payments.csv:{row}"] for row in (2, 3, 4)]
    ]

    table.write_text("codice;cliente\nC-1;customer-1\nC-3;customer-3\n")
    code, out, err = installed.ascolto(*how, "--dead-letters")
    counts = json.loads(out.splitlines()[-1])
    assert (code, counts["rows"], counts["events"], counts["refused"]) == (1, 3, 1, 2), err
    work_through(installed)
    payments, replays = sql(
        installed.data_dir,
        "SELECT count() FROM events FINAL WHERE topic = 'payment-received'",
        "SELECT count() FROM letter_replays FINAL",
    )
    assert (payments, replays) == ([[2]], [[1]])

    code, out, _ = installed.ascolto(*how, "--dead-letters")
    assert json.loads(out.splitlines()[-1])["rows"] == 2, "the others stay open"
    code, out, err = installed.ascolto("dead-letters", "replay", "--all")
    assert out.count("ascolto import PRESET --dead-letters reads it again") == 2, err
