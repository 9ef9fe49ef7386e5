"""A webhook from its body to events: signature, mapping, and what becomes of each record."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.gateway.delivery import Message
from infra.gateway.keys import Key
from infra.gateway.refusals import MOST_REASONS, Reason, RequestRefused
from infra.gateway.webhooks import signatures
from infra.gateway.webhooks.reading import FORM, read_body_records, read_form
from infra.importing.importer import Imported, read_tables
from infra.importing.letters import letter_of
from infra.importing.mapping_files import MappingError, MappingFile, load, load_own
from infra.importing.rows import UnreadableExport
from processors.mapping.legs import in_groups, outcomes_of
from processors.mapping.mapper import Made, Mapper, Refused, Tables, UnknownCustomer
from schemas.codec import Routed, encode
from schemas.topics import DEAD_LETTER

log = logging.getLogger(__name__)

GENERIC = "generic"
PRESETS = ("genesys", "twilio", "3cx", GENERIC)
"""The paths of webhooks; `generic` is what a key's own mapping file alone describes."""

_RETRY = {"Retry-After": "60"}


@dataclass(frozen=True)
class Call:
    """A webhook's request, as far as signatures and mappings need it."""

    url: str
    """The whole address that the sender calls."""
    query: str
    headers: Names[str, str]
    """By name in lower case."""
    media_type: str
    body: bytes


@dataclass
class Mapped:
    """What a webhook's records have become."""

    events: list[tuple[Routed, bytes]] = field(default_factory=list)
    letters: list[Message] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    passed_over: int = 0

    def as_json(self) -> dict[str, Any]:
        """The answer's body."""
        counts = {
            "accepted": len(self.events),
            "passed_over": self.passed_over,
            "dead_letters": len(self.letters),
        }
        reasons = [reason.as_json() for reason in self.reasons[:MOST_REASONS]]
        return counts | ({"errors": reasons} if reasons else {})


def is_signed(key: Key, call: Call) -> bool:
    """Whether a request has the signature that its key asks for.

    Raises:
        RequestRefused: 400, its form cannot be read; 503, the secret is not set.
    """
    secret = os.environ.get(key.secret_env or "", "")
    if not secret:
        log.error("key %s: its secret is in %s, which is not set", key.name, key.secret_env)
        raise RequestRefused(503, "the gateway has no secret for this key", _RETRY)
    if key.signature == "hmac":
        return signatures.hmac_is_valid(secret, call.headers, call.body, time.time())
    form = read_form(call.body) if call.media_type == FORM else None
    given = call.headers.get("x-twilio-signature", "")
    return signatures.twilio_is_valid(secret, given, call.url, call.query, form, call.body)


class Receiver:
    """Maps the bodies of webhooks; mapping files and tables are read again when they change."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, Path], tuple[Any, MappingFile, Tables]] = {}

    def map(self, preset: str, key: Key, call: Call) -> Mapped:
        """What the records of a body become; may be called in any thread.

        What no event can be made of becomes a dead letter, as it does in an import.

        Raises:
            RequestRefused: 400 or 415, the body cannot be read; 503, the key's mapping cannot.
        """
        assert key.mapping is not None
        try:
            mapping_file, tables = self._mapping(preset, key.mapping)
        except (MappingError, UnreadableExport) as error:
            log.error("key %s: %s", key.name, error)
            reason = "the mapping of this key cannot be used; the gateway's log says why"
            raise RequestRefused(503, reason, _RETRY) from None
        mapping = mapping_file.mapping
        form = read_form(call.body) if call.media_type == FORM else []
        records = read_body_records(preset, mapping, call.media_type, call.body, form)
        mapper = Mapper(mapping, tables)
        mapped = Mapped()
        made = [
            each for group in in_groups(mapping, records) for each in outcomes_of(mapper, group)
        ]
        for record, outcome in made:
            if isinstance(outcome, Made):
                mapped.events.append((outcome.routed, outcome.line))
            elif isinstance(outcome, Refused | UnknownCustomer):
                imported = Imported(Path(f"webhook-{key.name}"), record, outcome)
                letter = letter_of(imported, preset)
                assert letter is not None
                mapped.letters.append(
                    Message(DEAD_LETTER.name, letter.letter_id.encode(), encode(letter))
                )
                mapped.reasons.append(Reason(outcome.reason, record.number - 1))
            else:
                mapped.passed_over += 1
        return mapped

    def _mapping(self, preset: str, own: Path) -> tuple[MappingFile, Tables]:
        known = self._loaded.get((preset, own))
        if known is not None and known[0] == _version(own, known[1]):
            return known[1:]
        mapping_file = load_own(own) if preset == GENERIC else load(preset, own)
        version = _version(own, mapping_file)
        tables = read_tables(mapping_file)
        self._loaded[preset, own] = version, mapping_file, tables
        return mapping_file, tables


def _version(own: Path, mapping_file: MappingFile) -> tuple[Any, ...]:
    """Changes whenever the mapping file or one of its tables does."""
    tables = [mapping_file.folder / each.file for each in mapping_file.mapping.tables.values()]
    found: list[Any] = []
    for path in (own, *tables):
        try:
            status = path.stat()
            found.append((status.st_mtime_ns, status.st_size, status.st_ino))
        except OSError:
            found.append(None)
    return tuple(found)
