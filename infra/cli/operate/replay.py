"""`ascolto dead-letters replay`: the original of a dead letter goes to its topic again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from infra.cli.failures import say
from infra.cli.operate.dead_letters import Letter, read_letters
from infra.cli.store_access import open_store
from infra.errors import InfraError
from infra.escaping import escaped
from infra.importing.letters import TOPIC as IMPORT
from infra.settings import Settings
from processors.event_time import to_us
from processors.identity.future import is_from_the_future
from schemas.codec import InvalidMessage, decode, decode_inbound
from schemas.derived import CallScored, CallTranscribed
from schemas.rows import LETTER_REPLAYS
from schemas.topics import CALL_SCORED, CALL_TRANSCRIBED, TOPICS, Topic

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from infra.kafka.emitter import Emitter

_CALLS: dict[str, type[CallTranscribed] | type[CallScored]] = {
    CALL_TRANSCRIBED.name: CallTranscribed,
    CALL_SCORED.name: CallScored,
}
"""Topics of ours whose messages are facts: their receivers know an event they have seen."""
_INBOUND = {topic.name for topic in TOPICS if topic.inbound}
_JOURNAL = "/journal"
"""Ends the origin of a fact that was taken out of the journal."""


class Chosen(NamedTuple):
    """Which letters: those with these ids, or open ones by error class and words of the reason."""

    ids: Sequence[str]
    error_class: str | None
    reason: str | None


class Sending(NamedTuple):
    """Where an original goes; without a partition its key chooses."""

    topic: Topic
    key: bytes
    partition: int | None


def replay(settings: Settings, chosen: Chosen) -> int:
    """Send the letters' originals again; returns 0 if all of them were sent, else 1.

    An event that has been taken in meanwhile is a duplicate and changes nothing, so a letter may
    be replayed as often as one likes. On the embedded stack, the stack runs meanwhile.
    """
    with open_store(settings) as client:
        letters = read_letters(client, chosen.error_class, chosen.reason, chosen.ids)
    unknown = set(chosen.ids) - {letter.letter_id for letter in letters}
    for letter_id in sorted(unknown):
        say(f"there is no dead letter {escaped(letter_id)}: see ascolto dead-letters list")
    if not chosen.ids:
        letters = [letter for letter in letters if letter.is_open]
    plans = [(letter, sending_of(letter, settings)) for letter in letters]
    for letter, plan in plans:
        if isinstance(plan, str):
            print(f"{letter.letter_id}\tnot replayed\t{escaped(plan)}")
    sent = [(letter, plan) for letter, plan in plans if isinstance(plan, Sending)]
    if sent and not _send(settings, sent):
        return 1
    for letter, plan in sent:
        print(f"{letter.letter_id}\treplayed\t{plan.topic.name}")
    left = len(plans) - len(sent)
    say(f"{len(sent)} dead letters replayed" + (f", {left} cannot be" if left else ""))
    return 1 if left or unknown else 0


def sending_of(letter: Letter, settings: Settings) -> Sending | str:
    """Where the letter's original goes, or why it cannot be replayed."""
    if "bytes are kept)" in letter.reason:
        return "an earlier version stored only the beginning of it: send the event from its source"
    if letter.topic in _CALLS:
        return _call_sending(letter, settings)
    if letter.topic == IMPORT:
        return "it is a row of an export: ascolto import PRESET --dead-letters reads it again"
    routed = decode_inbound(letter.original)
    if isinstance(routed, InvalidMessage):
        if letter.topic == "file" or letter.topic in _INBOUND:
            return f"it is still no event: {routed.reason}"
        return "what it held follows from the events: ascolto reconcile, ascolto rebuild"
    if letter.topic not in ("file", routed.topic.name):
        return f"it is an event for {routed.topic.name}, and came in {letter.topic}"
    key = routed.event.data.customer_id.encode()
    return Sending(routed.topic, key, _partition(letter) if _from_journal(letter) else None)


def _call_sending(letter: Letter, settings: Settings) -> Sending | str:
    """Of a conversation that was transcribed: to the partition of its customer.

    Its time is judged here; its topic holds only calls that were judged before.
    """
    topic = next(topic for topic in (CALL_TRANSCRIBED, CALL_SCORED) if topic.name == letter.topic)
    event = decode(letter.original, _CALLS[letter.topic])
    if isinstance(event, InvalidMessage):
        return f"it is still no conversation: {event.reason}"
    now_us = to_us(settings.now())
    if is_from_the_future(to_us(event.call.ended_at), now_us, settings.future_tolerance_us):
        return f"its time has not come: {event.call.ended_at.isoformat(timespec='seconds')}"
    return Sending(topic, event.call.customer.encode(), _partition(letter))


def _from_journal(letter: Letter) -> bool:
    """Whether it names its customer by pseudonym, whose partition cannot be found by key."""
    return letter.origin.endswith(_JOURNAL)


def _partition(letter: Letter) -> int:
    """The partition it came from: `topic/partition/offset`."""
    return int(letter.origin.split("/")[1])


def _send(settings: Settings, sent: Sequence[tuple[Letter, Sending]]) -> bool:
    """Send everything, and count it; returns whether it was confirmed."""
    at = datetime.now(UTC)
    try:
        with _emitter(settings) as emitter:
            for letter, plan in sent:
                emitter.write(plan.topic, plan.key, letter.original, plan.partition)
    except InfraError as error:
        say(f"{error}\nnothing was counted as replayed; replaying again does no harm")
        return False
    with open_store(settings) as client:
        note_replayed(client, [(letter, plan.topic) for letter, plan in sent], at)
        ids = [letter.letter_id for letter, _ in sent]
        again = [each for each in read_letters(client, ids=ids, originals=False) if each.is_open]
    for letter in again:
        say(f"{letter.letter_id} is a dead letter again: {letter.reason}")
    return True


def note_replayed(client: Client, replayed: Sequence[tuple[Letter, Topic]], at: datetime) -> None:
    """Store that letters were replayed to topics."""
    version = time.time_ns() // 1000
    client.insert(
        LETTER_REPLAYS.name,
        [[each.letter_id, at, topic.name, each.client_id, version] for each, topic in replayed],
        column_names=list(LETTER_REPLAYS.columns),
    )


@contextmanager
def _emitter(settings: Settings) -> Iterator[Emitter]:
    """Into Kafka; or into the embedded stack, which is started for it and processes everything."""
    from infra.kafka.emitter import Emitter

    if "ASCOLTO_KAFKA" in os.environ or settings.clickhouse_url is not None:
        with Emitter(settings.cluster) as emitter:
            yield emitter
        return
    from infra.cli.run.stack import Stack

    stack = Stack(settings, say)
    try:
        stack.start()
        for _ in stack.take_in_journal():
            pass
        with Emitter(stack.cluster) as emitter:
            yield emitter
        stack.wrote(emitter.written.items())
        for _ in stack.wait_until_caught_up():
            pass
    finally:
        stack.stop()
