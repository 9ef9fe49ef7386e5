"""The arbiter: which of the events with one identity is accepted, agreed by all who ask.

The first to ask claims an identity for what its event says, in a table of the store that outlives
every worker; who asks after it, for another customer, in another partition or after a restart,
finds that claim. The agents that write facts ask before they write, so all of them take in the
same events. Of what is claimed, no more than a digest is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from infra.clickhouse.store import Store
from processors.identity.claims import Claim, Name, Verdict, verdict
from schemas.rows import EVENT_CLAIMS, FIRST_WINS

REMEMBERED = 100_000
"""Identities in memory, about 250 bytes each; twice as many for a while."""


class Claims(Protocol):
    """Where identities are claimed; asking twice gives the same answer. Waits for a store that is
    away."""

    async def judge(self, claims: Sequence[Claim]) -> list[Verdict]:
        """What becomes of each event, in order; of equal names among them the first claims."""


class StoreClaims:
    """Claims in a table of the store: a read and at most one insert with its read a batch, none of
    them if all was asked for lately.

    Questions are answered one after another, so that those of one worker never race. Two workers
    could both claim one identity if they asked within the same milliseconds: then the claim of
    the earlier clock holds from there on.
    """

    def __init__(
        self, store: Store, now_us: Callable[[], int], remembered: int = REMEMBERED
    ) -> None:
        self._store = store
        self._now_us = now_us
        self._lately = _Lately(remembered)
        self._older: bool | None = None
        self._turn = asyncio.Lock()

    async def judge(self, claims: Sequence[Claim]) -> list[Verdict]:
        """What becomes of each event."""
        if not claims:
            return []
        async with self._turn:
            standing = await self._standing(claims)
        return [verdict(claim, standing) or Verdict.ACCEPTED for claim in claims]

    async def _standing(self, claims: Sequence[Claim]) -> dict[Name, str]:
        """The digests that hold of all names asked for, when those that may claim have claimed."""
        standing = self._lately.of(claim.name for claim in claims)
        unknown = [claim for claim in claims if claim.name not in standing]
        if unknown:
            names = {claim.name for claim in unknown}
            if await self._holds_older():
                names |= {claim.older_name for claim in unknown if claim.older_name is not None}
            standing |= await self._read(names)
            new = {c.name: c for c in reversed(unknown) if verdict(c, standing) is None}
            if new:
                self._older = self._older or any(claim.is_older for claim in new.values())
                standing |= await self._claim(list(new.values()))
            self._lately.remember(standing)
        return standing

    async def _claim(self, new: Sequence[Claim]) -> dict[Name, str]:
        version = FIRST_WINS - self._now_us()
        rows = [
            {
                "client_id": claim.client_id,
                "event_id": claim.event_id,
                "customer": claim.customer,
                "digest": claim.digest,
                "older": claim.is_older,
                "version": version,
            }
            for claim in new
        ]
        await self._store.insert(EVENT_CLAIMS, rows)
        own = {claim.name: claim.digest for claim in new}
        return own | await self._read(own)

    async def _read(self, names: Iterable[Name]) -> dict[Name, str]:
        """The digests that hold of `names`; the first claim has the greatest version. Faster than
        `FINAL`, which would merge every part that a name might lie in."""
        wanted = set(names)
        rows = await self._store.read(
            "SELECT client_id, event_id, argMax(digest, version) FROM event_claims "
            "WHERE client_id IN {clients:Array(String)} AND event_id IN {events:Array(String)} "
            "GROUP BY client_id, event_id",
            {
                "clients": sorted({client for client, _ in wanted}),
                "events": sorted(event for _, event in wanted),
            },
        )
        found = {(client, event): digest for client, event, digest in rows}
        return {name: found[name] for name in wanted & found.keys()}

    async def _holds_older(self) -> bool:
        """Whether the store has events that were named without their source."""
        if self._older is None:
            rows = await self._store.read("SELECT count() FROM event_claims WHERE older", {})
            self._older = bool(rows[0][0])
        return self._older


class _Lately:
    """The latest claims asked for: between `size` and twice as many."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._young: dict[Name, str] = {}
        self._old: dict[Name, str] = {}

    def of(self, names: Iterable[Name]) -> dict[Name, str]:
        """Those of `names` that are remembered."""
        found = {}
        for name in names:
            digest = self._young.get(name) or self._old.get(name)
            if digest is not None:
                found[name] = digest
        return found

    def remember(self, claims: dict[Name, str]) -> None:
        """Remember `claims`, the longest ago forgotten."""
        self._young |= claims
        if len(self._young) > self._size:
            self._old, self._young = self._young, {}
