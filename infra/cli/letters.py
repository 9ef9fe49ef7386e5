"""`ascolto dead-letters`: what could not be understood or done."""

from __future__ import annotations

import base64
import sys

from infra.cli.failures import counted, say
from infra.cli.store_access import open_store
from infra.plain_text import plain
from infra.settings import Settings


def list_letters(settings: Settings) -> int:
    """Print one line a letter, oldest first; returns the exit code."""
    with open_store(settings) as client:
        rows = client.query(
            "SELECT letter_id, origin, error_class, reason FROM dead_letters FINAL "
            "ORDER BY written_at"
        ).result_rows
    for row in rows:
        print("\t".join(plain(cell) for cell in row))
    say(counted(len(rows), "dead letter"))
    return 0


def show_letter(settings: Settings, letter_id: str) -> int:
    """Print a letter's original bytes; returns the exit code.

    On a terminal they are shown as text, so that nothing in them is obeyed; a file or a pipe gets
    them as they are.
    """
    with open_store(settings) as client:
        rows = client.query(
            "SELECT original FROM dead_letters FINAL WHERE letter_id = {id:String}",
            parameters={"id": letter_id},
        ).result_rows
    if not rows:
        print(
            f"there is no dead letter {plain(letter_id)}: see ascolto dead-letters list",
            file=sys.stderr,
        )
        return 1
    original = base64.b64decode(rows[0][0])
    if sys.stdout.isatty():
        print(plain(original.decode(errors="replace"), lines=True))
    else:
        sys.stdout.buffer.write(original + b"\n")
    return 0
