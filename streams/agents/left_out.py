"""Reports parts of calls that could not be used, by their place and never by their value."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from schemas.inbound.notes import LeftOut
from schemas.inbound.turns import MACHINE_TURN
from streams.runtime.counters import CALLS_TAKEN_IN_PART, LEFT_OUT
from streams.runtime.progress import Progress

log = logging.getLogger(__name__)


def report_left_out(left_out: Sequence[LeftOut], origin: str, progress: Progress) -> None:
    """Count each part, and log those of a call in a line; a machine's turns are only counted."""
    parts = Counter(part for part, _ in left_out)
    for part, times in parts.items():
        progress.count(LEFT_OUT.of(part=part), times)
    unusable = {part: why for part, why in left_out if part != MACHINE_TURN}
    if unusable:
        progress.count(CALLS_TAKEN_IN_PART)
        listed = "; ".join(f"{part} (x{parts[part]}): {why}" for part, why in unusable.items())
        log.warning("the call at %s is taken without parts that cannot be used: %s", origin, listed)
