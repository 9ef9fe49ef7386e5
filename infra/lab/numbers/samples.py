"""Spoken answers as the recogniser gets them: the encoder's output of windows full of them.

The answers are carried over synthetic telephone lines and laid into windows as the transcriber
does, several in one, so that each has other speech around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from infra.lab.numbers.answers import Answer, answers
from infra.lab.numbers.voices import ENGINES, Spoken, drawn, speak_all
from infra.lab.overhearing.synthetic_calls import LEVEL_DB, SNR_DB
from infra.lab.overhearing.telephone import CODECS, NOISES, Line, side_of_call
from infra.recordings.sound import RATE
from infra.simulation.make_calls import RATE as LINE_RATE
from infra.simulation.make_calls import Placed
from infra.transcription.batching import frames_of
from infra.transcription.spoken_numbers import SAMPLES
from infra.transcription.whisper_model import LoadedModel
from infra.transcription.windows import LEAD, PADDING, SPACE

SHARES: Final = {"festival": 0.5, "pico": 0.3, "espeak": 0.2}
NUMBERS: Final = 0.5
"""Share of the samples in which a number is given."""
_LONGEST: Final = 4 * RATE
_BATCH: Final = 200


@dataclass(frozen=True)
class Sample:
    """An answer with the encoder's output of its stretch: a row each 20 ms."""

    spoken: Spoken
    number: int | None
    snr_db: float
    noise: str
    codec: str
    encoded: npt.NDArray[np.float16]


def samples(
    split: str, count: int, model: LoadedModel, seed: int, engines: Sequence[str] = ENGINES
) -> Iterator[Sample]:
    """`count` answers of a split, each said by some voice over some line."""
    chance = np.random.default_rng(seed)
    known = list(answers(split))
    given = [one for one in known if one.number is not None]
    other = [one for one in known if one.number is None]
    shares = np.array([SHARES[engine] for engine in engines])
    for begin in range(0, count, _BATCH):
        batch: list[tuple[Answer, Spoken]] = []
        for _ in range(min(_BATCH, count - begin)):
            some = given if chance.random() < NUMBERS else other
            answer = some[chance.integers(len(some))]
            engine = str(chance.choice(engines, p=shares / shares.sum()))
            batch.append((answer, drawn(answer.text, split, engine, chance)))
        numbers = {id(spoken): answer.number for answer, spoken in batch}
        yield from _encoded(
            [
                (_Carried(spoken, numbers[id(spoken)], line), carried)
                for spoken, sound in speak_all([spoken for _, spoken in batch])
                for line in [_line(split, chance)]
                for carried in [_carried(sound, line, chance)]
                if len(carried) < _LONGEST
            ],
            model,
            chance,
        )


@dataclass(frozen=True)
class _Carried:
    spoken: Spoken
    number: int | None
    line: Line


_Sound = npt.NDArray[np.float32]


def _line(split: str, chance: np.random.Generator) -> Line:
    level = float(chance.uniform(*LEVEL_DB))
    noise = (
        float(chance.uniform(min(SNR_DB[split]), max(SNR_DB[split])))
        if split == "train"
        else float(chance.choice(SNR_DB[split]))
    )
    return Line(level, noise, str(chance.choice(NOISES)), str(chance.choice(sorted(CODECS))))


def _carried(sound: npt.NDArray[np.float64], line: Line, chance: np.random.Generator) -> _Sound:
    """The answer with the padding of a stretch, at the transcriber's rate."""
    around = round(PADDING * LINE_RATE / RATE)
    placed = Placed("customer", around, sound)
    side = side_of_call([placed], len(sound) + 2 * around, line, chance)
    return np.asarray(resample_poly(side / 32768.0, RATE, LINE_RATE), np.float32)


def _encoded(
    carried: Sequence[tuple[_Carried, _Sound]], model: LoadedModel, chance: np.random.Generator
) -> Iterator[Sample]:
    begin = 0
    while begin < len(carried):
        size = int(chance.integers(6, 28)) * RATE
        at, end, places = LEAD, begin, []
        while end < len(carried) and (at + len(carried[end][1]) <= size or end == begin):
            places.append(at)
            at += len(carried[end][1]) + SPACE
            end += 1
        window = np.zeros(at - SPACE, np.float32)
        for place, (_, sound) in zip(places, carried[begin:end], strict=True):
            window[place : place + len(sound)] = sound
        output = model.encoded(window, frames_of(len(window)))
        for place, (one, sound) in zip(places, carried[begin:end], strict=True):
            first = (place + PADDING + int(chance.normal(0, 0.03 * RATE))) // SAMPLES
            last = (
                place + len(sound) - PADDING + int(chance.normal(0, 0.03 * RATE))
            ) // SAMPLES + 1
            rows = output[max(0, first) : last].astype(np.float16)
            line = one.line
            yield Sample(one.spoken, one.number, line.snr_db, line.noise, line.codec, rows)
        begin = end
