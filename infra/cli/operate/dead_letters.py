"""`ascolto dead-letters list` and `show`: what could not be understood or done."""

from __future__ import annotations

import base64
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infra.cli.failures import FAILED, counted, say
from infra.cli.store_access import open_store
from infra.escaping import escaped
from infra.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

_LETTERS = """
SELECT letter_id, letters.topic, origin, error_class, reason,
    if({originals:Bool}, original, ''), client_id, written_at,
    replays.count, replays.last
FROM (SELECT * FROM dead_letters FINAL) AS letters
LEFT JOIN (
    SELECT letter_id, count() AS count, max(replayed_at) AS last
    FROM letter_replays FINAL GROUP BY letter_id
) AS replays USING (letter_id)
WHERE ({error_class:String} = '' OR error_class = {error_class:String})
    AND ({reason:String} = '' OR positionCaseInsensitiveUTF8(letters.reason, {reason:String}) > 0)
    AND (empty({ids:Array(String)}) OR letter_id IN {ids:Array(String)})
ORDER BY written_at, letter_id
"""


@dataclass(frozen=True)
class Letter:
    """A dead letter, and how often it was replayed."""

    letter_id: str
    topic: str
    origin: str
    error_class: str
    reason: str
    original: bytes
    client_id: str | None
    written_at: datetime
    replays: int
    last_replay: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it was written after it was last replayed."""
        return self.last_replay is None or self.last_replay < self.written_at


def read_letters(
    client: Client,
    error_class: str | None = None,
    reason: str | None = None,
    ids: Sequence[str] = (),
    *,
    originals: bool = True,
) -> list[Letter]:
    """Letters, oldest first: of an error class, with words in their reason, or with these ids.

    Without `originals` theirs are left empty: together they may be too large to read.
    """
    chosen = {
        "error_class": error_class or "",
        "reason": reason or "",
        "ids": list(ids),
        "originals": originals,
    }
    rows = client.query(_LETTERS, parameters=chosen).result_rows
    return [
        Letter(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            base64.b64decode(row[5]),
            row[6],
            row[7].replace(tzinfo=UTC),
            int(row[8]),
            row[9].replace(tzinfo=UTC) if row[8] else None,
        )
        for row in rows
    ]


def list_letters(settings: Settings, error_class: str | None = None) -> int:
    """Print one line a letter, oldest first; returns the exit code."""
    with open_store(settings) as client:
        letters = read_letters(client, error_class, originals=False)
    for each in letters:
        cells = [each.letter_id, each.origin, each.error_class, each.reason]
        if each.replays:
            state = "again since" if each.is_open else "not seen since"
            cells.append(f"replayed {each.replays} times, {state}")
        print("\t".join(escaped(cell) for cell in cells))
    still_open = sum(each.is_open for each in letters)
    say(f"{counted(len(letters), 'dead letter')}, {still_open} of them open")
    return 0


def show_letter(settings: Settings, letter_id: str) -> int:
    """Print a letter's original bytes, and on stderr what is known of it; returns the exit code.

    On a terminal they are shown as text, so that nothing in them is obeyed; a file or a pipe gets
    them as they are.
    """
    with open_store(settings) as client:
        letters = read_letters(client, ids=[letter_id])
    if not letters:
        say(f"there is no dead letter {escaped(letter_id)}: see ascolto dead-letters list")
        return FAILED
    (letter,) = letters
    say(
        f"{letter.origin}, {letter.error_class}: {letter.reason}\n"
        f"written {letter.written_at:%Y-%m-%d %H:%M:%S} UTC, {len(letter.original)} bytes, "
        f"replayed {letter.replays} times"
    )
    if sys.stdout.isatty():
        print(escaped(letter.original.decode(errors="replace"), lines=True))
    else:
        sys.stdout.buffer.write(letter.original + b"\n")
    return 0
