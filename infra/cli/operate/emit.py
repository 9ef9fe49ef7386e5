"""`ascolto emit`: a file of events into Kafka."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

from infra.cli.failures import FAILED, STOPPED, WRONG_USAGE, counted, end_at_once, say, some
from infra.escaping import console
from infra.kafka.cluster import Cluster
from schemas.codec import InvalidMessage


def emit_file(path: Path, cluster: Cluster) -> int:
    """Send the events of `path`, each confirmed; returns the exit code.

    The whole file is read once before anything is sent: lines that are no events are named and
    refused, the others are sent. Brokers that are away, or too few to confirm, are waited for
    until Ctrl-C.
    """
    from rich.progress import track

    from infra.kafka.emitter import DeliveryFailed, Emitter, read_lines

    if not path.is_file():
        say(f"{path} is not a file: it is read twice, so save the events first")
        return WRONG_USAGE
    total = 0
    refused: dict[int, str] = {}
    left_out: Counter[str] = Counter()
    with path.open("rb") as file:
        for line in read_lines(file):
            if isinstance(line.content, InvalidMessage):
                refused[line.number] = line.content.reason
            else:
                total += 1
                left_out.update(part for part, _ in line.content.left_out)
    _name_refused(path, refused)
    if left_out:
        parts = ", ".join(f"{part} {times}" for part, times in sorted(left_out.items()))
        say(f"parts that cannot be used and do not count: {parts}")
    if total == 0:
        say(f"{path} holds no event: nothing was sent")
        return FAILED
    screen = console(stderr=True)
    emitter = Emitter(cluster)

    def stopped(*_: object) -> None:
        emitter.note_confirmed()
        say(
            f"stopped: {emitter.confirmed} of {total} events are confirmed; send the file again, "
            "duplicates do no harm"
        )
        end_at_once(STOPPED)

    # The client does not let go of a KeyboardInterrupt wherever it waits: so the process ends here.
    before = signal.signal(signal.SIGINT, stopped)
    try:
        with path.open("rb") as file, emitter:
            good = (line for line in read_lines(file) if line.number not in refused)
            for line in track(
                good, "sending", total=total, console=screen, disable=not screen.is_terminal
            ):
                emitter.send(line)
    except DeliveryFailed as error:
        say(f"{error}; {emitter.confirmed} of {total} events are confirmed")
        return FAILED
    finally:
        signal.signal(signal.SIGINT, before)
    say(f"{counted(total, 'event')} sent and confirmed, {counted(len(refused), 'line')} refused")
    return FAILED if refused else 0


def _name_refused(path: Path, refused: dict[int, str]) -> None:
    lines = (f"{path.name}:{number}: refused: {reason}" for number, reason in refused.items())
    shown, more = some(lines)
    for line in shown:
        say(line)
    if more:
        say(f"… and {more} more lines refused")
