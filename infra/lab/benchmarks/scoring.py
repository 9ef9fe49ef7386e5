"""What scoring a turn costs, each text met for the first time."""

from __future__ import annotations

import time
from collections.abc import Iterator

from infra.lab.benchmarks.figures import Figure
from infra.lab.training.material import load_material
from infra.scoring.catalogue import ScorerName, scorer_of
from processors.scoring.call import score_call
from schemas.conversation import Speaker, Turn

_WARM_UP = [
    Turn(speaker=Speaker.OPERATOR, text="Pronto, buongiorno."),
    Turn(speaker=Speaker.CUSTOMER, text="Buongiorno, mi dica."),
]


def scoring() -> Iterator[Figure]:
    """Milliseconds a turn of the held-out calls, by the learned scorer and by the lexicons.

    Weights and lexicons are read before. No call is scored twice, and few sentences come again,
    so this is what new words cost; in a stream of calls greetings and formulas do come again.
    """
    calls = load_material("test").calls
    turns = sum(len(call.turns) for call in calls)
    yield Figure("turns", turns)
    names: tuple[ScorerName, ...] = ("encoder", "lexicon")
    for name in names:
        reader = scorer_of(name)
        for language in ("it", "en"):
            score_call(_WARM_UP, language, reader)
        began = time.perf_counter()
        for call in calls:
            score_call(call.turns, call.language, reader)
        spent = (time.perf_counter() - began) * 1000 / turns
        yield Figure(name, spent, "ms a turn", "at most 10" if name == "encoder" else "")
