"""Dead letters go to their topics again, and facts from the future leave an older store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.cli.operate.dead_letters import Letter
from infra.cli.operate.replay import Sending, sending_of
from infra.settings import KEY_FILE, Settings
from processors.identity.event_identity import identity_of
from schemas.codec import InvalidMessage, decode_inbound, encode
from schemas.topics import (
    CALL_ENDED,
    CALL_SCORED,
    CALL_TRANSCRIBED,
    ENGAGEMENT_CHANGED,
    PAYMENT_RECEIVED,
)
from streams.agents.calls import from_text
from tests.infra.stored import sql
from tests.streams.pipeline import BEGIN, paid, scored
from tests.streams.played import ascolto, finish, play
from tests.streams.test_transcribing_agent import call

ROOT = Path(__file__).parents[2]
CALL = json.loads((ROOT / "schemas/examples/call-ended/with-transcript.json").read_text())
NOW = datetime.now(UTC)


PAYMENT = json.loads((ROOT / "schemas/examples/payment-received/payment.json").read_text())
MOST = "99999999999999.9999"
"""The largest amount of one payment."""


def paid_most(event_id: str) -> bytes:
    """A payment of `MOST` by the customer of `said`, within the call's horizon."""
    data = {
        "client_id": CALL["data"]["client_id"],
        "customer_id": CALL["data"]["customer_id"],
        "amount": MOST,
        "currency": "EUR",
        "received_at": (NOW - timedelta(days=39)).isoformat(),
    }
    return json.dumps({**PAYMENT, "id": event_id, "data": data}).encode()


def said(event_id: str, ended_at: datetime, **other: str) -> bytes:
    """A call that ended then."""
    data = {
        **CALL["data"],
        **other,
        "started_at": (ended_at - timedelta(minutes=3)).isoformat(),
        "ended_at": ended_at.isoformat(),
    }
    return json.dumps({**CALL, "id": event_id, "data": data}).encode()


def letter(original: bytes, topic: str = "call-ended", **other: Any) -> Letter:
    facts = {
        "letter_id": "abc",
        "topic": topic,
        "origin": f"{topic}/3/17",
        "error_class": "unexpected",
        "reason": "why",
        "original": original,
        "client_id": None,
        "written_at": NOW,
        "replays": 0,
        "last_replay": None,
    }
    return Letter(**{**facts, **other})


def plan(given: Letter) -> Sending | str:
    return sending_of(given, Settings())


def test_an_event_goes_to_its_topic_by_its_customer() -> None:
    customer = CALL["data"]["customer_id"].encode()
    event = said("e", NOW)
    assert plan(letter(event)) == Sending(CALL_ENDED, customer, None)
    assert plan(letter(event, "file", origin="events.jsonl:7")) == Sending(
        CALL_ENDED, customer, None
    )


def test_what_was_taken_out_of_the_journal_goes_to_its_customer_s_partition() -> None:
    event = paid("p", "p:" + 24 * "0", BEGIN)
    given = letter(event.value, "payment-received", origin="payment-received/2/journal")
    assert plan(given) == Sending(PAYMENT_RECEIVED, event.key, 2)


def test_a_conversation_goes_to_the_partition_it_came_from_once_its_time_has_come() -> None:
    past = scored("e", "p:x", BEGIN)
    assert plan(letter(past.value, "call-scored")) == Sending(CALL_SCORED, b"p:x", 3)
    event = from_text(call("e"), b"key")
    sending = Sending(CALL_TRANSCRIBED, event.call.customer.encode(), 3)
    assert plan(letter(encode(event), "call-transcribed")) == sending
    ahead = scored("e", "p:x", NOW + timedelta(hours=2))
    refused = plan(letter(ahead.value, "call-scored"))
    assert isinstance(refused, str)
    assert "time has not come" in refused


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (letter(b"{"), "still no event"),
        (letter(b"{", "file"), "still no event"),
        (letter(b"{", "call-scored"), "still no conversation"),
        (letter(b"{}", ENGAGEMENT_CHANGED.name), "rebuild"),
        (letter(said("e", NOW), "payment-received"), "came in payment-received"),
        (
            letter(b"{", reason="why (the first 700000 of its 900000 bytes are kept)"),
            "the beginning",
        ),
    ],
)
def test_what_cannot_be_replayed_says_why(given: Letter, why: str) -> None:
    refusal = plan(given)
    assert isinstance(refusal, str)
    assert why in refusal


def letters(directory: Path, *arguments: str) -> tuple[int, list[str], str]:
    done = ascolto("dead-letters", *arguments, "--data-dir", directory, home=directory)
    out, err = done.communicate(timeout=300)
    assert done.returncode is not None
    return done.returncode, out.splitlines(), err


