"""Drivers: the reasons behind a rating, from the taxonomy in `docs/drivers.md`."""

from __future__ import annotations

from collections.abc import Sequence

from processors.cues import Cue, read_turn
from schemas.conversation import Driver, DriverFound, Speaker, Turn

_PLAIN_THREAT = 0.6
_PLAIN_RUDENESS = 0.6
_FIXED = "context.fixed"


def drivers_of(turns: Sequence[Turn], language: str) -> list[DriverFound]:
    """The drivers found in a call, each once a turn with the words that show it, in order."""
    found: list[DriverFound] = []
    for place, turn in enumerate(turns):
        if turn.speaker is Speaker.UNKNOWN:
            continue
        seen: set[Driver] = set()
        for driver, cue in _of_turn(turn, language):
            if driver not in seen:
                seen.add(driver)
                found.append(DriverFound(driver=driver, turn=place, quote=cue.quote))
    return found


def _of_turn(turn: Turn, language: str) -> list[tuple[Driver, Cue]]:
    cues = read_turn(turn.text, language, turn.speaker)
    fixed = {cue.sentence for cue in cues if cue.family == _FIXED}
    found = []
    for cue in cues:
        driver = _driver(cue)
        if driver is Driver.TECHNICAL_FAULT and cue.sentence in fixed:
            continue
        if driver is not None:
            found.append((driver, cue))
    return found


def _driver(cue: Cue) -> Driver | None:
    if cue.family == "driver":
        return Driver(cue.value)
    if cue.family == "aggression.threat" and cue.weight >= _PLAIN_THREAT:
        return Driver.THREAT
    if (
        cue.family in ("aggression.belittling", "aggression.interrupting")
        and cue.weight >= _PLAIN_RUDENESS
    ):
        return Driver.OPERATOR_RUDENESS
    return None
