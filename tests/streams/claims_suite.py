"""What every arbiter must do: one suite, over the double and over the store.

Run as `python -m tests.streams.claims_suite DIRECTORY`, it runs over a store of its own and
prints what went wrong as JSON, by check: the engine in process opens one store a process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from infra.clickhouse.client import open_embedded
from infra.clickhouse.schema import migrate
from infra.clickhouse.store import ClickHouseStore
from processors.identity.claims import Claim, Verdict
from streams.facts.claims import Claims, StoreClaims

ACCEPTED, KNOWN, CONFLICT = Verdict.ACCEPTED, Verdict.KNOWN, Verdict.CONFLICT

NewWorker = Callable[[], Claims]
"""An arbiter that remembers nothing, on the claims there are."""
Check = Callable[[NewWorker], Awaitable[None]]


def claim(event_id: str, digest: str, client: str, customer: str = "p:1") -> Claim:
    return Claim(client, event_id, customer, digest)


async def the_first_stands_and_what_says_the_same(worker: NewWorker) -> None:
    claims = worker()
    assert await claims.judge([claim("a", "1", "first")]) == [ACCEPTED]
    assert await claims.judge([claim("a", "1", "first"), claim("b", "1", "first")]) == [
        ACCEPTED,
        ACCEPTED,
    ]


async def what_says_something_else_is_in_conflict_for_any_customer(worker: NewWorker) -> None:
    claims = worker()
    await claims.judge([claim("a", "1", "other")])
    said = [claim("a", "2", "other", customer) for customer in ("p:1", "p:2")]
    assert await claims.judge(said) == [CONFLICT, CONFLICT]
    assert await claims.judge([claim("a", "1", "other")]) == [ACCEPTED], "the first still accepted"


async def clients_are_apart(worker: NewWorker) -> None:
    claims = worker()
    both = [claim("a", "1", "apart"), claim("a", "2", "another")]
    assert await claims.judge(both) == [ACCEPTED, ACCEPTED]
    assert await claims.judge([claim("a", "2", "apart"), claim("a", "1", "another")]) == [
        CONFLICT,
        CONFLICT,
    ]


async def within_a_batch_the_first_claims(worker: NewWorker) -> None:
    batch = [claim("a", digest, "batch") for digest in ("1", "2", "1", "3")]
    assert await worker().judge(batch) == [ACCEPTED, CONFLICT, ACCEPTED, CONFLICT]


async def a_claim_outlives_its_worker(worker: NewWorker) -> None:
    await worker().judge([claim("a", "1", "outlives")])
    again = worker()
    assert await again.judge([claim("b", "2", "outlives"), claim("a", "2", "outlives")]) == [
        ACCEPTED,
        CONFLICT,
    ]
    assert await worker().judge([claim("a", "1", "outlives")]) == [ACCEPTED]


async def nothing_is_asked_of_nobody(worker: NewWorker) -> None:
    assert await worker().judge([]) == []


async def many_at_once_have_one_answer_each(worker: NewWorker) -> None:
    batch = [claim(str(n % 700), str(n % 2), "many") for n in range(2000)]
    first = {str(n): str(n % 2) for n in range(700)}
    answers = await worker().judge(batch)
    assert answers == [ACCEPTED if first[c.event_id] == c.digest else CONFLICT for c in batch]
    assert await worker().judge(batch) == answers


async def those_who_ask_at_the_same_time_agree(worker: NewWorker) -> None:
    claims = worker()
    answers = await asyncio.gather(
        *(claims.judge([claim("a", str(n % 3), "race")]) for n in range(9))
    )
    accepted = [n % 3 for n, (answer,) in enumerate(answers) if answer is ACCEPTED]
    assert len(set(accepted)) == 1
    assert len(accepted) == 3


async def strange_names_are_only_names(worker: NewWorker) -> None:
    names = ("x' OR 1=1 --", "è|☎", '["a", "b"]', "\\")
    claims = worker()
    assert await claims.judge([claim(n, "1", "strange") for n in names]) == [ACCEPTED] * len(names)
    again = worker()
    assert await again.judge([claim(n, "2", "strange") for n in names]) == [CONFLICT] * len(names)


async def an_older_event_is_known_by_what_it_says(worker: NewWorker) -> None:
    """The journal sends it under the name made of its id; its sender under its full name."""
    claims = worker()
    itself = Claim("older", "e:unsourced", "p:1", "facts", "e:unsourced", lambda: "facts")
    assert await claims.judge([itself]) == [ACCEPTED]
    again = Claim("older", "e:full", "p:1", "all", "e:unsourced", lambda: "facts")
    other = Claim("older", "e:other", "p:2", "all", "e:unsourced", lambda: "other facts")
    assert await claims.judge([again, other, itself]) == [KNOWN, ACCEPTED, ACCEPTED]
    assert await worker().judge([again, other]) == [KNOWN, ACCEPTED]


CHECKS: tuple[Check, ...] = (
    the_first_stands_and_what_says_the_same,
    what_says_something_else_is_in_conflict_for_any_customer,
    clients_are_apart,
    within_a_batch_the_first_claims,
    a_claim_outlives_its_worker,
    nothing_is_asked_of_nobody,
    many_at_once_have_one_answer_each,
    those_who_ask_at_the_same_time_agree,
    strange_names_are_only_names,
    an_older_event_is_known_by_what_it_says,
)


async def what_is_no_longer_remembered_is_looked_up(store: ClickHouseStore) -> None:
    """Of the store alone: memory ends somewhere."""
    claims = StoreClaims(store, lambda: 7, remembered=2)
    for n in range(9):
        assert await claims.judge([claim(str(n), "1", "memory")]) == [ACCEPTED]
    for n in range(9):
        assert await claims.judge([claim(str(n), "2", "memory")]) == [CONFLICT]


def over_a_store(directory: Path) -> dict[str, str]:
    """What went wrong, by check."""
    client = open_embedded(directory)
    migrate(client)
    client.close()
    store = ClickHouseStore(lambda: open_embedded(directory))
    ticks = iter(range(1_772_000_000_000_000, 1_773_000_000_000_000))

    def worker() -> StoreClaims:
        return StoreClaims(store, lambda: next(ticks))

    async def every() -> dict[str, str]:
        found = {}
        runs: dict[str, Callable[[], Awaitable[None]]]
        runs = {check.__name__: partial(check, worker) for check in CHECKS}
        runs["memory ends"] = partial(what_is_no_longer_remembered_is_looked_up, store)
        for name, run in runs.items():
            try:
                await run()
            except AssertionError:
                found[name] = traceback.format_exc()
            else:
                found[name] = ""
        return found

    try:
        return asyncio.run(every())
    finally:
        with suppress(Exception):
            store.close()


if __name__ == "__main__":
    print(json.dumps(over_a_store(Path(sys.argv[1]))))
