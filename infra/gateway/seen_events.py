"""The events that this gateway has taken lately: the same id with other content is refused."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from cachetools import LRUCache

from infra.gateway.refusals import Reason, refused
from processors.identity.event_identity import content_digest, identity_of
from schemas.events import InboundEvent

MOST = 200_000
"""Events that are remembered."""


class SeenEvents:
    """Identities and contents, both hashed with a key of this process.

    It is a help for sources, not a guarantee: other gateways, an earlier run of this one and
    Kafka itself may have taken an event of that id. The workers find every conflict.
    """

    def __init__(self, most: int = MOST) -> None:
        self._key = secrets.token_bytes(32)
        self._contents: LRUCache[str, str] = LRUCache(most)

    def fingerprints(self, events: Sequence[InboundEvent]) -> list[tuple[str, str]]:
        """Identity and content of each event; may be called in any thread."""
        return [(identity_of(self._key, each), content_digest(self._key, each)) for each in events]

    def note(self, fingerprints: Sequence[tuple[str, str]]) -> list[str]:
        """Remember events; returns the identities that were not known.

        Raises:
            RequestRefused: 409, one has the id of an earlier one and other content.
        """
        new: dict[str, str] = {}
        reasons = []
        for index, (identity, content) in enumerate(fingerprints):
            known = self._contents.get(identity, new.get(identity))
            if known is None:
                new[identity] = content
            elif known != content:
                reasons.append(
                    Reason("an event of this source and id was sent with other content", index, 409)
                )
        if reasons:
            raise refused(reasons)
        self._contents.update(new)
        return list(new)

    def forget(self, identities: Sequence[str]) -> None:
        """Forget events that were not delivered."""
        for identity in identities:
            self._contents.pop(identity, None)
