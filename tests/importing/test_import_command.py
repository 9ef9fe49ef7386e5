"""`ascolto import`, as an administrator runs it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.waiting import completed

EXPORTS = Path(__file__).parent / "exports"


def ascolto(*arguments: str | Path) -> tuple[int, str, str]:
    done = completed([sys.executable, "-m", "infra.cli.main", "import", *arguments])
    return done.returncode, done.stdout, done.stderr


def test_a_dry_run_says_what_is_understood_and_ends_with_counts() -> None:
    code, out, err = ascolto(
        *("freepbx", EXPORTS / "asterisk-cdr.csv", "--mapping", EXPORTS / "calls.yaml"),
        *("--dry-run", "--json"),
    )
    assert json.loads(out.splitlines()[-1]) == {
        "rows": 3,
        "events": 2,
        "refused": 0,
        "unmatched_customers": 1,
        "missing_recordings": 2,
        "legs": 0,
        "passed_over": 0,
    }
    assert "without a known customer" in out
    assert "asterisk-cdr.csv:2" in out
    assert "3331112222" not in out + err, "no customer's number is shown"
    assert code == 1


def test_a_file_of_events_is_the_same_each_time(tmp_path: Path) -> None:
    once, again = tmp_path / "once.jsonl", tmp_path / "again.jsonl"
    for out in (once, again):
        code, _, err = ascolto(
            *("csv-cancellations", EXPORTS / "csv-cancellations.csv"),
            *("--mapping", EXPORTS / "records.yaml", "--out", out),
        )
        assert code == 0, err
    assert once.read_bytes() == again.read_bytes()
    assert len(once.read_bytes().splitlines()) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.jsonl", "once.jsonl"]


def test_wrong_usage_says_what_to_do() -> None:
    assert "say what to do with the events" in ascolto("twilio", EXPORTS / "twilio.json")[2]
    code, _, err = ascolto("avaya", EXPORTS / "twilio.json", "--dry-run")
    assert (code, "there is no preset avaya; there are 3cx" in err) == (2, True)
    code, _, err = ascolto(
        *("twilio", "nowhere.json", "--dry-run", "--mapping", EXPORTS / "calls.yaml")
    )
    assert (code, "nowhere.json: cannot be read" in err) == (1, True)


def test_presets_are_listed_and_printed_to_be_copied(tmp_path: Path) -> None:
    code, listed, _ = ascolto("presets")
    assert code == 0
    assert "Twilio, Calls.json" in listed
    _, preset, _ = ascolto("presets", "show", "twilio")
    mine = tmp_path / "mine.yaml"
    mine.write_text(preset + (EXPORTS / "calls.yaml").read_text().removeprefix("data:\n"))
    (tmp_path / "customers.csv").write_bytes((EXPORTS / "customers.csv").read_bytes())
    code, out, err = ascolto(
        *("twilio", EXPORTS / "twilio.json", "--mapping", mine, "--dry-run", "--json")
    )
    assert json.loads(out.splitlines()[-1])["events"] == 2, err
    assert json.loads(ascolto("presets", "schema")[1])["title"] == "Mapping"
