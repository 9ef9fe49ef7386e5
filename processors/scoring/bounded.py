"""Limits what explains a call's scores to a size that messages can carry.

Scores are never touched. A call of ordinary length is left as it is: the limits are many times
what the longest of them needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

from schemas.conversation import CallScore, ConductFlag, DriverFound, Reason, TurnScore

Quoted = TypeVar("Quoted", DriverFound, ConductFlag)

MOST_QUOTED = 1_000
"""Characters retained of a quote, from its start."""
MOST_REASONS = 20
"""Reasons retained of a turn ..."""
MOST_REASONS_OF_CALL = 2_000
"""... and of a call: the heaviest."""
MOST_MENTIONS = 200
"""Turns retained for each driver, and for each breach of conduct: the first ones."""


def bounded(score: CallScore) -> CallScore:
    """`score` with quotes, reasons and mentions within the limits."""
    turns = [_bounded_turn(turn) for turn in score.turns]
    turns = _heaviest_of_call(turns)
    return score.model_copy(
        update={
            "turns": turns,
            "drivers": _first_mentions(score.drivers, lambda found: found.driver),
            "conduct": _first_mentions(score.conduct, lambda flag: flag.rule),
        }
    )


def _bounded_turn(turn: TurnScore) -> TurnScore:
    reasons = turn.reasons
    if len(reasons) > MOST_REASONS:
        least = sorted((abs(reason.weight) for reason in reasons), reverse=True)[MOST_REASONS - 1]
        reasons = [reason for reason in reasons if abs(reason.weight) >= least][:MOST_REASONS]
    if reasons is turn.reasons and all(len(reason.text) <= MOST_QUOTED for reason in reasons):
        return turn
    return turn.model_copy(update={"reasons": [_bounded_reason(reason) for reason in reasons]})


def _bounded_reason(reason: Reason) -> Reason:
    return reason.model_copy(update={"text": reason.text[:MOST_QUOTED]})


def _heaviest_of_call(turns: list[TurnScore]) -> list[TurnScore]:
    """The turns with the heaviest reasons of them all; of equals, those said first."""
    places = [(at, of) for at, turn in enumerate(turns) for of in range(len(turn.reasons))]
    if len(places) <= MOST_REASONS_OF_CALL:
        return turns
    places.sort(key=lambda place: (-abs(turns[place[0]].reasons[place[1]].weight), place))
    retained: dict[int, set[int]] = defaultdict(set)
    for at, of in places[:MOST_REASONS_OF_CALL]:
        retained[at].add(of)
    return [
        turn.model_copy(
            update={"reasons": [each for of, each in enumerate(turn.reasons) if of in retained[at]]}
        )
        for at, turn in enumerate(turns)
    ]


def _first_mentions(found: Sequence[Quoted], kind: Callable[[Quoted], str]) -> list[Quoted]:
    """At most `MOST_MENTIONS` of each kind, the first ones, with their quotes cut."""
    mentions: dict[str, int] = defaultdict(int)
    retained = []
    for each in found:
        mentions[kind(each)] += 1
        if mentions[kind(each)] <= MOST_MENTIONS:
            retained.append(each.model_copy(update={"quote": each.quote[:MOST_QUOTED]}))
    return retained
