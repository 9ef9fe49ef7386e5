"""A real call mixed to mono: who speaks is inferred from what is said, and never from a voice."""

from __future__ import annotations

import pytest

from infra.recordings.source import Source
from infra.scoring.sentence_encoder import SentenceEncoder
from infra.transcription.transcriber import WhisperTranscriber
from schemas.conversation import Speaker, SpeakerSource
from tests.listening.sounds import CALLS, channels, encode, script_of

CALL = CALLS / "aurora-bolletta-smarrita.ogg"


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    operator, customer = channels(CALL)
    mono = tmp_path_factory.mktemp("mono") / "mono.wav"
    encode(mono, [operator + 0.6 * customer], "pcm_alaw", "wav", 8_000)
    transcriber = WhisperTranscriber(encoder=SentenceEncoder())
    return transcriber.transcribe(Source(mono, "mono"), "it")


def test_turns_of_a_mono_mix_have_their_speakers(said):
    assert said.speakers is SpeakerSource.INFERRED
    assert said.turn_taking is None
    truth = script_of(CALL)
    right = wrong = 0
    for turn in said.turns:
        if turn.speaker is Speaker.UNKNOWN:
            continue
        shared = {"operator": 0.0, "customer": 0.0}
        for speaker, _, begin, end in truth:
            shared[speaker] += max(0.0, min(end, turn.end) - max(begin, turn.start))
        words = len(turn.text.split())
        if shared[turn.speaker.value] >= max(shared.values()):
            right += words
        else:
            wrong += words
    assert right > 60
    assert right / (right + wrong) > 0.85


def test_turns_are_in_order_and_of_both_sides(said):
    starts = [turn.start for turn in said.turns]
    assert starts == sorted(starts)
    assert {Speaker.OPERATOR, Speaker.CUSTOMER} <= {turn.speaker for turn in said.turns}


def test_without_an_encoder_the_speaker_stays_unknown(tmp_path):
    operator, customer = channels(CALL)
    mono = encode(tmp_path / "mono.wav", [operator + customer], "pcm_alaw", "wav", 8_000)
    said = WhisperTranscriber().transcribe(Source(mono, "mono"), "it")
    assert said.speakers is SpeakerSource.UNKNOWN
    assert {turn.speaker for turn in said.turns} == {Speaker.UNKNOWN}
