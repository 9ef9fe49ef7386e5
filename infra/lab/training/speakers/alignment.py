"""Who said each word of a transcript, by aligning it with what was really said."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np

from processors.text.tokens import fold

GAP = 0.7
"""Cost of a word that only one side has; replacing a word costs up to 1, by its letters."""


def speakers_of_words(heard: Sequence[str], said: Sequence[tuple[str, str]]) -> list[str]:
    """The speaker of each word `heard`, given the words `said` as (speaker, word) in order.

    Both are aligned at the least cost; a word that was not said gets the speaker of the word before
    it (the first one, of the word after it).
    """
    costs = np.zeros((len(heard) + 1, len(said) + 1))
    costs[:, 0] = np.arange(len(heard) + 1) * GAP
    costs[0, :] = np.arange(len(said) + 1) * GAP
    plain_heard, plain_said = [_plain(w) for w in heard], [_plain(word) for _, word in said]
    known: dict[tuple[str, str], float] = {}
    for i, one in enumerate(plain_heard, start=1):
        for j, other in enumerate(plain_said, start=1):
            if (one, other) not in known:
                known[one, other] = _difference(one, other)
            costs[i, j] = min(
                costs[i - 1, j - 1] + known[one, other],
                costs[i - 1, j] + GAP,
                costs[i, j - 1] + GAP,
            )
    found = [""] * len(heard)
    i, j = len(heard), len(said)
    while i and j:
        step = known[plain_heard[i - 1], plain_said[j - 1]]
        if costs[i, j] == costs[i - 1, j - 1] + step:
            i, j = i - 1, j - 1
            found[i] = said[j][0]
        elif costs[i, j] == costs[i - 1, j] + GAP:
            i -= 1
        else:
            j -= 1
    return _filled(found)


def _filled(found: list[str]) -> list[str]:
    known = next((speaker for speaker in found if speaker), "")
    for place, speaker in enumerate(found):
        known = speaker or known
        found[place] = known
    return found


def _plain(word: str) -> str:
    return "".join(letter for letter in fold(word) if letter.isalnum())


def _difference(one: str, other: str) -> float:
    return 0.0 if one == other else 1.0 - 0.8 * SequenceMatcher(None, one, other).ratio()
