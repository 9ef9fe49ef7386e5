"""Operators are scored from words and turn-taking counts: no score uses their voice."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.recordings.source import Source
from infra.scoring.sentence_encoder import SentenceEncoder
from infra.transcription.transcriber import Transcription, WhisperTranscriber
from processors.scoring.call import score_call
from processors.scoring.lexicon_scorer import LexiconReader
from processors.scoring.scorer import Utterance
from processors.speakers.features import observed
from processors.speakers.pieces import pieces_of
from processors.transcript.interruptions import TurnTaking
from processors.transcript.turns import Segment, Word
from schemas.conversation import Speaker, Turn
from tests.listening.sounds import RATE, channels, sounding, write_wav
from tests.syntax import syntax_tree

ROOT = Path(__file__).parents[2]
READS_SOUND = {
    *(
        "infra.recordings.sound",
        "infra.recordings.decoding_process",
        "infra.transcription.crosstalk",
        "infra.transcription.voice_activity",
    ),
    *(
        "infra.transcription.windows",
        "infra.transcription.whisper_model",
        "infra.transcription.batching",
        "infra.transcription.spoken_numbers",
    ),
}
"""Modules in which there are samples, or what was measured in them."""
MAY_READ_SOUND = {
    "infra/recordings/sound.py",
    "infra/transcription/crosstalk.py",
    "infra/transcription/voice_activity.py",
    "infra/transcription/windows.py",
    "infra/transcription/whisper_model.py",
    "infra/transcription/batching.py",
    "infra/transcription/rating_answers.py",
    "infra/transcription/transcriber.py",
    "infra/cli/one_call/transcribe.py",
}
READER = LexiconReader()
TEXTS = ["Se non paga le stacchiamo la luce.", "Mi dispiace, la capisco.", "Ma che cosa vuole?"]


def imports_of(path):
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_samples_stay_where_they_are_transcribed():
    """Neither the scorers nor the streams import a module that has samples."""
    importers = {
        str(path.relative_to(ROOT))
        for package in ("schemas", "processors", "infra", "streams", "dashboards")
        for path in (ROOT / package).rglob("*.py")
        if READS_SOUND & set(imports_of(path))
    }
    offline = ("infra/lab/benchmarks/", "infra/lab/numbers/")
    assert {path for path in importers if not path.startswith(offline)} <= MAY_READ_SOUND


def test_what_leaves_a_transcription_is_words_times_and_counts():
    """A field more here is a decision about workers' privacy: see docs/transcription.md."""
    assert set(Turn.model_fields) == {"speaker", "text", "start", "end", "confidence"}
    assert {field.name for field in dataclasses.fields(Transcription)} == {
        *("turns", "language", "duration", "model", "dropped", "turn_taking", "unheard", "doubts"),
        "speakers",
    }
    assert {field.name for field in dataclasses.fields(TurnTaking)} == {
        *("overlaps", "interruptions"),
    }
    assert Utterance._fields == ("speaker", "text", "before")


def test_who_speaks_in_mono_is_read_from_words_and_their_times_alone():
    """A field more of a word is a decision about workers' privacy: see docs/mono.md."""
    assert {field.name for field in dataclasses.fields(Word)} == {
        *("start", "end", "text", "probability"),
    }
    assert {field.name for field in dataclasses.fields(Segment)} == {"speaker", "words"}
    texts = ["Buongiorno, chiamo per conto di Illumina.", "Parlo con la signora?", "Sì, mi dica."]
    said = [
        [Segment(Speaker.UNKNOWN, (Word(2.0 * n, 2.0 * n + 1.5, text, sure),)) for sure in (0.4, 1)]
        for n, text in enumerate(texts)
    ]
    unsure, sure = (
        observed(pieces_of(each[place] for each in said), "it", SentenceEncoder())
        for place in range(2)
    )
    assert (unsure.pieces == sure.pieces).all()
    assert (unsure.steps == sure.steps).all()


spoken = st.builds(
    Turn,
    speaker=st.sampled_from([Speaker.OPERATOR, Speaker.CUSTOMER]),
    text=st.sampled_from(TEXTS),
    start=st.floats(0, 60),
    end=st.floats(60, 120),
    confidence=st.floats(0.5, 1),
)


@given(st.lists(spoken, max_size=5), st.randoms())
def test_the_same_words_have_the_same_score_however_fast_and_clearly_they_are_said(turns, chance):
    retimed = [
        turn.model_copy(
            update={
                "start": turn.start * chance.uniform(0.5, 2),
                "end": turn.end * chance.uniform(2, 3),
                "confidence": chance.uniform(0.5, 1),
            }
        )
        for turn in turns
    ]
    assert score_call(turns, "it", READER) == score_call(retimed, "it", READER)


def lower(voice):
    """The same words a sixth lower and as fast: overlapping grains, each played slower."""
    grain, hop, rate = 800, 200, 0.85
    window = np.hanning(grain)
    out = np.zeros(len(voice))
    for at in range(0, len(voice) - grain, hop):
        slow = np.interp(np.arange(grain) * rate, np.arange(grain), voice[at : at + grain])
        out[at : at + grain] += slow * window * hop / (grain / 2)
    return out


VOICES = {
    "as it is": lambda voice: voice,
    "a quarter as loud": lambda voice: voice / 4,
    "duller": lambda voice: np.convolve(voice, [0.25, 0.5, 0.25], "same"),
    "lower": lower,
}


@pytest.mark.whisper
def test_however_an_operator_sounds_the_score_is_that_of_the_words(tmp_path):
    transcriber = WhisperTranscriber()
    operator, customer = (sounding(channel, 0, 13) for channel in channels())
    for name, voice in VOICES.items():
        sound = [np.clip(voice(operator), -1, 1), customer]
        listened = transcriber.transcribe(
            Source(write_wav(tmp_path / "voice.wav", sound, RATE), "stereo"), "it"
        )
        assert Speaker.OPERATOR in {turn.speaker for turn in listened.turns}, name
        written = [Turn(speaker=turn.speaker, text=turn.text) for turn in listened.turns]
        assert score_call(listened.turns, "it", READER) == score_call(written, "it", READER), name
