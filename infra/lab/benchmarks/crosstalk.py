"""What crosstalk does to the turns of a call: nothing, if all is well.

The demo's calls are transcribed over lines that leak and over the same lines without a leak; who
said which words, the interruptions and the customer's sentiment are compared. Every gain meets
every delay, every way and both kinds of line.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from infra.lab.benchmarks.figures import Figure
from infra.lab.benchmarks.leaking import Line, Samples, leaking, write_call
from infra.lab.benchmarks.material import demo_calls
from infra.lab.benchmarks.word_errors import word_errors, words_of
from infra.recordings.sound import RATE, Sound
from infra.recordings.source import Source
from infra.settings import Settings
from infra.transcription.transcriber import Transcription, transcriber_of
from processors.scoring.call import score_call
from processors.scoring.lexicon_scorer import LexiconReader
from schemas.conversation import Speaker

GAINS = (-30, -26, -20, -14, -10, -6)
DELAYS = (3, 20, 120, 250)
WAYS = ("operator", "customer", "both")
NOISES: tuple[float | None, ...] = (None, -45.0)
_LINE_RATE = 8000


@dataclass(slots=True)
class _Change:
    words: int = 0
    moved: int = 0
    interruptions: int = 0
    unknown: int = 0
    sentiments: list[float] = field(default_factory=list)


def lines(number: int) -> list[Line]:
    """The lines that call `number` is transcribed over: one of each gain."""
    return [
        Line(
            gain,
            DELAYS[(number + place) % len(DELAYS)],
            WAYS[(number + place // 2) % len(WAYS)],
            NOISES[(number + place) // len(DELAYS) % len(NOISES)],
        )
        for place, gain in enumerate(GAINS)
    ]


def crosstalk() -> Iterator[Figure]:
    """By gain of the leak: words that changed or changed sides, interruptions and sentiment."""
    transcriber = transcriber_of(Settings())
    transcriber.load()
    changes = {float(gain): _Change() for gain in GAINS}
    spent = {"clean": 0.0, "leaking": 0.0}
    seconds = 0.0
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "call.wav"

        def transcribed(call: Sequence[Samples], kind: str) -> Transcription:
            write_call(file, call, _LINE_RATE)
            began = time.perf_counter()
            said = transcriber.transcribe(Source(file, "stereo"), "it")
            spent[kind] += time.perf_counter() - began
            return said

        for number, known in enumerate(demo_calls()):
            sound = np.concatenate(list(Sound(Source(known.path, "stereo"), 3600).blocks()), axis=1)
            call = list(sound[:, :: RATE // _LINE_RATE] / 32768)
            seconds += known.seconds
            plain = {
                noise: transcribed(leaking(call, Line(0, 0, "none", noise), _LINE_RATE), "clean")
                for noise in NOISES
            }
            for line in lines(number):
                said = transcribed(leaking(call, line, _LINE_RATE), "leaking")
                _compare(plain[line.noise], said, changes[line.gain])
    for gain, change in changes.items():
        yield Figure(f"{gain:.0f}dB.words_changed", change.moved / change.words, "of the words")
        yield Figure(f"{gain:.0f}dB.interruptions", change.interruptions, "too many or few", "0")
        yield Figure(f"{gain:.0f}dB.turns_unknown", change.unknown)
        yield Figure(f"{gain:.0f}dB.sentiment", max(change.sentiments), "greatest change")
    yield Figure("speed.clean", len(NOISES) * seconds / spent["clean"], "call-seconds a second")
    yield Figure("speed.leaking", len(GAINS) * seconds / spent["leaking"], "call-seconds a second")


def _compare(plain: Transcription, leaked: Transcription, change: _Change) -> None:
    for speaker in (Speaker.OPERATOR, Speaker.CUSTOMER):
        before, after = _words(plain, speaker), _words(leaked, speaker)
        change.words += len(before)
        change.moved += word_errors(before, after)
    change.unknown += sum(turn.speaker is Speaker.UNKNOWN for turn in leaked.turns)
    taken = [said.turn_taking.interruptions if said.turn_taking else 0 for said in (plain, leaked)]
    change.interruptions += abs(taken[0] - taken[1])
    sides = [score_call(said.turns, "it", LexiconReader()).sentiment for said in (plain, leaked)]
    change.sentiments.append(abs((sides[0] or 0.0) - (sides[1] or 0.0)))


def _words(said: Transcription, speaker: Speaker) -> list[str]:
    return words_of(" ".join(turn.text for turn in said.turns if turn.speaker is speaker))
