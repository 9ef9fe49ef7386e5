"""Rises and falls as `aggregate` publishes them: once, over a restart, retracted when undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from processors.alerts.settings import AlertSettings
from schemas import rows
from schemas.derived import AlertKind, AlertStatus
from schemas.topics import DEAD_LETTER
from streams.agents import alerts as alert_watch
from streams.runtime.outbox import Message
from tests.streams.alert_world import ALL_QUICK, PAYER, QUICK, AlertWorld
from tests.streams.pipeline import BEGIN, paid, scored

RISE = BEGIN + timedelta(days=6)


def calls(first: datetime, hours: int, levels: tuple[float, ...], name: str) -> Iterator[Message]:
    """Two conversations an hour of the agency bora, each with a customer of its own."""
    for number in range(2 * hours):
        at = first + timedelta(minutes=30 * number)
        level = levels[number % len(levels)]
        yield scored(f"{name}{number}", f"p:{name}{number}", at, "bora", level)


def usual() -> list[Message]:
    return [
        message
        for day in range(6)
        for message in calls(BEGIN + timedelta(days=day), 5, (0.2, 0.3, 0.1), f"usual{day}-")
    ]


def rise() -> list[Message]:
    return list(calls(RISE, 4, (0.9, 0.8), "rise"))


def elsewhere(at: datetime) -> Message:
    """A conversation of another agency: it moves the client's time on."""
    return scored(f"elsewhere{at:%d%H%M}", "p:elsewhere", at, "aurora", 0.2)


@pytest.fixture
def world() -> AlertWorld:
    return AlertWorld()


async def test_an_alert_opens_once_and_is_published_again_only_when_it_differs(
    world: AlertWorld,
) -> None:
    worker = world.worker()
    await world.play(worker, [*usual(), *rise(), elsewhere(RISE + timedelta(hours=6))])
    opened = world.published()
    assert {alert.alert_id for alert in opened} == {opened[0].alert_id}
    assert opened[-1].status is AlertStatus.OPEN
    assert opened[-1].n == 8
    assert opened[-1].quotes[0].text.startswith("frase di rise")
    assert opened[-1].since == RISE
    await world.play(worker, [elsewhere(RISE + timedelta(hours=9))])
    assert world.published() == opened
    assert len(world.store.rows(rows.ALERTS)) == 1


async def test_it_has_the_same_id_after_a_restart_and_is_not_published_twice(
    world: AlertWorld,
) -> None:
    await world.play(world.worker(), [*usual(), *rise(), elsewhere(RISE + timedelta(hours=6))])
    before = world.published()
    restarted = world.worker()
    await world.play(restarted, [elsewhere(RISE + timedelta(hours=7))])
    assert world.published() == before
    more = list(calls(RISE + timedelta(hours=8), 2, (0.9,), "more"))
    await world.play(restarted, [*more, elsewhere(RISE + timedelta(hours=12))])
    last = world.published()[-1]
    assert (last.alert_id, last.status, last.n) == (before[0].alert_id, AlertStatus.OPEN, 12)


async def test_it_is_published_when_the_time_moves_on_without_the_agency_after_a_restart(
    world: AlertWorld,
) -> None:
    await world.play(world.worker(), [*usual(), *rise()[:4]])
    assert world.published() == []
    await world.play(world.worker(), [elsewhere(RISE + timedelta(hours=6))])
    assert [alert.status for alert in world.published()] == [AlertStatus.OPEN]
    assert world.broker.values(DEAD_LETTER.name) == []


async def test_a_late_event_that_undoes_it_retracts_it(world: AlertWorld) -> None:
    worker = world.worker()
    await world.play(worker, [*usual(), *rise()[:4], elsewhere(RISE + timedelta(hours=6))])
    opened = world.published()
    calm = [
        scored(f"calm{n}", f"p:calm{n}", RISE + timedelta(minutes=n), "bora", 0.0)
        for n in range(50)
    ]
    await world.play(worker, calm)
    assert world.published()[-1].status is AlertStatus.RETRACTED
    assert world.published()[-1].alert_id == opened[0].alert_id
    (row,) = world.store.rows(rows.ALERTS).values()
    assert row["status"] == "retracted"
    await world.play(world.worker(), [elsewhere(RISE + timedelta(hours=7))])
    assert world.published()[-1].status is AlertStatus.RETRACTED


