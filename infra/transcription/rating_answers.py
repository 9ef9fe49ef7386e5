"""Answers to a question for a rating: a number that the transcriber's words have lost.

Where a rating was asked for, and the customer's short answer has no number in the transcriber's
words, but one was recognised in the encoder's output (`infra/transcription/spoken_numbers.py`),
the number takes the place of the word that stands there, or is the answer that had no words.
Numbers that the transcriber has written itself are never changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from infra.recordings.sound import RATE
from infra.transcription.spoken_numbers import CLASSES, POOLED, SAMPLES, Evidence, NumberNetwork
from processors.ratings.spoken import rating_awaited, spoken_rating
from processors.text.number_words import NUMBER_VALUES
from processors.text.tokens import cut
from processors.text.word_lists import word_lists
from processors.transcript.turns import TURN_GAP, Segment, Word, merge_turns
from schemas.conversation import Speaker

LEAST_PROBABILITY: Final = 0.95
"""Of the number that an answer is taken for."""

LONGEST_ANSWER: Final = 4.0
"""Seconds of speech in an answer."""

_STEP: Final = POOLED * SAMPLES / RATE
_NUMBERS: Final = NUMBER_VALUES["it"].keys() - {"un", "uno", "una"}


@dataclass(frozen=True, slots=True)
class Said:
    """A stretch of one speaker's speech, in seconds from the recording's start.

    `segment` has its words, None where it has none, `numbers` the evidence for a number in it.
    """

    speaker: Speaker
    start: float
    end: float
    segment: Segment | None
    numbers: Evidence


def with_ratings(
    said: Sequence[Said], language: str, network: NumberNetwork | None
) -> list[Segment]:
    """The segments of what was said, with the numbers that were lost in answers."""
    ordered = sorted(said, key=lambda one: one.start)
    segments = {at: one.segment for at, one in enumerate(ordered) if one.segment is not None}
    if network is None or language != "it":
        return list(segments.values())
    for places in _answers(ordered):
        evidence = [ordered[at].numbers for at in places]
        probabilities = network.probabilities(np.concatenate(evidence))
        value = int(np.argmax(probabilities))
        if value == CLASSES - 1 or probabilities[value] < LEAST_PROBABILITY:
            continue
        before = merge_turns([segments[at] for at in range(places[0]) if at in segments])
        known = [segments[at] for at in places if at in segments]
        if has_number(" ".join(segment.text for segment in known)) or not rating_awaited(
            before, language
        ):
            continue
        at, when = _place(places, evidence, value)
        moment = ordered[at].start + when
        number = _number_words()[value]
        for changed in _readings(
            segments.get(at), ordered[at], number, moment, float(probabilities[value])
        ):
            answer = merge_turns(
                [*(segments[p] for p in places if p in segments and p != at), changed]
            )
            if spoken_rating([*before, *answer], language) == value:
                segments[at] = changed
                break
    return [segments[at] for at in sorted(segments)]


def _answers(ordered: Sequence[Said]) -> Iterator[list[int]]:
    """Places of a customer's stretches that follow one another as one short turn."""
    group: list[int] = []
    for at, one in enumerate(ordered):
        is_customer = one.speaker is Speaker.CUSTOMER
        if group and not (is_customer and one.start - ordered[group[-1]].end <= TURN_GAP):
            yield from _short(group, ordered)
            group = []
        if is_customer:
            group.append(at)
    yield from _short(group, ordered)


def _short(group: list[int], ordered: Sequence[Said]) -> Iterator[list[int]]:
    seconds = sum(ordered[at].end - ordered[at].start for at in group)
    if group and seconds <= LONGEST_ANSWER and any(len(ordered[at].numbers) for at in group):
        yield group


def numbers_in(text: str) -> list[str]:
    """The numbers of an Italian text, as words; articles are none."""
    return [word for word in cut(text, "it").words if word in _NUMBERS]


def has_number(text: str) -> bool:
    """Whether an Italian text has a number, in words or digits."""
    return bool(numbers_in(text)) or any(letter.isdigit() for letter in text)


def _place(places: Sequence[int], evidence: Sequence[Evidence], value: int) -> tuple[int, float]:
    """The stretch in which the number was said, and when in it, in seconds."""
    best = max(range(len(places)), key=lambda n: evidence[n][:, value].max(initial=-np.inf))
    step = int(np.argmax(evidence[best][:, value]))
    return places[best], (step + 0.5) * _STEP


def _readings(
    segment: Segment | None, said: Said, number: str, moment: float, probability: float
) -> Iterator[Segment]:
    """The stretch with the number for the word said at `moment`; then with nothing else."""
    alone = Word(said.start, said.end, f" {number.capitalize()}.", probability)
    if segment is not None:
        words = list(segment.words)
        at = min(range(len(words)), key=lambda n: abs((words[n].start + words[n].end) / 2 - moment))
        old = words[at]
        bare = old.text.strip().rstrip(".,!?…")
        end = old.text.strip()[len(bare) :].replace("?", ".")
        word = number.capitalize() if bare[:1].isupper() else number
        words[at] = Word(old.start, old.end, f" {word}{end}", probability)
        yield Segment(segment.speaker, tuple(words))
    yield Segment(said.speaker, (alone,))


def _number_words() -> list[str]:
    return word_lists("ratings", "it")["numbers"].split()
