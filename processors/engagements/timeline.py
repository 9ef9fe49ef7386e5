"""One customer's engagements, updated fact by fact.

They follow the definition of `engagements.engagements_of`. What a fact costs grows with what it
changes, not with all that came before it: a customer of thousands of facts would otherwise cost
their square.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from processors.engagements.contact_frequency import ContactFrequency
from processors.engagements.corrections import (
    NetPayment,
    Return,
    TakenBack,
    known_at,
    recovered,
    taken_back,
)
from processors.engagements.late_ratings import LateRatings
from processors.event_time import HOUR_US, hour_of
from schemas.changes import Engagement, Recovered
from schemas.figures import Segment

Moved = tuple[tuple[Engagement, ...], tuple[Engagement, ...]]
"""Engagements of an agency before and after, only those that differ, by time."""


class Contact(NamedTuple):
    """What engagements need of a conversation; sorts by time, then id."""

    at: int
    event_id: str
    agency_id: str
    aggression: int | None
    empathy: int | None
    segment: Segment


class _Open:
    """An engagement with the conversations it consists of; sums instead of recounting."""

    __slots__ = (
        "aggression_n", "aggression_sum", "amount", "cancelled", "currency", "empathy_n",
        "empathy_sum", "end", "first_ending", "matures", "members", "payments", "steps",
        "taken_back",
    )  # fmt: skip

    def __init__(self, first: Contact, horizon_us: int, currency: str) -> None:
        self.members: list[Contact] = []
        self.end = first.at + horizon_us
        self.matures = hour_of(first.at) + horizon_us
        self.currency = currency
        self.aggression_n = self.aggression_sum = self.empathy_n = self.empathy_sum = 0
        self.payments = self.amount = 0
        self.taken_back: dict[int, TakenBack] = {}
        self.steps: tuple[Recovered, ...] | None = None
        """What was recovered, until something moves it."""
        self.cancelled = False
        self.first_ending: tuple[int, str] | None = None
        self.join(first)

    @property
    def begin(self) -> int:
        """Its t0."""
        return self.members[0].at

    def join(self, contact: Contact) -> None:
        """Take a conversation in."""
        insort(self.members, contact)
        if contact.aggression is not None:
            self.aggression_n += 1
            self.aggression_sum += contact.aggression
        if contact.empathy is not None:
            self.empathy_n += 1
            self.empathy_sum += contact.empathy

    def absorb(self, later: _Open) -> None:
        """Take in all conversations of one that began later."""
        self.members += later.members
        self.aggression_n += later.aggression_n
        self.aggression_sum += later.aggression_sum
        self.empathy_n += later.empathy_n
        self.empathy_sum += later.empathy_sum

    def pay(self, paid: NetPayment, replaced: NetPayment | None = None) -> None:
        """Count a payment, in place of what it was before something came back."""
        if replaced is not None:
            self._count(replaced, -1)
        self._count(paid, 1)

    def _count(self, paid: NetPayment, sign: int) -> None:
        self.payments += sign
        self.amount += sign * paid.amount if paid.currency == self.currency else 0
        self.steps = None
        for hour, gone in taken_back(paid, self.matures, self.currency).items():
            self._take_back(hour, gone, sign)

    def give_back(self, back: Return, taken: int, wholly: bool, currency: str) -> None:
        """Count the last return of a payment: what it took, and whether nothing is left."""
        amount = taken if currency == self.currency else 0
        self.steps = None
        self._take_back(max(hour_of(back.known_at), self.matures), TakenBack(wholly, amount), 1)

    def _take_back(self, hour: int, gone: TakenBack, sign: int) -> None:
        left = self.taken_back.pop(hour, TakenBack()).plus(gone, sign)
        if any(left):
            self.taken_back[hour] = left

    def end_contract(self, at: int, by: str) -> None:
        """Count a contract that ended. At equal times 'customer' sorts first: its tie."""
        self.cancelled |= by == "customer"
        if self.first_ending is None or (at, by) < self.first_ending:
            self.first_ending = at, by

    def engagement(self) -> Engagement:
        """The engagement by all that was taken in so far."""
        first = self.members[0]
        if self.steps is None:
            self.steps = recovered(self.payments, self.amount, self.taken_back, self.matures)
        matured = self.steps[0]
        lost_to_supplier = self.first_ending is not None and self.first_ending[1] == "supplier"
        return Engagement(
            first.at,
            len(self.members),
            self.aggression_n,
            self.aggression_sum,
            self.empathy_n,
            self.empathy_sum,
            self.cancelled,
            lost_to_supplier,
            matured.paid,
            matured.amount,
            *first.segment,
            self.steps[1:],
        )


class History:
    """One customer's facts so far, in whatever order they come, and the engagements of them."""

    def __init__(self, horizon_hours: int, currency: str) -> None:
        self.taken = 0
        """Facts taken in."""
        self.ratings = LateRatings()
        self.frequency = ContactFrequency()
        self._horizon_us = horizon_hours * HOUR_US
        self._currency = currency
        self._chains: dict[str, list[_Open]] = {}
        self._payments: list[tuple[int, str]] = []
        """Time and id; sorted."""
        self._paid: dict[str, NetPayment] = {}
        self._left: dict[str, int] = {}
        """What is left of each payment by all its returns."""
        self._returns: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
        """Time and amount of what came back of each payment, the payment there or not."""
        self._endings: list[tuple[int, str]] = []
        """Time, who ended the contract; sorted."""

    @classmethod
    def of(
        cls,
        contacts: Sequence[Contact],
        payments: Mapping[str, NetPayment],
        returns: Sequence[tuple[str, int, int | None]],
        endings: Sequence[tuple[int, str]],
        horizon_hours: int,
        currency: str,
    ) -> History:
        """The history of many facts at once, at a lower cost than one by one.

        Args:
            contacts: the conversations.
            payments: the payments less what came back of them, by id.
            returns: payment's id, time and amount of all that came back.
            endings: time and who ended it, of each contract that ended.
            horizon_hours: the horizon H.
            currency: ISO code of the amounts that are summed.
        """
        made = cls(horizon_hours, currency)
        made.taken = len(contacts) + len(payments) + len(returns) + len(endings)
        made._payments = sorted((paid.at, name) for name, paid in payments.items())
        made._paid = dict(payments)
        made._left = {name: paid.left() for name, paid in payments.items()}
        for payment_id, at, amount in returns:
            made._returns[payment_id].append((at, amount))
        made._endings = sorted(endings)
        for contact in sorted(contacts):
            chain = made._chains.setdefault(contact.agency_id, [])
            if chain and contact.at < chain[-1].end:
                chain[-1].join(contact)
            else:
                chain.append(made._open(contact))
        return made

    def agencies(self) -> list[str]:
        """Agencies that had a conversation, by name."""
        return sorted(self._chains)

    def engagements(self, agency_id: str) -> list[Engagement]:
        """The agency's engagements by time."""
        return [each.engagement() for each in self._chains.get(agency_id, ())]

    def talk(self, contact: Contact) -> dict[str, Moved]:
        """Take a conversation in; what that moves, by agency."""
        self.taken += 1
        chain = self._chains.setdefault(contact.agency_id, [])
        place = bisect_right(chain, contact[:2], key=lambda each: each.members[0][:2])
        if place and contact.at < chain[place - 1].end:
            own = chain[place - 1]
            before = own.engagement()
            own.join(contact)
            return {contact.agency_id: ((before,), (own.engagement(),))}
        return {contact.agency_id: self._opened(chain, place, contact)}

    def pay(self, payment_id: str, at: int, amount: int, currency: str) -> dict[str, Moved]:
        """Take a payment in; what that moves, by agency."""
        self.taken += 1
        backs = ((known_at(then, at), back) for then, back in self._returns.get(payment_id, ()))
        returns = sorted(
            (Return(known, back) for known, back in backs if known is not None),
            key=lambda back: back.known_at,
        )
        paid = self._paid[payment_id] = NetPayment(at, amount, currency, tuple(returns))
        self._left[payment_id] = paid.left()
        insort(self._payments, (at, payment_id))
        return self._moved(at, lambda each: each.pay(paid))

    def give_back(self, payment_id: str, at: int, amount: int | None) -> dict[str, Moved]:
        """Take in that a payment came back; what that moves, by agency."""
        self.taken += 1
        self._returns[payment_id].append((at, amount))
        payment = self._paid.get(payment_id)
        known = None if payment is None else known_at(at, payment.at)
        if payment is None or known is None:
            return {}
        back = Return(known, amount)
        if payment.returns and known < payment.returns[-1].known_at:
            return self._given_back_before(payment_id, payment, back)
        self._paid[payment_id] = payment._replace(returns=(*payment.returns, back))
        left = self._left[payment_id]
        taken = left if amount is None else min(left, amount)
        self._left[payment_id] = left - taken
        wholly = 0 < taken == left
        return self._moved(
            payment.at, lambda each: each.give_back(back, taken, wholly, payment.currency)
        )

    def _given_back_before(
        self, payment_id: str, payment: NetPayment, back: Return
    ) -> dict[str, Moved]:
        """Take in a return that came before others of its payment: they take less now."""
        returns = list(payment.returns)
        insort(returns, back, key=lambda each: each.known_at)
        paid = self._paid[payment_id] = payment._replace(returns=tuple(returns))
        self._left[payment_id] = paid.left()
        return self._moved(paid.at, lambda each: each.pay(paid, payment))

    def end_contract(self, at: int, by: str) -> dict[str, Moved]:
        """Take the end of a contract in; what that moves, by agency."""
        self.taken += 1
        insort(self._endings, (at, by))
        return self._moved(at, lambda each: each.end_contract(at, by))

    def _moved(self, at: int, move: Callable[[_Open], None]) -> dict[str, Moved]:
        """Move the engagement of each agency that `at` lies in."""
        moved: dict[str, Moved] = {}
        for agency_id in self.agencies():
            chain = self._chains[agency_id]
            place = bisect_right(chain, at, key=lambda each: each.begin)
            if place and at < chain[place - 1].end:
                before = chain[place - 1].engagement()
                move(chain[place - 1])
                after = chain[place - 1].engagement()
                if before != after:
                    moved[agency_id] = (before,), (after,)
        return moved

    def _opened(self, chain: list[_Open], place: int, contact: Contact) -> Moved:
        """Open an engagement at `place`, and divide what follows again where it is in the way.

        That ends at the first engagement that begins after the one before it has ended: from
        there on none changes.
        """
        replaced: list[_Open] = []
        opened = [self._open(contact)]
        for later in chain[place:]:
            if later.begin >= opened[-1].end:
                break
            replaced.append(later)
            if later.members[-1].at < opened[-1].end:
                opened[-1].absorb(later)
                continue
            for member in later.members:
                if member.at < opened[-1].end:
                    opened[-1].join(member)
                else:
                    opened.append(self._open(member))
        before, after = _by_start(replaced), _by_start(opened)
        chain[place : place + len(replaced)] = opened
        return (
            tuple(each for begin, each in before.items() if after.get(begin) != each),
            tuple(each for begin, each in after.items() if before.get(begin) != each),
        )

    def _open(self, first: Contact) -> _Open:
        """An engagement of one conversation, with the payments and endings that lie in it."""
        opened = _Open(first, self._horizon_us, self._currency)
        low = bisect_left(self._payments, (first.at,))
        high = bisect_left(self._payments, (opened.end,))
        for _, payment_id in self._payments[low:high]:
            opened.pay(self._paid[payment_id])
        low, high = (bisect_left(self._endings, (at,)) for at in (first.at, opened.end))
        for at, by in self._endings[low:high]:
            opened.end_contract(at, by)
        return opened


def _by_start(engagements: Iterable[_Open]) -> dict[int, Engagement]:
    return {each.begin: each.engagement() for each in engagements}
