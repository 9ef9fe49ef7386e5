"""What is sent into the embedded stack: events of a file, and the journal of an earlier run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from infra.clickhouse.checkpoint import State
from infra.clickhouse.journal import Journaled
from infra.kafka.emitter import Emitter, Line
from processors.identity.calls import call_of
from processors.identity.claims import Claim, Name, Verdict, claim_of_call, verdict
from processors.identity.event_identity import content_digest, identity_of, unsourced_identity
from processors.identity.pseudonyms import pseudonym
from schemas.codec import InvalidMessage, decode, encode
from schemas.conversation import CallScore
from schemas.dead_letters import dead_letter
from schemas.events import CallEndedEvent, InboundEvent
from schemas.topics import (
    CALL_ENDED,
    CALL_SCORED,
    CALL_TRANSCRIBED,
    CONTRACT_CANCELLED,
    DEAD_LETTER,
    PAYMENT_RECEIVED,
    PAYMENT_RETURNED,
    SURVEY_ANSWERED,
    Topic,
)

_JOURNALED: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        CALL_TRANSCRIBED,
        PAYMENT_RECEIVED,
        CONTRACT_CANCELLED,
        PAYMENT_RETURNED,
        SURVEY_ANSWERED,
    )
}


@dataclass
class Played:
    """What has become of a file's lines so far."""

    events: int = 0
    calls: int = 0
    invalid: int = 0
    already_known: int = 0
    waiting: list[Line] = field(default_factory=list)
    """Events to be sent when all others are processed, in order."""


@dataclass
class Known:
    """The journal's events: by identity, with the digest of their content."""

    key: bytes
    journaled: dict[Name, str] = field(default_factory=dict)

    @classmethod
    def of(cls, key: bytes, names: Iterable[Name], claims: Mapping[Name, str]) -> Known:
        """The events with these names, and the digests of what they said as far as it is known."""
        return cls(key, {name: claims.get(name, "") for name in names})

    def __len__(self) -> int:
        """Number of events."""
        return len(self.journaled)

    def holds(self, event: InboundEvent) -> bool:
        """Whether the journal has this event with this content: it need not be played again."""
        return bool(self.journaled) and (
            verdict(_claim(self.key, event), self.journaled) in (Verdict.ACCEPTED, Verdict.KNOWN)
        )


def _claim(key: bytes, event: InboundEvent) -> Claim:
    if isinstance(event, CallEndedEvent):
        return claim_of_call(key, call_of(event, key))
    data, digest = event.data, content_digest(key, event)
    return Claim(
        data.client_id,
        identity_of(key, event),
        pseudonym(key, data.client_id, data.customer_id),
        digest,
        unsourced_identity(key, data.client_id, event.type, event.id),
        lambda: digest,
    )


def restore(
    journal: Iterable[Journaled], emitter: Emitter, moved: Mapping[tuple[str, str], int]
) -> Iterator[int]:
    """Send the journal's facts again, to workers that have not what follows from them.

    Each goes to the partition it came from, or, of customers that have `moved`, to the one named,
    so that it meets the customer's later events. A call that was scored goes to where scored calls
    are taken in: it is not scored again. Yields how many are sent.
    """
    for number, fact in enumerate(journal, start=1):
        partition = moved.get((fact.client_id, fact.customer), fact.partition)
        topic, value = _JOURNALED[fact.topic], fact.payload.encode()
        scored = _with_score(fact) if fact.score else None
        if scored is not None:
            topic, value = CALL_SCORED, scored
        emitter.write(topic, fact.customer.encode(), value, partition)
        yield number
    emitter.confirm()


_OF_SCORED = ("call", "turns", "survey", "from_audio")


def _with_score(fact: Journaled) -> bytes | None:
    """The call as it was scored; None where its score is one that is not understood any more."""
    if isinstance(decode(fact.score.encode(), CallScore), InvalidMessage):
        return None
    said, score = json.loads(fact.payload), json.loads(fact.score)
    scored = {**{name: said[name] for name in _OF_SCORED}, "score": score}
    return json.dumps(scored, separators=(",", ":"), ensure_ascii=False).encode()


class NamedTopic(NamedTuple):
    """A topic by its name alone."""

    name: str


def restore_states(states: Iterable[State], emitter: Emitter) -> None:
    """Write the workers' states to their changelogs, from which workers that start read them."""
    for state in states:
        changelog = NamedTopic(state.topic)
        emitter.write(changelog, state.key.encode(), state.value, state.partition)
    emitter.confirm()


class InOrder:
    """Finds the lines of a file that must wait, so that the first of equal identities is first.

    Customers' events lie in different partitions, and recordings are overtaken by texts: sent
    together, either of two events in conflict might be the one that comes first.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._first: dict[str, int] = {}

    def must_wait(self, line: Line, event: InboundEvent) -> bool:
        """Whether another line with this event's identity came before it, written otherwise."""
        written = hash(line.raw)
        return self._first.setdefault(identity_of(self._key, event), written) != written


def play(lines: Iterable[Line], file_name: str, emitter: Emitter, known: Known) -> Iterator[Played]:
    """Send a file's events; yields the progress, last of all when everything is confirmed.

    Lines that are no events go to the dead letters as they are. Events that the journal holds
    with the same content are left out; events that are twice in the file are sent twice. Those
    that have to wait until all others are processed are handed back: `Played.waiting`.
    """
    played, in_order = Played(), InOrder(known.key)
    for line in lines:
        content = line.content
        if isinstance(content, InvalidMessage):
            played.invalid += 1
            letter = dead_letter(
                topic="file",
                origin=f"{file_name}:{line.number}",
                original=line.raw,
                reason=content.reason,
                error_class=content.error_class,
            )
            emitter.write(DEAD_LETTER, letter.letter_id.encode(), encode(letter))
        else:
            played.events += 1
            played.calls += content.topic is CALL_ENDED
            if known.holds(content.event):
                played.already_known += 1
            elif in_order.must_wait(line, content.event):
                played.waiting.append(line)
            else:
                emitter.send(line)
        yield played
    emitter.confirm()
    yield played
