"""`ascolto emit`: a file of events into Kafka."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from infra.plain_text import console, plain
from schemas.codec import InvalidMessage

MOST_SHOWN = 20


def emit_file(path: Path, bootstrap: str) -> int:
    """Send the events of `path`, each confirmed; returns the exit code.

    The whole file is read once before anything is sent: lines that are no events are named and
    refused, the others are sent.
    """
    from rich.progress import track

    from streams.emitter import DeliveryFailed, Emitter, read_lines

    if not path.is_file():
        print(
            plain(f"{path} is not a file: it is read twice, so save the events first"),
            file=sys.stderr,
        )
        return 2
    refused: list[tuple[int, str]] = []
    left_out: Counter[str] = Counter()
    with path.open("rb") as file:
        for line in read_lines(file):
            if isinstance(line.content, InvalidMessage):
                refused.append((line.number, line.content.reason))
            else:
                left_out.update(part for part, _ in line.content.left_out)
    for number, reason in refused[:MOST_SHOWN]:
        print(plain(f"{path.name}:{number}: refused: {reason}"), file=sys.stderr)
    if len(refused) > MOST_SHOWN:
        print(f"… and {len(refused) - MOST_SHOWN} more lines refused", file=sys.stderr)
    if left_out:
        parts = ", ".join(f"{part} {times}" for part, times in sorted(left_out.items()))
        print(f"parts that cannot be used and do not count: {parts}", file=sys.stderr)
    bad = {number for number, _ in refused}
    screen = console(stderr=True)
    sent = 0
    try:
        with path.open("rb") as file, Emitter(bootstrap) as emitter:
            good = (line for line in read_lines(file) if line.number not in bad)
            for line in track(good, "sending", console=screen, disable=not screen.is_terminal):
                emitter.send(line)
                sent += 1
    except DeliveryFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{sent} events sent and confirmed, {len(refused)} lines refused", file=sys.stderr)
    return 1 if refused else 0
