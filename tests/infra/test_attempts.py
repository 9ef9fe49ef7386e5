"""Calls that nobody answered: recognised by the event and its words, counted apart, once each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from processors.attempts.outcome import attempt_of
from schemas.conversation import Unanswered
from schemas.events import CallEnded
from tests.infra.stored import json_output
from tests.streams.played import Asked, finish, play, read_all_figures

BEGIN = datetime(2026, 3, 2, 9, 44, tzinfo=UTC)
MESSAGE = "Wind, messaggio gratuito: il cliente da lei chiamato è al momento occupato."
REPORT = "Mi ha risposto la segreteria, per questo richiamo."
LEAVE_WORD = "Buongiorno, la chiamo per conto di Luce, la prego di richiamarci."


def data(*said: tuple[str, str], **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "client_id": "luce",
        "agency_id": "bora",
        "operator_id": "op-1",
        "customer_id": "k1",
        "started_at": BEGIN.isoformat(),
        "ended_at": (BEGIN + timedelta(minutes=3)).isoformat(),
        "service": "debt_collection",
        "touchpoint": "reminder",
        "transcript": [{"speaker": speaker, "text": text} for speaker, text in said],
    }
    return {name: value for name, value in (given | fields).items() if value != "absent"}


def event(event_id: str, about: dict[str, Any]) -> bytes:
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": "//pbx",
        "type": "it.ascolto.call-ended.v1",
        "time": about["ended_at"],
        "subject": about["customer_id"],
        "data": about,
    }
    return json.dumps(envelope).encode()


def judged(*said: tuple[str, str], **fields: Any) -> Unanswered | None:
    call = CallEnded.model_validate_json(json.dumps(data(*said, **fields)))
    return attempt_of(call, call.transcript or [])


MACHINE, PERSON = ("customer", MESSAGE), ("customer", REPORT)
OURS, HELLO = ("operator", LEAVE_WORD), ("operator", "Pronto? Pronto?")
SURVEY = {"survey": {"rating": 9}}


@pytest.mark.parametrize(
    ("said", "fields", "expected"),
    [
        ([MACHINE], {}, Unanswered.MACHINE),
        ([MACHINE], {"answered": True}, Unanswered.MACHINE),
        ([MACHINE, OURS], {}, Unanswered.MACHINE),
        ([MACHINE], {"channel": "whatsapp"}, Unanswered.MACHINE),
        ([MACHINE], SURVEY, None),
        ([MACHINE, PERSON], {}, None),
        ([PERSON], {}, None),
        ([PERSON], {"answered": False}, Unanswered.STATED),
        ([PERSON], {"answered": False, **SURVEY}, Unanswered.STATED),
        ([], {"answered": False, "transcript": "absent"}, Unanswered.STATED),
        ([], {}, Unanswered.SILENCE),
        ([("customer", "...")], {}, Unanswered.SILENCE),
        ([], {"answered": True}, None),
        ([], {"channel": "email"}, None),
        ([], {"transcript": "absent", **SURVEY}, None),
        ([HELLO], {}, Unanswered.SILENCE),
        ([HELLO], {"answered": True}, None),
        ([OURS], {"answered": True}, Unanswered.MESSAGE_LEFT),
        ([OURS], {"channel": "email"}, None),
        ([("operator", "Se non paga le stacchiamo la luce.")], {}, None),
    ],
)
def test_what_makes_an_attempt(
    said: list[tuple[str, str]], fields: dict[str, Any], expected: Unanswered | None
) -> None:
    assert judged(*said, **fields) is expected


@pytest.mark.parametrize("value", [0, 1, "false", "no"])
def test_answered_is_true_or_false_and_nothing_like_it(value: object) -> None:
    with pytest.raises(ValidationError, match="answered"):
        judged(PERSON, answered=value)


def test_a_call_without_anything_needs_to_say_that_nobody_answered() -> None:
    with pytest.raises(ValidationError, match="answered: false"):
        judged(transcript="absent")


CALLS = {
    "a": data(MACHINE),
    "b": data(MACHINE, OURS, customer_id="k2", channel="whatsapp"),
    "c": data(customer_id="k3", answered=False, transcript="absent"),
    "d": data(PERSON, customer_id="k4", answered=False, **SURVEY),
    "e": data(customer_id="k5", agency_id="cobalto"),
    "f": data(("operator", "Buongiorno."), PERSON, customer_id="k6", **SURVEY),
    "g": data(
        customer_id="k7",
        answered=False,
        transcript="absent",
        recording={"uri": "nowhere.ogg", "layout": "stereo"},
    ),
}
AS_OF = BEGIN + timedelta(days=60)


ASKED: list[Asked] = [
    ("90d", AS_OF, None),
    ("90d", AS_OF, "channel"),
    ("90d", BEGIN - timedelta(hours=2), None),
]


def test_attempts_are_counted_once_and_in_no_other_figure(tmp_path: Path) -> None:
    lines = [event(name, about) for name, about in CALLS.items()]
    path, store = tmp_path / "events.jsonl", tmp_path / "data"
    path.write_bytes(b"\n".join([*lines, *lines[:4]]) + b"\n")
    summary = finish(play(path, store), store)
    assert (summary["calls"], summary["attempts"], summary["dead_letters"]) == (1, 6, 0)

    shown = read_all_figures(store, ASKED)
    everything, by_channel, early = shown
    bora, cobalto = everything
    assert (bora["agency_id"], cobalto["agency_id"]) == ("bora", "cobalto")
    assert (bora["calls"], bora["attempts"], bora["nps"]["n"]) == (1, 5, 1)
    assert (bora["recovery_rate"]["n"], bora["nps_predicted"]["n"]) == (1, 0)
    assert (cobalto["calls"], cobalto["attempts"], cobalto["sentiment"]["value"]) == (0, 1, None)
    counted = {(each["agency_id"], each["segment"]): each["attempts"] for each in by_channel}
    assert counted["bora", "channel=whatsapp"] == 1
    assert counted["bora", "channel=phone"] == 4
    assert early == []

    code, seen = json_output(store, "reconcile")
    assert (code, seen["differences"]) == (0, [])
    assert (seen["compared"]["calls"], seen["compared"]["attempts"]) == (1, 6)

    code, seen = json_output(store, "rebuild")
    assert (code, seen["differences"], seen["switched"]) == (0, [], True)
    assert read_all_figures(store, ASKED) == shown
