"""One limit for what others send: what follows from an event below it always fits where it goes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from infra.kafka.admin import CHANGELOG_CONFIG
from infra.kafka.emitter import read_lines
from infra.scoring.catalogue import scorer_of
from infra.scoring.protocol import Scored
from infra.scoring.server import outcomes_of
from processors.scoring.bounded import MOST_QUOTED, MOST_REASONS, bounded
from schemas.codec import InvalidMessage, Routed, decode, decode_inbound, encode
from schemas.conversation import CallScore, Reason, TurnScore
from schemas.dead_letters import dead_letter
from schemas.derived import CallScored, DeadLetter
from schemas.events import CallEndedEvent
from schemas.topics import (
    CALL_ENDED,
    CALL_SCORED,
    CALL_TRANSCRIBED,
    DEAD_LETTER,
    MOST_DERIVED_BYTES,
    MOST_EVENT_BYTES,
    MOST_LETTER_BYTES,
    MOST_ORIGINAL_BYTES,
    TOPICS,
)
from streams.agents.calls import from_text
from tests.streams.codecs import event

READER = scorer_of("lexicon")


def event_of(turn: dict[str, Any], size: int = MOST_EVENT_BYTES, **data: Any) -> bytes:
    """An event of up to `size` bytes: the same turns again and again."""
    empty = json.loads(event(CALL_ENDED, "large"))
    empty["data"] |= {"transcript": [], "recording": None, **data}
    room = size - len(json.dumps(empty, ensure_ascii=False).encode())
    one = len(json.dumps(turn, ensure_ascii=False, separators=(",", ":")).encode()) + 1
    empty["data"]["transcript"] = [turn] * (room // one)
    raw = json.dumps(empty, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(raw) <= size
    return raw


def said(text: str, speaker: str = "operator") -> dict[str, Any]:
    return {"speaker": speaker, "text": text}


@pytest.mark.parametrize(
    ("turn", "data"),
    [
        pytest.param(said("", "unknown"), {}, id="turns without words"),
        pytest.param(said("no", "customer"), {}, id="turns of one word"),
        pytest.param(said("Vergogna! Grazie! " * 3, "customer"), {}, id="a reason for each word"),
        pytest.param(said("vi denuncio subito " * 4), {}, id="threats"),
        pytest.param(said("Bo Bo Bo Bo Bo"), {"people": ["Bo Bo"]}, id="names"),
        pytest.param(said("nato il 3/4/85 pin 123 "), {}, id="dates and codes"),
        pytest.param(said("\U0001f600" * 50), {}, id="four bytes a character"),
    ],
)
def test_what_follows_from_the_largest_event_fits(
    turn: dict[str, Any], data: dict[str, Any]
) -> None:
    raw = event_of(turn, **data)
    assert len(raw) > 0.9 * MOST_EVENT_BYTES
    read = decode_inbound(raw)
    assert isinstance(read, Routed)
    assert isinstance(read.event, CallEndedEvent)
    transcribed = encode(from_text(read.event, b"key"))
    assert len(transcribed) <= MOST_DERIVED_BYTES
    [scored] = outcomes_of([transcribed], READER)
    assert isinstance(scored, Scored)
    assert len(scored.value) <= MOST_DERIVED_BYTES
    assert isinstance(decode(scored.value, CallScored), CallScored)


def test_a_letter_holds_the_largest_message_whole() -> None:
    original = bytes(range(256)) * (MOST_ORIGINAL_BYTES // 256)
    letter = dead_letter(
        topic="t", origin="o" * 300, original=original, reason="r" * 5000, error_class="c"
    )
    assert base64.b64decode(letter.original) == original
    assert len(encode(letter)) <= MOST_LETTER_BYTES


def test_every_topic_takes_its_largest_message() -> None:
    for topic in TOPICS:
        assert int(topic.config["max.message.bytes"]) > topic.largest
        assert (topic.config.get("message.timestamp.type") == "LogAppendTime") == topic.inbound
    assert CALL_TRANSCRIBED.largest == CALL_SCORED.largest == MOST_DERIVED_BYTES
    assert DEAD_LETTER.largest == MOST_LETTER_BYTES > MOST_ORIGINAL_BYTES * 4 / 3
    assert int(CHANGELOG_CONFIG["max.message.bytes"]) > MOST_LETTER_BYTES


def test_an_event_above_the_limit_is_refused_at_every_door() -> None:
    turn = said("parola " * 100)
    fits = event_of(turn)
    padded = fits[:-1] + b" " * (MOST_EVENT_BYTES - len(fits)) + fits[-1:]
    assert len(padded) == MOST_EVENT_BYTES
    assert isinstance(decode_inbound(padded), Routed)
    for large in (b" " + padded, event_of(turn, 2 * MOST_EVENT_BYTES)):
        by_file = next(read_lines([large])).content
        for refused in (decode_inbound(large), decode(large, CallEndedEvent), by_file):
            assert isinstance(refused, InvalidMessage)
            assert refused.error_class == "too_large"
            assert str(MOST_EVENT_BYTES) in refused.reason
            assert str(len(large)) in refused.reason


def test_ordinary_scores_are_not_touched_and_extreme_ones_keep_what_weighs_most() -> None:
    def reason(weight: float, text: str = "x") -> Reason:
        return Reason(text=text, kind="k", weight=weight)

    def score(*turns: list[Reason]) -> CallScore:
        none = {"aggression": None, "empathy": None, "sentiment": None}
        scored = [TurnScore(**none, reasons=reasons) for reasons in turns]
        nothing = {"sentiment_change": None, "spoken_rating": None, "predicted_rating": None}
        return CallScore(
            **none, **nothing, churn_intent=False, promise_to_pay=False, drivers=[], conduct=[],
            turns=scored, scorer_version="v",
        )  # fmt: skip

    ordinary = score([reason(0.5), reason(-0.2)], [])
    assert bounded(ordinary) == ordinary
    weights = [n / 100 for n in range(100)]
    (turn,) = bounded(score([reason(-weight) for weight in weights])).turns
    assert [-each.weight for each in turn.reasons] == weights[-MOST_REASONS:]
    (turn,) = bounded(score([reason(0.5, "à" * 5000)])).turns
    assert turn.reasons[0].text == "à" * MOST_QUOTED
    many = bounded(score(*[[reason(n / 10_000)] for n in range(5000)]))
    kept = [each.weight for turn in many.turns for each in turn.reasons]
    assert kept == [n / 10_000 for n in range(3000, 5000)]


def test_a_letter_says_nothing_of_its_size_when_it_is_whole() -> None:
    letter = dead_letter(
        topic="t",
        origin="t/0/1",
        original=b"x" * (MOST_EVENT_BYTES + 1),
        reason="why",
        error_class="too_large",
    )
    assert letter.reason == "why"
    assert isinstance(decode(encode(letter), DeadLetter), DeadLetter)