async def test_a_clock_that_a_restart_sets_back_takes_nothing_back(world: AlertWorld) -> None:
    """A payment moved it; after the restart only the calls in the store give the time."""
    worker = world.worker()
    payer = scored("payer", PAYER, RISE, "bora", 0.9)
    await world.play(worker, [*usual(), *rise()[:4], payer])
    assert world.published() == []
    await world.play(worker, [paid("paid", PAYER, RISE + timedelta(hours=6))])
    opened = world.published()
    assert [alert.status for alert in opened] == [AlertStatus.OPEN]
    late = scored("late", "p:late", BEGIN + timedelta(hours=2), "aurora")
    await world.play(world.worker(), [late])
    assert world.published() == opened


def rated(first: datetime, count: int, ratings: tuple[int, ...], name: str) -> list[Message]:
    """Two rated conversations an hour."""
    return [
        scored(
            f"{name}{number}",
            f"p:{name}{number}",
            first + timedelta(minutes=30 * number),
            "bora",
            0.2,
            rating=ratings[number % len(ratings)],
        )
        for number in range(count)
    ]


def liked() -> list[Message]:
    return [
        message
        for day in range(6)
        for message in rated(BEGIN + timedelta(days=day), 10, (10, 5, 9, 8, 10), f"liked{day}-")
    ]


async def test_a_fall_of_the_nps_opens_resolves_and_falls_away(world: AlertWorld) -> None:
    worker = world.worker()
    await world.play(worker, [*liked(), *rated(RISE, 12, (3, 5, 7), "fall")])
    await world.play(worker, [elsewhere(RISE + timedelta(hours=9))])
    opened = world.published()[-1]
    assert (opened.kind, opened.status, opened.quotes) == (
        AlertKind.NPS_FALL,
        AlertStatus.OPEN,
        [],
    )
    assert opened.since == RISE
    assert opened.baseline == pytest.approx(40, abs=15)
    assert opened.level == pytest.approx(-66.7, abs=0.1)
    assert opened.n == 12
    assert opened.rise_points == pytest.approx(opened.level - opened.baseline)
    assert opened.rise_sd < 0
    again = rated(RISE + timedelta(days=1), 30, (10, 9, 8, 10, 10), "again")
    await world.play(worker, [*again, elsewhere(RISE + timedelta(days=3))])
    assert (world.published()[-1].alert_id, world.published()[-1].status) == (
        opened.alert_id,
        AlertStatus.RESOLVED,
    )
    late = [
        scored(f"late{n}", f"p:late{n}", RISE + timedelta(minutes=6 * n), "bora", 0.2, rating=10)
        for n in range(60)
    ]
    await world.play(worker, late)
    assert world.published()[-1].status is AlertStatus.RETRACTED
    assert world.standing() == {}


async def test_predicted_ratings_open_nothing(world: AlertWorld) -> None:
    worker = world.worker()
    usual_calls = [*liked(), *calls(RISE, 20, (0.2, 0.3, 0.1), "unrated")]
    await world.play(worker, [*usual_calls, elsewhere(RISE + timedelta(days=2))])
    assert world.published() == []


async def test_what_a_client_company_has_switched_off_is_not_published() -> None:
    messages = [*usual(), *rise(), elsewhere(RISE + timedelta(hours=6))]
    others = AlertWorld(alerts={"luce": AlertSettings(None, None, None), "*": ALL_QUICK})
    await others.play(others.worker(), messages)
    assert len(others.standing()) == 1
    off = AlertWorld(alerts={"acqua": AlertSettings(None, QUICK, None), "*": ALL_QUICK})
    await off.play(off.worker(), messages)
    assert off.published() == []


async def test_an_agency_that_nothing_happened_to_is_not_folded_again(
    world: AlertWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Aurora's calls come one by one within an hour; bora has nothing to publish."""
    worker = world.worker()
    await world.play(worker, [*usual(), *liked()])
    folded: list[int] = []
    after_day = alert_watch._after_day

    def counted(states: Any, day: int, *others: Any) -> Any:
        folded.append(day)
        return after_day(states, day, *others)

    monkeypatch.setattr(alert_watch, "_after_day", counted)
    last = BEGIN + timedelta(days=5, hours=4, minutes=31)
    await world.play(worker, [elsewhere(last + timedelta(minutes=n)) for n in range(20)])
    assert folded == []
