"""Who spoke while the other spoke, and who cut in: counts of turn-taking, never of the voice."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.conversation import Speaker, Turn

LEAST_SECONDS = 0.3
"""Shorter overlaps are no interruption: people start to answer a little early."""


@dataclass(frozen=True, slots=True)
class TurnTaking:
    """Counts of one conversation.

    `overlaps` are pairs of an operator's and a customer's turn that were spoken at the same
    time; `interruptions` are those that the operator started in the middle of the customer's turn
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
    # A turn of no length overlaps nothing.
    operators, customers = (sorted(s for s in said if s[0] < s[1]) for said in spoken.values())
    return TurnTaking(_overlaps(operators, customers), _interruptions(operators, customers))


_Spoken = tuple[int, int]
"""Start and end of a turn, in milliseconds."""


def _overlaps(operators: Sequence[_Spoken], customers: Sequence[_Spoken]) -> int:
    """Pairs that overlap: for each of the operator's turns, the customer's that started before its
    end, less those that had ended by its start."""
    starts = [start for start, _ in customers]
    ends = sorted(end for _, end in customers)
    return sum(bisect_left(starts, end) - bisect_right(ends, start) for start, end in operators)


def _interruptions(operators: Sequence[_Spoken], customers: Sequence[_Spoken]) -> int:
    """Pairs of which the operator's turn started later and overlapped the other long enough."""
    least = _milliseconds(LEAST_SECONDS)
    ends: list[int] = []
    waiting = deque(customers)
    found = 0
    for start, end in operators:
        while waiting and waiting[0][0] < start:
            insort(ends, waiting.popleft()[1])
        if end - start >= least:
            found += len(ends) - bisect_left(ends, start + least)
    return found


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
