"""What comes back and what is answered later: it counts from when it is known, no earlier.

A return takes a payment back, wholly or in part; an answer by SMS the day after is its call's
survey. Both change what happened before them, but only in figures that end after them: a figure
as of T depends on nothing that was known at or after the end of T's hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from processors.event_time import DAY_US, HOUR_US, hour_of

REACH_US = 365 * DAY_US
"""A correction dated so long before what it names cannot mean it, and has no effect.

Without such a bound, one that names what never comes would have to wait for ever.
"""


def known_at(at: int, named_at: int) -> int | None:
    """From when (us) a correction dated `at` of something at `named_at` counts; None: never.

    Never before what it names: a clock that is a little behind makes no return of what was not
    paid yet.

    >>> known_at(50, named_at=20), known_at(20, named_at=50)
    (50, 50)
    """
    return None if named_at - at >= REACH_US else max(at, named_at)


class Return(NamedTuple):
    """What came back of one payment, and from when that is known (us)."""

    known_at: int
    amount: int | None
    """In 1/10^4 of the payment's currency; null: all of it."""


class NetPayment(NamedTuple):
    """A payment and what came back of it; amounts in 1/10^4 of its currency."""

    at: int
    amount: int
    currency: str
    returns: tuple[Return, ...] = ()

    def left(self, end: int | None = None) -> int:
        """What is left of it by the returns known before `end` (us; None: by all of them).

        Never below 0; at 0 it is as if it had never come.

        >>> paid = NetPayment(10, 500, "EUR", (Return(20, 300), Return(30, 300)))
        >>> paid.left(20), paid.left(21), paid.left()
        (500, 200, 0)
        """
        left = self.amount
        for known, amount in self.returns:
            if end is None or known < end:
                left -= self.amount if amount is None else amount
        return max(0, left)


class Recovered(NamedTuple):
    """What was paid within an engagement, as it stands from an hour on (its begin, us)."""

    known: int
    paid: bool
    amount: int


def recovered(payments: Iterable[NetPayment], matures: int, currency: str) -> tuple[Recovered, ...]:
    """What stands in the hour `matures` (its begin, us), and after each hour that changed it.

    Args:
        payments: those within the engagement; all are known by the end of that hour.
        matures: the hour in which the engagement enters the rates.
        currency: ISO code of the amounts that are summed.
    """
    within = list(payments)
    hours = {hour_of(back.known_at) for paid in within for back in paid.returns}
    steps: list[Recovered] = []
    for hour in [matures, *sorted(hour for hour in hours if hour > matures)]:
        lefts = [(paid.left(hour + HOUR_US), paid.currency) for paid in within]
        step = Recovered(
            hour,
            any(left for left, _ in lefts),
            sum(left for left, code in lefts if code == currency),
        )
        if not steps or step[1:] != steps[-1][1:]:
            steps.append(step)
    return tuple(steps)


class LateRating(NamedTuple):
    """The rating of a survey answered after its call, and from when it is known (us)."""

    rating: int
    known_at: int


class Answer(NamedTuple):
    """An answer with a rating; of those to one call the first by time, then by id, stands."""

    at: int
    event_id: str
    rating: int


def late_rating(answers: Iterable[Answer], call_at: int) -> LateRating | None:
    """The rating that stands of the answers to a call that ended at `call_at` (us)."""
    first = min((a for a in answers if known_at(a.at, call_at) is not None), default=None)
    if first is None:
        return None
    return LateRating(first.rating, max(first.at, call_at))
