"""Facts with future times that an earlier version stored: moved to the dead letters."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from infra.settings import Settings
from processors.identity.future import FROM_THE_FUTURE
from schemas.rows import DEAD_LETTERS

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from infra.clickhouse.journal import Journaled


def reject_future_facts(client: Client, settings: Settings) -> int:
    """Move the journal's facts from the future to the dead letters; returns how many.

    The letters are in the store before the facts leave the journal, so a crash loses none.
    """
    from infra.clickhouse.journal import delete_facts_after, facts_after

    now = settings.now()
    latest = now + timedelta(seconds=settings.future_tolerance)
    facts = facts_after(client, latest)
    if not facts:
        return 0
    version = time.time_ns() // 1000
    rows = [_letter(fact, now, version) for fact in facts]
    client.insert(
        DEAD_LETTERS.name,
        [[row[name] for name in DEAD_LETTERS.columns] for row in rows],
        column_names=list(DEAD_LETTERS.columns),
    )
    delete_facts_after(client, latest)
    return len(facts)


def _letter(fact: Journaled, now: datetime, version: int) -> dict[str, object]:
    from schemas.dead_letters import dead_letter

    letter = dead_letter(
        topic=fact.topic,
        origin=f"{fact.topic}/{fact.partition}/journal",
        original=fact.payload.encode(),
        reason=(
            "its time lies in the future; an earlier version had taken it in (the clock said "
            f"{now.isoformat(timespec='seconds')}): replay this letter when its time has come"
        ),
        error_class=FROM_THE_FUTURE,
        event_id=fact.event_id,
        client_id=fact.client_id,
    )
    written_at = datetime.fromtimestamp(version / 1e6, UTC)
    return {**letter.model_dump(mode="python"), "written_at": written_at, "version": version}
