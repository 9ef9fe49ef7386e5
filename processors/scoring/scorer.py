"""What a reader says of one turn: the contract between a scorer and the scores of a call.

A reader is given words and who said them, and nothing else: no voice, no times, no ratings, no
names of agencies. So an operator is scored from words only, whatever the reader is made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from schemas.conversation import Driver, DriverFound, Speaker, TurnScore


class Said(NamedTuple):
    """One turn as a reader gets it."""

    speaker: Speaker
    text: str
    before: str = ""
    """What the other one said just before; empty where nobody did."""


class Judged(NamedTuple):
    """Something found in a turn, with the words that show it."""

    driver: Driver
    quote: str


@dataclass(frozen=True, slots=True)
class TurnReading:
    """What a reader says of one turn."""

    score: TurnScore
    sided: bool = False
    """Whether a customer's turn takes sides, and so counts in the call's mean sentiment."""
    leaves: bool = False
    """Whether a customer announces leaving."""
    promises: bool = False
    """Whether a customer promises a payment."""
    drivers: tuple[Judged, ...] = ()
    threat: str | None = None
    """The words in which an operator threatens; None where no harm is held out as leverage."""


UNREAD = TurnReading(TurnScore(aggression=None, empathy=None, sentiment=None, reasons=[]))
"""The reading of a turn that says nothing, or of which nobody knows who speaks."""


class CallSigns(NamedTuple):
    """What of a call bears on the rating its customer would give."""

    aggression: float | None
    empathy: float | None
    sentiment: float | None
    change: float | None
    leaves: bool
    promises: bool
    drivers: frozenset[Driver]


class TurnReader(Protocol):
    """Reads turns; the same turn always gets the same reading, whatever is read beside it."""

    @property
    def version(self) -> str:
        """Name and number of the scorer, kept with every score."""
        ...

    def read(self, turns: Sequence[Said], language: str) -> list[TurnReading]:
        """A reading for each turn, in order; `language` is one the scorer supports."""
        ...

    def expected_rating(self, call: CallSigns) -> int | None:
        """The rating, 0 to 10, to be expected after such a call; None where signs are missing."""
        ...


@runtime_checkable
class JudgesCalls(Protocol):
    """A reader that decides on the drivers of a call from all its turns together."""

    def drivers_of_call(
        self, said: Sequence[Said], readings: Sequence[TurnReading], language: str
    ) -> list[DriverFound]:
        """The drivers of the call, in the order of their turns; `readings` are its own."""
        ...


def found_in_turns(readings: Sequence[TurnReading]) -> list[DriverFound]:
    """All that turns show when each is read alone."""
    return [
        DriverFound(driver=judged.driver, turn=place, quote=judged.quote)
        for place, reading in enumerate(readings)
        for judged in reading.drivers
    ]
