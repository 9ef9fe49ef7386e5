"""Drivers: the reasons behind a rating, from the taxonomy in `docs/drivers.md`."""

from __future__ import annotations

from processors.scoring.cues import PLAIN_THREAT, Cue, read_turn
from processors.scoring.scorer import DriverQuote
from schemas.conversation import Driver, Speaker

_PLAIN_RUDENESS = 0.6
_FIXED = "context.fixed"


def drivers_in(text: str, speaker: Speaker, language: str) -> list[DriverQuote]:
    """The drivers the lexicons find in one turn, each once, with the words that show it."""
    cues = read_turn(text, language, speaker)
    fixed = {cue.sentence for cue in cues if cue.family == _FIXED}
    found: dict[Driver, DriverQuote] = {}
    for cue in cues:
        driver = _driver(cue)
        if driver is Driver.TECHNICAL_FAULT and cue.sentence in fixed:
            continue
        if driver is not None:
            found.setdefault(driver, DriverQuote(driver, cue.quote))
    return list(found.values())


def _driver(cue: Cue) -> Driver | None:
    if cue.family == "driver":
        return Driver(cue.value)
    if cue.family == "aggression.threat" and cue.weight >= PLAIN_THREAT:
        return Driver.THREAT
    if (
        cue.family in ("aggression.belittling", "aggression.interrupting")
        and cue.weight >= _PLAIN_RUDENESS
    ):
        return Driver.OPERATOR_RUDENESS
    return None
