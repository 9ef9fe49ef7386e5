"""Sends what an import makes: events to their topics, the rest as dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.importing.importer import Imported
from infra.importing.letters import letter_of
from processors.mapping.mapper import Made
from schemas.codec import encode
from schemas.derived import DeadLetter
from schemas.topics import DEAD_LETTER

if TYPE_CHECKING:
    from infra.kafka.emitter import Emitter


def send_event(emitter: Emitter, made: Made) -> None:
    """Send an event, keyed by its customer."""
    emitter.write(made.routed.topic, made.routed.event.data.customer_id.encode(), made.line)


def send_letter(emitter: Emitter, letter: DeadLetter) -> None:
    """Send a dead letter."""
    emitter.write(DEAD_LETTER, letter.letter_id.encode(), encode(letter))


def send(emitter: Emitter, imported: Imported, preset: str) -> None:
    """Send what became of a record: an event, a dead letter, or nothing where it is passed over."""
    if isinstance(imported.outcome, Made):
        send_event(emitter, imported.outcome)
    elif (letter := letter_of(imported, preset)) is not None:
        send_letter(emitter, letter)
