"""Agents attached to a real Faust app, fed through `agent.test_context()`, without a broker."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import faust
import pytest
from faust.types import TP

from infra.settings import Settings
from processors.engagements.horizons import Horizons
from processors.scoring.lexicon_scorer import LexiconReader
from schemas.changes import ChangeBatch
from schemas.codec import decode, encode
from schemas.derived import CallScored, CallTranscribed, DeadLetter
from schemas.topics import (
    BEFORE_LINKING,
    CALL_SCORED,
    CALL_TRANSCRIBED,
    CHANGELOGS,
    DEAD_LETTER,
    ENGAGEMENT_CHANGED,
    Topic,
)
from streams.agents import link, score, transcribe
from streams.agents.link import Linker, LinkSettings
from streams.agents.score import Scorer
from streams.agents.store import SINKS
from streams.agents.store_facts import FACT_SINKS, SCORES
from streams.analytics import attach_analytics
from streams.facts.conflicts import Conflicts
from streams.facts.customers import Customers
from streams.runtime.app import build_app
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.intake import Intake
from streams.runtime.progress import Progress
from streams.transport.fetched import Fetched
from streams.workers import ANALYTICS, SCORER, attach, attach_scorer, attach_transcriber
from tests.streams.doubles import (
    Effects,
    MemoryArchive,
    MemoryBroker,
    MemoryClaims,
    MemoryOriginals,
    MemoryOutbox,
    MemoryStore,
    MemoryTable,
    ScoringHere,
)
from tests.streams.pipeline import BEGIN, KEY, scored
from tests.waiting import until


@pytest.fixture
def app(tmp_path: Path) -> faust.App:
    settings = Settings(data_dir=tmp_path, embedded=True, partitions=4)
    return build_app(ANALYTICS, settings)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


async def feed(app: faust.App, topic: Topic, intake: Intake, values: list[bytes]) -> None:
    """Feed an agent what a partition was fetched with, until it is done with all of it."""
    attach(app, "agent", (topic,), intake.take, size=10)
    assignment = SimpleNamespace(active=True)
    records = [
        SimpleNamespace(offset=n, value=value, headers=(), timestamp=0, timestamp_type=0)
        for n, value in enumerate(values)
    ]
    done: list[int] = []
    cast(Any, app.consumer).done = lambda *reached: done.append(reached[-1])
    fetched = Fetched(TP(topic.name, 1), records, assignment, None, len(records))
    async with app.agents["agent"].test_context() as context:
        await context.put(value=fetched, key=b"k", partition=1, wait=False)
        await until(lambda: done == [len(records)])


def transcribed() -> bytes:
    event = decode(scored("e", "p:c", BEGIN).value, CallScored)
    assert isinstance(event, CallScored)
    return encode(
        CallTranscribed(
            call=event.call, turns=event.turns, survey=None, from_audio=True, transcriber="m"
        )
    )


async def test_score_scores_and_rejects_in_a_faust_app(
    app: faust.App, broker: MemoryBroker
) -> None:
    outbox, progress = MemoryOutbox(broker), Progress()
    letters = DeadLetters(outbox, progress)
    intake = Intake(Scorer(outbox, letters, progress, ScoringHere(LexiconReader())).handle, letters)
    await feed(app, CALL_TRANSCRIBED, intake, [transcribed(), b"{", transcribed()])
    found = [decode(raw, CallScored) for raw in broker.values(CALL_SCORED.name)]
    assert len(found) == 2
    assert found[0] == found[1], "the same text gets the same scores"
    assert all(place[1] == 1 for place in broker.logs if place[0] == CALL_SCORED.name)
    (letter,) = [decode(raw, DeadLetter) for raw in broker.values(DEAD_LETTER.name)]
    assert isinstance(letter, DeadLetter)
    assert letter.origin == "call-transcribed/1/1"


async def test_link_links_in_a_faust_app(app: faust.App, broker: MemoryBroker) -> None:
    outbox, progress = MemoryOutbox(broker), Progress()
    letters = DeadLetters(outbox, progress)
    table = MemoryTable({})
    customers = Customers(
        table,
        MemoryTable({}),
        MemoryArchive({}, Effects()),
        horizons=Horizons(),
        grace_hours=24,
        now_us=lambda: 0,
    )
    conflicts = Conflicts(MemoryClaims({}), MemoryOriginals(broker), letters, progress)
    linker = Linker(customers, conflicts, outbox, letters, progress, LinkSettings(KEY, Horizons()))
    values = [scored(f"e{n}", "p:c", BEGIN).value for n in range(3)]
    await feed(app, CALL_SCORED, Intake(linker.handle, letters), values)
    batches = [decode(raw, ChangeBatch) for raw in broker.values(ENGAGEMENT_CHANGED.name)]
    changes = [change for batch in batches for change in batch.changes]
    assert [change.position.offset for change in changes] == [0, 1, 2]
    assert list(table) == ["acqua|p:c"]


async def test_the_analytics_worker_has_its_agents_and_the_changelogs_of_the_admin_step(
    app: faust.App, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, embedded=True, partitions=4)
    analytics = attach_analytics(app, settings, MemoryStore(), Progress(), lambda: 0)
    assert set(app.agents) == {
        "link",
        "aggregate",
        *(f"store-{sink.table.name}" for sink in (*FACT_SINKS, SCORES, *SINKS)),
    }
    parts = (analytics.link._make(3), analytics.aggregate._make(3))
    tables = [table for part in parts for table in part.tables]
    assert {table.topic for table in tables} == set(CHANGELOGS)
    assert {table.partition for table in tables} == {3}
    assert not app.conf.topic_allow_declare
    assert not app.conf.web_enabled


def test_the_scorer_has_one_agent(tmp_path: Path) -> None:
    app = build_app(SCORER, Settings(data_dir=tmp_path, embedded=True))
    attach_scorer(app, Progress(), ScoringHere(LexiconReader()))
    assert set(app.agents) == {"score"}
    assert app.conf.id == "ascolto-scorer"


def test_the_transcriber_has_one_agent(tmp_path: Path) -> None:
    app = build_app("transcriber", Settings(data_dir=tmp_path, embedded=True))
    attach_transcriber(app, None)
    assert set(app.agents) == {"transcribe"}
    assert app.conf.id == "ascolto-transcriber"


def test_what_is_not_linked_yet_is_what_the_agents_before_it_read() -> None:
    read = {topic for agent in (transcribe, score, link) for topic in agent.TOPICS}
    assert set(BEFORE_LINKING) == read
