"""What became of each call: one outcome a call, each counted where it belongs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.clickhouse.queries.outcomes import count_outcomes, outcomes_as_json
from processors.call_outcome import Backlog, CallOutcome, WaitingCall, outcome_of_call
from tests.infra.stored import json_output
from tests.streams.played import SCORER, ascolto, output_of

BEGIN = datetime(2026, 3, 2, 9, 44, tzinfo=UTC)
SAID = [
    {"speaker": "operator", "text": "Buongiorno, la chiamo per la bolletta di ottobre."},
    {"speaker": "customer", "text": "Sì, la pago domani."},
]
NOT_SAID_BY_WHOM = [{**turn, "speaker": "unknown"} for turn in SAID]
UNSURE = [{**turn, "confidence": 0.2} for turn in SAID]
CALLS: dict[str, dict[str, Any]] = {
    "a": {"transcript": SAID},
    "b": {"transcript": SAID},
    "c": {"transcript": NOT_SAID_BY_WHOM},
    "d": {"transcript": SAID, "language": "fr"},
    "e": {"answered": False},
    "f": {"recording": {"uri": "not-there.wav", "layout": "mono"}},
    "g": {"recording": {"uri": "broken.wav", "layout": "mono"}},
    "h": {"recording": {"uri": "/etc/passwd", "layout": "mono"}},
    "i": {"transcript": SAID[:1], "answered": True},
    "j": {"transcript": UNSURE},
    "k": {"transcript": [{"speaker": "customer", "text": "..."}], "answered": True},
    "l": {"transcript": SAID, "client_id": "acqua"},
}
SEEN = {
    "scored": 2,
    "scored_in_part": 1,
    "mono_unknown": 1,
    "mono_left_out": 0,
    "low_confidence": 1,
    "language": 1,
    "no_words": 1,
    "nobody_answered": 1,
    "recording_missing": 1,
    "recording_broken": 1,
    "refused": 1,
}


def event(event_id: str, given: dict[str, Any]) -> str:
    data = {
        "client_id": "luce",
        "agency_id": "bora",
        "operator_id": "op-1",
        "customer_id": f"k{event_id}",
        "started_at": BEGIN.isoformat(),
        "ended_at": (BEGIN + timedelta(minutes=3)).isoformat(),
        "service": "debt_collection",
        "touchpoint": "reminder",
    } | given
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": "//pbx",
        "type": "it.ascolto.call-ended.v1",
        "time": data["ended_at"],
        "subject": data["customer_id"],
        "data": data,
    }
    return json.dumps(envelope)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory through which each of `CALLS` went, one of them contradicted later."""
    folder = tmp_path_factory.mktemp("outcomes")
    (folder / "broken.wav").write_bytes(b"this is no sound")
    contradiction = event("a", {"transcript": SAID[:1]})
    lines = [*(event(name, given) for name, given in CALLS.items()), contradiction]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    data_dir = folder / "data"
    given = {"ASCOLTO_RECORDINGS": str(folder), "ASCOLTO_RECORDING_ATTEMPTS": "1"}
    arguments = ("run", "all", "--events", folder / "events.jsonl", "--exit")
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.cli.main", *arguments, "--data-dir", data_dir],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ASCOLTO_HOME": str(data_dir), "ASCOLTO_SCORER": SCORER, **given},
    )
    _, err = output_of(process, data_dir)
    assert process.returncode == 0, err
    return data_dir


def test_each_call_has_one_outcome(store: Path) -> None:
    code, answer = json_output(store, "calls", "status")
    assert code == 0
    acqua, luce = answer["clients"]
    assert (acqua["client_id"], acqua["calls"]) == ("acqua", 1)
    assert (luce["client_id"], luce["calls"]) == ("luce", len(CALLS) - 1)
    assert luce["outcomes"].pop("waiting") is None
    assert {name: found["calls"] for name, found in luce["outcomes"].items()} == SEEN
    oldest = datetime.fromisoformat(luce["outcomes"]["scored"]["oldest_at"])
    assert oldest == BEGIN + timedelta(minutes=3)
    age = luce["outcomes"]["scored"]["oldest_age_seconds"]
    assert abs((datetime.now(UTC) - oldest).total_seconds() - age) < 600


def test_one_client_company_and_one_that_has_no_calls(store: Path) -> None:
    _, answer = json_output(store, "calls", "status", "--client", "acqua")
    assert [each["client_id"] for each in answer["clients"]] == ["acqua"]
    process = ascolto("calls", "status", "--client", "gas", "--data-dir", store, home=store)
    out, err = process.communicate()
    assert (process.returncode, out) == (1, "")
    assert "no call of a client company 'gas' has arrived" in err


def test_the_table_names_what_can_be_done(store: Path) -> None:
    process = ascolto("calls", "status", "--data-dir", store, home=store)
    out, err = process.communicate()
    assert process.returncode == 0
    assert "luce: 11 calls" in out
    assert "docs/recordings.md" in out
    assert "what waits is not known" in err


@pytest.mark.parametrize(
    ("why", "operator", "customer", "expected"),
    [
        ("", True, True, CallOutcome.SCORED),
        ("no_customer_turns", True, False, CallOutcome.SCORED_IN_PART),
        ("operator_language:en", False, True, CallOutcome.SCORED_IN_PART),
        ("speaker_unknown crosstalk", False, False, CallOutcome.MONO_UNKNOWN),
        ("language:en", False, False, CallOutcome.LANGUAGE),
        ("operator_language:en customer_language:en", False, False, CallOutcome.LANGUAGE),
        ("language_not_supported:fr", False, False, CallOutcome.LANGUAGE),
        ("no_words", False, False, CallOutcome.NO_WORDS),
    ],
)
def test_an_outcome_follows_from_the_scores_and_the_reason(
    why: str, operator: bool, customer: bool, expected: CallOutcome
) -> None:
    assert outcome_of_call(why, operator_scored=operator, customer_scored=customer) is expected


def test_what_waits_is_counted_with_the_rest() -> None:
    now = BEGIN + timedelta(hours=1)
    rows = [("luce", "call", "", 1, 1, 3, BEGIN)]
    waiting = tuple(WaitingCall(name, BEGIN) for name in ("luce", "luce", "acqua"))
    backlog = Backlog(waiting, complete=False)
    acqua, luce = outcomes_as_json(count_outcomes(rows, backlog), backlog, now)
    assert (acqua["calls"], luce["calls"]) == (1, 5)
    assert luce["outcomes"]["waiting"] == {
        "calls": 2,
        "oldest_at": BEGIN.isoformat(),
        "oldest_age_seconds": 3600,
    }
    assert luce["waiting_complete"] is False
