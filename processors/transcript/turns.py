"""Turns of a conversation from what was transcribed on each channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from processors.redaction.redact import redact_call
from schemas.conversation import Speaker, Turn

TURN_GAP = 1.5
"""Seconds of silence within one speaker's turn, where the channel says who speaks."""

MONO_TURN_GAP = 0.05
"""The same where it does not: any pause may be a change of speaker, and nothing else shows one."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its time in seconds from the recording's start.

    `text` is as the transcriber writes it, with its leading space where it has one.
    """

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Segment:
    """Words that one speaker said in one stretch of speech, in order; at least one."""

    speaker: Speaker
    words: tuple[Word, ...]

    @property
    def start(self) -> float:
        """Seconds from the recording's start."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """Seconds from the recording's start, not before any of its words' ends."""
        return max(word.end for word in self.words)

    @property
    def text(self) -> str:
        """The words as one readable text."""
        return " ".join("".join(word.text for word in self.words).split())


def redacted(turns: Iterable[Turn], language: str, names: Sequence[str] = ()) -> list[Turn]:
    """`turns` without personal data: as they are scored and stored.

    `names` are people known to be spoken of, as "Mario Rossi".
    """
    given = list(turns)
    texts = redact_call([turn.text for turn in given], language, names)
    return [turn.model_copy(update={"text": text}) for turn, text in zip(given, texts, strict=True)]


def merge_turns(
    segments: Iterable[Segment], max_gap: float = TURN_GAP, unknown_gap: float | None = None
) -> list[Turn]:
    """Turns in order of time; segments without text are ignored.

    A speaker's segments that follow one another within `max_gap` seconds become one turn,
    unless another speaker started between them; those of unknown speakers within `unknown_gap`,
    by default the same.
    """
    longest = dict.fromkeys(Speaker, max_gap)
    if unknown_gap is not None:
        longest[Speaker.UNKNOWN] = unknown_gap
    spoken = [segment for segment in segments if segment.words and segment.text]
    groups: list[list[Segment]] = []
    for segment in sorted(spoken, key=lambda s: (s.start, s.end, s.speaker.value)):
        if groups and _continues(groups[-1], segment, longest[segment.speaker]):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [_turn(group) for group in groups]


def _continues(group: list[Segment], segment: Segment, max_gap: float) -> bool:
    ended = max(earlier.end for earlier in group)
    return group[-1].speaker == segment.speaker and segment.start - ended <= max_gap


def _turn(group: list[Segment]) -> Turn:
    words = [word for segment in group for word in segment.words]
    return Turn(
        speaker=group[0].speaker,
        text=" ".join(segment.text for segment in group),
        start=round(max(0.0, group[0].start), 3),
        end=round(max(0.0, *(segment.end for segment in group)), 3),
        confidence=round(sum(word.probability for word in words) / len(words), 4),
    )