def name_of(directory: Path, raw: bytes) -> str:
    """The identity of an event in the store there."""
    routed = decode_inbound(raw)
    assert not isinstance(routed, InvalidMessage)
    return identity_of((directory / KEY_FILE).read_bytes(), routed.event)


def test_a_letter_from_the_future_counts_when_its_time_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, directory = tmp_path / "events.jsonl", tmp_path / "data"
    elsewhere = {"client_id": "other", "customer_id": "other-1"}
    lines = [
        said("early", NOW - timedelta(days=40)),
        *map(paid_most, "123"),
        said("later", NOW - timedelta(days=2), **elsewhere),
        said("ahead", NOW + timedelta(hours=2)),
        b"{",
    ]
    file.write_bytes(b"\n".join(lines))
    summary = finish(play(file, directory), directory)
    assert (summary["calls"], summary["dead_letters"]) == (2, 2)
    as_of = {each["client_id"]: each["as_of"][:10] for each in summary["agencies"]}
    assert as_of == {
        CALL["data"]["client_id"]: f"{NOW - timedelta(days=39):%Y-%m-%d}",
        "other": f"{NOW - timedelta(days=2):%Y-%m-%d}",
    }
    shown = ascolto("figures", "--json", "--data-dir", directory, home=directory)
    figures = json.loads(shown.communicate(timeout=120)[0])
    assert {each["client_id"]: each["as_of"][:10] for each in figures} == as_of
    assert [each["calls"] for each in figures] == [1, 1]
    ahead = ascolto("figures", "--as-of", "2099-01-01T00:00:00Z", home=directory)
    assert "lies in the future" in " ".join(ahead.communicate(timeout=60)[1].split())
    assert ahead.returncode == 2
    whole = ["299999999999999.9997"]
    amounts = sql(
        directory,
        "SELECT toString(max(amount)) FROM engagements FINAL",
        "SELECT toString(max(amount_recovered)) FROM agency_metrics FINAL",
    )
    assert amounts == [[whole], [["0"]]]
    early, later, ahead_id = ([name_of(directory, line)] for line in (lines[0], lines[4], lines[5]))
    older, older_id = "2098-01-01T00:00:00Z", "e:" + 32 * "0"
    sql(
        directory,
        f"INSERT INTO events SELECT topic, '{older_id}', client_id, customer, "
        f"parseDateTime64BestEffort('{older}', 6, 'UTC'), partition, replaceRegexpOne(payload, "
        f'\'"ended_at":"[^"]*"\', \'"ended_at":"{older}"\'), version '
        f"FROM events WHERE event_id = '{early[0]}'",
    )
    before = ascolto("reconcile", "--data-dir", directory, home=directory)
    assert "1 events of the journal lie in the future" in before.communicate(timeout=120)[1]
    assert before.returncode == 0

    monkeypatch.setenv("ASCOLTO_FUTURE_TOLERANCE", str(3 * 3600))
    code, out, err = letters(directory, "replay", "--error-class", "from_the_future")
    assert (code, [line.split("\t")[1:] for line in out]) == (0, [["replayed", "call-ended"]])
    assert "1 events of the journal lie in the future" in err
    calls, journal, waiting = sql(
        directory,
        "SELECT event_id FROM calls FINAL ORDER BY event_id",
        "SELECT event_id FROM events FINAL ORDER BY event_id",
        "SELECT event_id FROM dead_letters FINAL WHERE origin LIKE '%/journal'",
    )
    assert calls == sorted([ahead_id, early, later])
    assert journal == sorted([*([name_of(directory, line)] for line in lines[1:4]), *calls])
    (recovered,) = sql(
        directory, "SELECT DISTINCT toString(amount_recovered) FROM agency_metrics FINAL"
    )
    assert whole in recovered
    assert waiting == [[older_id]]

    code, out, err = letters(directory, "replay", "--all")
    assert code == 1
    assert {line.split("\t")[1] for line in out} == {"not replayed"}
    assert {line.split("\t")[2].split(":")[0] for line in out} == {
        "it is still no event",
        "its time has not come",
    }
    code, listed, _ = letters(directory, "list", "--error-class", "from_the_future")
    assert code == 0
    assert [line.split("\t")[4:] for line in listed] == [
        ["replayed 1 times, not seen since"],
        [],
    ]
    equal = ascolto("reconcile", "--data-dir", directory, home=directory)
    assert "all equal" in equal.communicate(timeout=120)[0]
