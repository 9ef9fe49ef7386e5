"""What a reader returns for a turn: the contract between a scorer and the scores of a call.

A reader is given words and who said them, and nothing else: no voice, no times, no ratings, no
names of agencies. So an operator is scored from words only, whatever the reader is made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from schemas.conversation import Driver, DriverFound, Intent, IntentFound, Rule, Speaker, TurnScore


class Utterance(NamedTuple):
    """One turn as a reader gets it."""

    speaker: Speaker
    text: str
    before: str = ""
    """What the other speaker said just before; empty where that is nothing."""


class DriverQuote(NamedTuple):
    """A driver found in a turn, with the words that show it."""

    driver: Driver
    quote: str


class Breach(NamedTuple):
    """Words that breach a rule of conduct."""

    rule: Rule
    quote: str
    sure: bool
    """Whether they do by themselves; else only where the call supports it."""


@dataclass(frozen=True, slots=True)
class TurnReading:
    """What a reader returns for one turn."""

    score: TurnScore
    harshness: float = 0.0
    """What an operator's turn counts in the call's aggression, 0 to 1 (`processors.pooling`)."""
    warmth: float = 0.0
    """What it counts in the call's empathy, 0 to 1."""
    sided: bool = False
    """Whether a customer's turn takes sides, and so counts in the call's mean sentiment."""
    leaves: str | None = None
    """The words in which a customer announces leaving; None where nobody does."""
    promises: str | None = None
    """The words in which a customer promises a payment; None where nobody does."""
    drivers: tuple[DriverQuote, ...] = ()
    threat: str | None = None
    """The words in which an operator threatens; None where no harm is used as leverage."""
    breaches: tuple[Breach, ...] = ()
    """Breaches of other rules that an operator's words show, by what the scorer has learned."""


UNREAD = TurnReading(TurnScore(aggression=None, empathy=None, sentiment=None, reasons=[]))
"""The reading of a turn without words, or whose speaker is not known."""


class CallFeatures(NamedTuple):
    """The features of a call that predict the rating its customer would give."""

    aggression: float | None
    empathy: float | None
    sentiment: float | None
    change: float | None
    leaves: bool
    promises: bool
    drivers: frozenset[Driver]


class TurnReader(Protocol):
    """Reads turns; the same turn always gets the same reading, whatever else is read."""

    @property
    def version(self) -> str:
        """Name and number of the scorer, stored with every score."""
        ...

    def read(self, turns: Sequence[Utterance], language: str) -> list[TurnReading]:
        """A reading for each turn, in order; `language` is one the scorer supports."""
        ...

    def expected_rating(self, call: CallFeatures) -> int | None:
        """The rating, 0 to 10, to be expected after such a call; None where a score is missing."""
        ...


@runtime_checkable
class CallReader(Protocol):
    """A reader that decides on drivers and breaches of a call from all its turns together."""

    def drivers_of_call(
        self, utterances: Sequence[Utterance], readings: Sequence[TurnReading], language: str
    ) -> list[DriverFound]:
        """The drivers of the call, in the order of their turns; `readings` are its own."""
        ...

    def breaches_of_call(
        self, utterances: Sequence[Utterance], language: str
    ) -> Mapping[int, Sequence[Breach]]:
        """The breaches that turns show only by what was said before them, by their place."""
        ...


def intents_in_turns(readings: Sequence[TurnReading]) -> list[IntentFound]:
    """What customers announce, each intent once a turn."""
    return [
        IntentFound(intent=intent, turn=place, quote=quote)
        for place, reading in enumerate(readings)
        for intent, quote in ((Intent.CHURN, reading.leaves), (Intent.PROMISE, reading.promises))
        if quote is not None
    ]


def found_in_turns(readings: Sequence[TurnReading]) -> list[DriverFound]:
    """The drivers of single turns, each read alone."""
    return [
        DriverFound(driver=each.driver, turn=place, quote=each.quote)
        for place, reading in enumerate(readings)
        for each in reading.drivers
    ]
