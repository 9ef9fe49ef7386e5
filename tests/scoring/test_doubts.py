"""What the transcriber doubts is not scored: another language, voices that cannot be separated."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.cli.one_call.score import score
from infra.scoring.server import scored
from processors.scoring.call import score_call
from processors.scoring.lexicon_scorer import LexiconReader
from processors.transcript.spoken_language import (
    LEAST_SECONDS,
    PLENTY_SECONDS,
    SpeechSample,
    language_doubts,
)
from schemas.conversation import Speaker, Turn
from schemas.derived import CallTranscribed
from streams.agents.calls import from_text
from tests.streams.test_transcribing_agent import TIME, call

READER = LexiconReader()
TURNS = [
    Turn(speaker=Speaker.OPERATOR, text="Se non paga entro oggi le stacchiamo la luce."),
    Turn(speaker=Speaker.CUSTOMER, text="È una vergogna, do disdetta. Vi do un due."),
]
OPERATOR, CUSTOMER, UNKNOWN = Speaker.OPERATOR, Speaker.CUSTOMER, Speaker.UNKNOWN


def sample(speaker, seconds, **languages):
    return SpeechSample(speaker, seconds, languages)


def test_a_call_in_another_language_is_not_scored():
    found = score_call(TURNS, "it", READER, doubts=["language:en"])
    assert found.why == "language:en"
    assert (found.aggression, found.empathy, found.sentiment) == (None, None, None)
    assert (found.spoken_rating, found.predicted_rating) == (None, None)
    assert not found.churn_intent
    assert found.drivers == found.conduct == []
    assert [turn.reasons for turn in found.turns] == [[], []]


@pytest.mark.parametrize(
    ("doubt", "other"), [("operator_language:en", CUSTOMER), ("customer_language:de", OPERATOR)]
)
def test_a_speaker_of_another_language_is_not_scored_and_the_other_is(doubt, other):
    found = score_call(TURNS, "it", READER, doubts=[doubt])
    whole = score_call(TURNS, "it", READER)
    assert found.why == doubt
    if other is CUSTOMER:
        assert (found.aggression, found.sentiment) == (None, whole.sentiment)
        assert found.conduct == []
        assert found.churn_intent
    else:
        assert (found.aggression, found.sentiment) == (whole.aggression, None)
        assert not found.churn_intent
        assert found.spoken_rating is None


def test_where_both_speak_others_the_reasons_are_both():
    found = score_call(TURNS, "it", READER, doubts=["operator_language:en", "customer_language:de"])
    assert found.why == "operator_language:en customer_language:de"
    assert found.aggression is found.sentiment is None


def test_crosstalk_leaves_the_certain_turns_scored_and_is_a_reason():
    whole = score_call(TURNS, "it", READER)
    unsure = Turn(speaker=UNKNOWN, text="Non pago niente.")
    found = score_call([*TURNS, unsure], "it", READER, doubts=["crosstalk"])
    assert (found.aggression, found.sentiment) == (whole.aggression, whole.sentiment)
    assert found.why == "crosstalk"
    nobody = score_call([unsure], "it", READER, doubts=["crosstalk"])
    assert nobody.why == "speaker_unknown crosstalk"
    assert nobody.aggression is nobody.sentiment is None


def test_without_doubts_all_is_as_before():
    assert score_call(TURNS, "it", READER, doubts=[]) == score_call(TURNS, "it", READER)


def test_the_workers_score_by_what_is_transcribed_and_older_messages_have_no_doubts():
    plain = from_text(call("1"), b"key")
    assert (plain.doubts, plain.unheard) == ([], [])
    doubted = plain.model_copy(update={"turns": TURNS, "doubts": ["language:en"]})
    [event] = scored([doubted], READER)
    assert event.score.why == "language:en"
    old = plain.model_dump(mode="json")
    del old["doubts"], old["unheard"]
    assert CallTranscribed.model_validate(old) == plain
    assert plain.call.started_at == TIME


def test_what_transcribe_prints_is_what_score_reads():
    line = {
        "file": "a.wav",
        "duration": 4.0,
        "language": "it",
        "turns": [turn.model_dump(mode="json") for turn in TURNS],
        "id": "a.wav",
        "overlaps": 0,
        "interruptions": 0,
        "dropped": {},
        "unheard": ["track:2"],
        "doubts": ["customer_language:en"],
    }
    out = io.StringIO()
    assert score([json.dumps(line)], out, READER, io.StringIO()) == 0
    row = json.loads(out.getvalue())
    assert (row["id"], row["why"], row["sentiment"]) == ("a.wav", "customer_language:en", None)
    assert row["aggression"] is not None


def test_the_declared_language_is_believed_where_it_is_likely_or_too_little_is_said():
    assert language_doubts([sample(CUSTOMER, 20, it=0.5, es=0.5)], "it") == []
    assert language_doubts([sample(CUSTOMER, 20, it=0.03, es=0.9)], "it") == []
    assert language_doubts([sample(CUSTOMER, LEAST_SECONDS - 0.1, it=0.0, en=1.0)], "it") == []
    assert language_doubts([sample(CUSTOMER, 20)], "it") == []
    assert language_doubts([], "it") == []


def test_a_language_that_is_none_for_certain_needs_more_speech():
    unsure = {"it": 0.001, "en": 0.3, "la": 0.3}
    assert language_doubts([sample(CUSTOMER, PLENTY_SECONDS - 1, **unsure)], "it") == []
    found = language_doubts([sample(CUSTOMER, PLENTY_SECONDS, **unsure)], "it")
    assert found == ["language:unknown"]


def test_the_call_is_in_another_language_unless_one_plainly_speaks_the_declared_one():
    italian, english = {"it": 0.98, "en": 0.01}, {"it": 0.001, "en": 0.97}
    assert language_doubts(
        [sample(OPERATOR, 20, **english), sample(CUSTOMER, 1, **italian)], "it"
    ) == ["language:en"]
    assert language_doubts(
        [sample(OPERATOR, 20, **italian), sample(CUSTOMER, 9, **english)], "it"
    ) == ["customer_language:en"]
    assert language_doubts(
        [sample(OPERATOR, 20, **english), sample(CUSTOMER, 9, **italian)], "it"
    ) == ["operator_language:en"]
    assert language_doubts([sample(UNKNOWN, 30, **english)], "it") == ["language:en"]
    assert language_doubts([sample(UNKNOWN, 30, **english)], "en") == []


windows = st.lists(
    st.builds(
        SpeechSample,
        st.sampled_from([OPERATOR, CUSTOMER]),
        st.floats(0.1, 28),
        st.fixed_dictionaries({"it": st.floats(0, 0.5), "en": st.floats(0, 0.5)}),
    ),
    max_size=6,
)


@given(windows)
def test_a_doubt_needs_speech_and_an_improbable_declared_language(speech):
    """Against the definition, speaker by speaker."""
    foreign = {}
    for speaker in (OPERATOR, CUSTOMER):
        of = [one for one in speech if one.speaker is speaker]
        seconds = sum(one.seconds for one in of)
        if seconds >= LEAST_SECONDS:
            declared = sum(one.seconds * one.languages["it"] for one in of) / seconds
            foreign[speaker] = declared < 0.02
    found = language_doubts(speech, "it")
    if found and found[0].startswith("language:"):
        assert all(foreign.values())
    else:
        for doubt in found:
            assert foreign[Speaker(doubt.partition("_")[0])]
    if not any(foreign.values()):
        assert found == []
