"""What comes back and what is answered later: it counts from when it is known, no earlier.

A return takes a payment back, wholly or in part; an answer by SMS the day after is its call's
survey. Both change what happened before them, but only in figures that end after them: a figure
as of T depends on nothing that was known at or after the end of T's hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from processors.event_time import DAY_US, hour_of
from schemas.changes import Recovered

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
    """By the time from which they are known."""

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


class TakenBack(NamedTuple):
    """What an hour's returns took from an engagement."""

    payments: int = 0
    """Payments of which nothing is left since."""
    amount: int = 0
    """In the summed currency."""

    def plus(self, more: TakenBack, sign: int) -> TakenBack:
        """Both together; with the sign -1 without `more`."""
        return TakenBack(self.payments + sign * more.payments, self.amount + sign * more.amount)


def taken_back(paid: NetPayment, matures: int, currency: str) -> dict[int, TakenBack]:
    """What a payment's returns took from its engagement, by the hour (us) that is known from.

    Args:
        paid: the payment.
        matures: the hour in which its engagement enters the rates: what is known before it
            counts from there.
        currency: ISO code of the amounts that are summed.
    """
    hours: dict[int, TakenBack] = {}
    left = paid.amount
    for known, amount in paid.returns:
        taken = left if amount is None else min(left, amount)
        if not taken:
            continue
        left -= taken
        hour = max(hour_of(known), matures)
        more = TakenBack(int(not left), taken if paid.currency == currency else 0)
        hours[hour] = hours.get(hour, TakenBack()).plus(more, 1)
    return hours


def recovered(
    payments: int, amount: int, taken: Mapping[int, TakenBack], matures: int
) -> tuple[Recovered, ...]:
    """What holds in the hour `matures` (its start, us), and after each hour that changed it.

    Args:
        payments: the engagement's payments, all of which came before the end of that hour.
        amount: what they add up to in the summed currency.
        taken: what came back of them, by hour, none before `matures`.
        matures: the hour in which the engagement enters the rates.
    """
    steps: list[Recovered] = []
    for hour in sorted({matures, *taken}):
        gone = taken.get(hour, TakenBack())
        payments, amount = payments - gone.payments, amount - gone.amount
        step = Recovered(hour, payments > 0, amount)
        if not steps or step[1:] != steps[-1][1:]:
            steps.append(step)
    return tuple(steps)


class Answer(NamedTuple):
    """An answer with a rating; of those to one call the first by time, then by id, counts."""

    at: int
    event_id: str
    rating: int
