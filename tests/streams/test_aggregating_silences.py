"""Silences as `aggregate` publishes them: by which clock, after which wait, and when taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from processors.alerts.settings import read_alert_settings
from processors.event_time import to_us
from schemas import rows
from schemas.derived import AlertKind, AlertStatus
from tests.streams.alert_world import PAYER, AlertWorld, call_on, end_of, weeks
from tests.streams.pipeline import BEGIN, paid, scored

FIVE_WEEKS = 35
"""Bora's last usual day is a Friday, day 32; 35 is a Monday."""


class Wall:
    """A wall clock that shows what it is set to."""

    def __init__(self) -> None:
        self.day = 0.0

    def __call__(self) -> int:
        return to_us(BEGIN + timedelta(days=self.day))


@pytest.fixture
def world() -> AlertWorld:
    return AlertWorld()


async def test_it_opens_by_the_clock_of_the_other_agencies_and_resolves_with_a_call(
    world: AlertWorld,
) -> None:
    worker = world.worker()
    await world.play(worker, [*weeks(0, FIVE_WEEKS), *weeks(0, 37, "aurora")])
    await world.hush(worker)
    assert world.published() == []
    await world.play(worker, weeks(37, 38, "aurora"))
    await world.hush(worker)
    (opened,) = world.published()
    assert (opened.kind, opened.status, opened.agency_id) == (
        AlertKind.SILENCE,
        AlertStatus.OPEN,
        "bora",
    )
    assert opened.opened_at == end_of(36)
    assert opened.since == BEGIN + timedelta(days=32, hours=1)
    assert (opened.baseline, opened.level, opened.n, opened.quotes) == (2, 0, 2, [])
    await world.hush(worker)
    await world.play(worker, weeks(38, 39, "aurora"))
    await world.hush(worker)
    assert [(alert.alert_id, alert.n) for alert in world.published()] == [
        (opened.alert_id, 2),
        (opened.alert_id, 3),
    ]
    await world.play(worker, [call_on(38, 6), call_on(38, 12, "aurora")])
    resolved = world.published()[-1]
    assert (resolved.alert_id, resolved.status) == (opened.alert_id, AlertStatus.RESOLVED)
    assert resolved.resolved_at == BEGIN + timedelta(days=38, hours=4)
    assert len(world.store.rows(rows.ALERTS)) == 1


async def test_it_is_not_published_while_calls_may_be_on_their_way(world: AlertWorld) -> None:
    """Aurora's partition may simply be read before bora's."""
    worker = world.worker()
    await world.play(worker, [*weeks(0, FIVE_WEEKS), *weeks(0, 60, "aurora")])
    await worker.judge_silences()
    await world.play(worker, weeks(FIVE_WEEKS, 60))
    await world.hush(worker)
    assert world.published() == []


async def test_when_every_event_is_processed_it_is_published_at_once(world: AlertWorld) -> None:
    worker = world.worker()
    await world.play(worker, [*weeks(0, FIVE_WEEKS), *weeks(0, 60, "aurora")])
    await worker.judge_all_silences()
    assert [alert.kind for alert in world.published()] == [AlertKind.SILENCE]
    await worker.judge_all_silences()
    assert len(world.published()) == 1


async def test_payments_do_not_show_that_the_calls_have_arrived(world: AlertWorld) -> None:
    """They come by a shorter way than calls that have to be transcribed."""
    worker = world.worker()
    payer = scored("payer", PAYER, BEGIN + timedelta(days=32), "bora")
    await world.play(worker, [*weeks(0, FIVE_WEEKS), payer])
    await world.play(worker, [paid("paid", PAYER, BEGIN + timedelta(days=45))])
    assert "'payment_new': 1" in str(worker.progress.report())
    await world.hush(worker)
    assert world.published() == []


