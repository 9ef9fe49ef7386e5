"""The gateway of the embedded stack: what comes in by file, and what an earlier run has kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from infra.clickhouse.journal import Journaled
from schemas.codec import InvalidMessage
from schemas.topics import (
    CALL_ENDED,
    CALL_TRANSCRIBED,
    CONTRACT_CANCELLED,
    PAYMENT_RECEIVED,
    PAYMENT_RETURNED,
    SURVEY_ANSWERED,
    Topic,
)
from streams.dead_letters import dead_letter, message_of
from streams.emitter import Emitter, Line

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

Name = tuple[str, str, str]
"""What names an inbound event: its tenant, its topic, its id."""


@dataclass(frozen=True)
class Played:
    """What became of a file's lines."""

    events: int
    calls: int
    invalid: int
    already_known: int


def restore(journal: Iterable[Journaled], emitter: Emitter) -> set[Name]:
    """Send the journal's facts again, to fill a broker and workers that start empty.

    Each goes to the partition it came from, so that it meets the customer's later events.

    Returns:
        The names of the events that need not be played again.
    """
    known: set[Name] = set()
    for fact in journal:
        topic = _JOURNALED[fact.topic]
        emitter.write(topic, fact.customer.encode(), fact.payload.encode(), fact.partition)
        inbound = CALL_ENDED if topic is CALL_TRANSCRIBED else topic
        known.add((fact.client_id, inbound.name, fact.event_id))
    emitter.confirm()
    return known


def play(
    lines: Iterable[Line], file_name: str, emitter: Emitter, known: set[Name]
) -> Iterator[Played]:
    """Send a file's events; yields how far it is, last of all when everything is confirmed.

    Lines that are no events go to the dead letters as they are. Events that the journal holds
    are left out; events that stand twice in the file are sent twice.
    """
    events = calls = invalid = already = 0
    for line in lines:
        content = line.content
        if isinstance(content, InvalidMessage):
            invalid += 1
            letter = message_of(
                dead_letter(
                    topic="file",
                    origin=f"{file_name}:{line.number}",
                    original=line.raw,
                    reason=content.reason,
                    error_class=content.error_class,
                )
            )
            emitter.write(letter.topic, letter.key, letter.value)
        else:
            events += 1
            calls += content.topic is CALL_ENDED
            name = (content.event.data.client_id, content.topic.name, content.event.id)
            if name in known:
                already += 1
            else:
                emitter.send(line)
        yield Played(events, calls, invalid, already)
    emitter.confirm()
    yield Played(events, calls, invalid, already)
