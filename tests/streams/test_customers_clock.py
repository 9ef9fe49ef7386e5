"""Which events show that a customer's engagement is over."""

from __future__ import annotations

from datetime import timedelta

from processors.engagements.facts import Payment
from processors.engagements.horizons import Horizons
from processors.event_time import to_us
from schemas.changes import Position
from streams.facts.customers import Arrival, Customers
from tests.figures.test_engagements import call, paid
from tests.streams.doubles import Effects, MemoryArchive, MemoryTable
from tests.streams.pipeline import BEGIN

T0 = to_us(BEGIN)
LATER = to_us(BEGIN + timedelta(days=90))


async def test_payments_that_run_ahead_settle_nothing_and_make_no_conversation_late() -> None:
    """They come by a shorter way than conversations, which are transcribed and scored first."""
    customers = Customers(
        MemoryTable({}),
        MemoryTable({}),
        MemoryArchive({}, Effects()),
        horizons=Horizons(),
        grace_hours=24,
        now_us=lambda: LATER,
    )
    said, ahead = call("1", T0), paid("p", LATER)
    assert isinstance(ahead, Payment)
    arrivals = [Arrival(said, Position("call-scored", 0, 0))]
    assert await customers.load(arrivals) == {}
    await customers.save({}, [said, ahead])
    assert not customers.is_late(call("2", T0 + 1))
    await customers.save({}, [call("3", LATER)])
    assert customers.is_late(call("2", T0 + 1))