async def test_late_calls_that_fill_the_gap_retract_it(world: AlertWorld) -> None:
    worker = world.worker()
    await world.play(worker, [*weeks(0, FIVE_WEEKS), *weeks(0, 40, "aurora")])
    await world.hush(worker)
    (opened,) = world.published()
    await world.play(worker, [call_on(36)])
    gone, moved = world.published()[-2:]
    if gone.status is not AlertStatus.RETRACTED:
        gone, moved = moved, gone
    assert (gone.alert_id, gone.status) == (opened.alert_id, AlertStatus.RETRACTED)
    assert (moved.opened_at, moved.status) == (end_of(38), AlertStatus.OPEN)
    await world.play(worker, weeks(FIVE_WEEKS, 40))
    assert world.standing() == {}
    assert {row["status"] for row in world.store.rows(rows.ALERTS).values()} == {"retracted"}


async def test_a_silence_that_has_ended_is_published_when_all_events_have_arrived(
    world: AlertWorld,
) -> None:
    worker = world.worker()
    await world.play(worker, [*weeks(0, FIVE_WEEKS), call_on(39), call_on(39, 8)])
    assert world.published() == []
    await world.hush(worker)
    (silence,) = world.published()
    assert (silence.status, silence.n) == (AlertStatus.RESOLVED, 4)


async def test_in_production_the_wall_clock_counts_when_nothing_comes_at_all() -> None:
    wall = Wall()
    world = AlertWorld(wall_us=wall)
    worker = world.worker()
    wall.day = 32.2
    await world.play(worker, weeks(0, FIVE_WEEKS))
    for wall.day in (32.3, 36.5):
        await worker.aggregator.advance()
        await worker.judge_silences()
        assert world.published() == []
    wall.day = 36.7
    await worker.judge_silences()
    (opened,) = world.published()
    assert (opened.status, opened.opened_at) == (AlertStatus.OPEN, end_of(36))


async def test_after_an_outage_it_waits_until_what_was_missed_is_processed() -> None:
    wall = Wall()
    world = AlertWorld(wall_us=wall)
    worker = world.worker()
    wall.day = 47.1
    for begin in range(0, 41, 5):
        await world.play(worker, weeks(begin, begin + 5))
        await worker.aggregator.advance()
        await worker.judge_silences()
    assert world.published() == []
    await world.play(worker, weeks(0, 48, "aurora"))
    await worker.judge_silences()
    assert world.published() == []
    wall.day = 51.05
    await world.play(worker, weeks(48, 52, "aurora"))
    await worker.judge_silences()
    assert [alert.agency_id for alert in world.published()] == ["bora"]


async def test_a_call_dated_ahead_moves_no_clock_in_production() -> None:
    wall = Wall()
    world = AlertWorld(wall_us=wall)
    worker = world.worker()
    wall.day = 32.2
    ahead = scored("ahead", "p:ahead", BEGIN + timedelta(days=400), "aurora")
    await world.play(worker, [*weeks(0, FIVE_WEEKS), ahead])
    await world.hush(worker)
    assert world.published(AlertKind.SILENCE) == []


async def test_a_restart_retracts_nothing_and_publishes_nothing_twice(world: AlertWorld) -> None:
    worker = world.worker()
    await world.play(worker, [*weeks(0, FIVE_WEEKS), *weeks(0, 40, "aurora")])
    await world.hush(worker)
    published = world.published()
    assert len(published) == 1
    restarted = world.worker()
    await world.play(restarted, [call_on(3, 5, "aurora"), call_on(3, 5)])
    await restarted.judge_silences()
    assert world.published() == published
    await world.hush(restarted)
    assert world.published() == published


async def test_each_client_company_has_its_own_days() -> None:
    settings = read_alert_settings('{"acqua": {"silence_days": 4}, "*": {"silence_days": "off"}}')
    world = AlertWorld(alerts=settings)
    worker = world.worker()
    await world.play(worker, [*weeks(0, FIVE_WEEKS), *weeks(0, 39, "aurora")])
    await world.hush(worker)
    assert world.published() == []
    await world.play(worker, weeks(39, 40, "aurora"))
    await world.hush(worker)
    (opened,) = world.published()
    assert opened.opened_at == end_of(38)
    other = AlertWorld(alerts={"*": settings["*"]})
    worker = other.worker()
    await other.play(worker, [*weeks(0, FIVE_WEEKS), *weeks(0, 60, "aurora")])
    await other.hush(worker)
    assert other.published() == []
