"""Who spoke while the other spoke, and who cut in: counts of turn-taking, never of the voice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.conversation import Speaker, Turn

LEAST_SECONDS = 0.3
"""Shorter overlaps are no interruption: people begin to answer a little early."""


@dataclass(frozen=True, slots=True)
class TurnTaking:
    """Counts of one conversation.

    `overlaps` are pairs of an operator's and a customer's turn that were spoken at the same
    time; `interruptions` are those that the operator began in the middle of the customer's turn
    and that lasted `LEAST_SECONDS` or more.
    """

    overlaps: int
    interruptions: int


def turn_taking(turns: Iterable[Turn]) -> TurnTaking | None:
    """Counts of a conversation's overlaps; None where a turn lacks its time or its speaker.

    >>> said = Turn(speaker=Speaker.CUSTOMER, text="Ma io ho", start=0.0, end=4.0)
    >>> turn_taking([said, Turn(speaker=Speaker.OPERATOR, text="No!", start=3.0, end=3.5)])
    TurnTaking(overlaps=1, interruptions=1)
    """
    spoken: dict[Speaker, list[tuple[int, int]]] = {Speaker.OPERATOR: [], Speaker.CUSTOMER: []}
    for turn in turns:
        if turn.speaker not in spoken or turn.start is None or turn.end is None:
            return None
        spoken[turn.speaker].append((_milliseconds(turn.start), _milliseconds(turn.end)))
    overlaps = interruptions = 0
    for operator in spoken[Speaker.OPERATOR]:
        for customer in spoken[Speaker.CUSTOMER]:
            lasting = min(operator[1], customer[1]) - max(operator[0], customer[0])
            if lasting <= 0:
                continue
            overlaps += 1
            cut_in = customer[0] < operator[0]
            interruptions += cut_in and lasting >= _milliseconds(LEAST_SECONDS)
    return TurnTaking(overlaps, interruptions)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
