"""Measures the analytics worker's state: `python -m tests.figures.measure_state`.

Prints the bytes of a customer's and of an agency's state as the workers keep them, and what
follows from them for larger numbers: the table of `docs/state.md`.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

from processors.engagements.facts import Fact, Payment, ScoredCall
from processors.engagements.history import CustomerState, observe
from processors.event_time import DAY_US
from processors.metrics.hourly_sums import DayState, Effects, apply
from schemas.changes import Position, WorstQuote
from schemas.figures import Segment
from streams.state.tables import packed

HORIZON_DAYS, GRACE_DAYS = 30, 7
CALLS, PAYMENTS = 3, 1
"""Events of a typical engagement."""

CALLS_A_DAY = 200
DAYS = 120
T0 = 20_000 * DAY_US
OVERHEAD = 300
"""Bytes CPython takes for two bytes objects, the table's slot, and the key's partition."""

SEGMENTS = (
    ("debt_collection", "credit_management", "customer_care"),
    ("reminder", "lost_invoice", "payment_plan", "dispute", "legal_notice", "survey"),
    ("phone", "phone", "phone", "email", "whatsapp"),
    ("household", "household", "small_business", "large_company", "public_body"),
)


def call(rng: random.Random, customer: str, at: int) -> ScoredCall:
    """A scored conversation."""
    aggression = rng.randrange(10_000)
    event_id = f"{rng.getrandbits(128):032x}"
    quote = WorstQuote(aggression, event_id, 3, "x" * 80)
    segment = [rng.choice(values) for values in SEGMENTS]
    scores = aggression, rng.randrange(10_000), rng.randrange(-9_999, 9_999), rng.randrange(11)
    return ScoredCall(
        event_id, "acqua", customer, at, "aurora", Segment(*segment), *scores, None, quote
    )


def engagement(rng: random.Random, customer: str) -> Iterator[Fact]:
    """The events of one engagement."""
    for number in range(CALLS):
        yield call(rng, customer, T0 + number * DAY_US + rng.randrange(DAY_US))
    for _ in range(PAYMENTS):
        yield Payment(f"{rng.getrandbits(128):032x}", "acqua", customer, T0, 1_234_500, "EUR")


def customer_bytes(rng: random.Random) -> float:
    """Mean bytes of a customer with one engagement, key included."""
    total = 0
    for _ in range(200):
        customer = f"{rng.getrandbits(96):024x}"
        state: CustomerState | None = None
        for offset, fact in enumerate(engagement(rng, customer)):
            position = Position("call-scored", 3, 1_000_000 + offset)
            state = observe(state, fact, position).state
        total += len(packed(dict(state or {}))) + len(f"acqua|{customer}")
    return total / 200


def day_bytes(rng: random.Random) -> float:
    """Mean bytes of an agency's day, key included."""
    days: dict[int, DayState] = {}
    for offset in range(CALLS_A_DAY * DAYS):
        at = T0 + offset * DAY_US // CALLS_A_DAY
        fact = call(rng, f"c{offset}", at)
        position = Position("call-scored", offset % 6, offset)
        for change in observe(None, fact, position).changes:
            effects = Effects(change)
            for day in effects.days:
                days[day] = apply(days.get(day), day, effects, position)
    full = list(days.values())[HORIZON_DAYS : DAYS - 1]
    return sum(len(packed(dict(day))) + 20 for day in full) / len(full)


def main() -> None:
    """Print the measures and the table."""
    rng = random.Random(1)
    customer, day = customer_bytes(rng) + OVERHEAD, day_bytes(rng) + OVERHEAD
    print(f"a customer at hand ({CALLS} calls, {PAYMENTS} payment): {customer:.0f} bytes")
    print(f"an agency's day ({CALLS_A_DAY} calls): {day:.0f} bytes")
    print(f"an agency's year: {365 * day / 1e6:.1f} MB")
    print("\n| customers | at hand | their state | agencies | their days, a year | in all |")
    print("|---|---|---|---|---|---|")
    sizes = ((10_000, 3), (100_000, 10), (1_000_000, 30), (10_000_000, 200), (100_000_000, 1000))
    for customers, agencies in sizes:
        at_hand = customers // 20
        states, days = at_hand * customer, agencies * 365 * day
        print(
            f"| {customers:,} | {at_hand:,} | {_shown(states)} | {agencies:,} | "
            f"{_shown(days)} | {_shown(states + days)} |"
        )


def _shown(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
