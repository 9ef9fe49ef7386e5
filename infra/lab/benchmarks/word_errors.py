"""Word error rate: words wrong, missing or too many, per word that was said."""

from __future__ import annotations

import re
from collections.abc import Sequence


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: lower case, without punctuation.

    >>> words_of("C'è, dice, la Bolletta.")
    ['c', 'è', 'dice', 'la', 'bolletta']
    """
    return re.findall(r"\w+", text.lower())


def word_errors(said: Sequence[str], transcribed: Sequence[str]) -> int:
    """The least number of words to change, leave out or put in (Levenshtein's distance).

    >>> word_errors(["la", "prima", "rata"], ["prima", "data"])
    2
    """
    row = list(range(len(transcribed) + 1))
    for number, expected in enumerate(said, 1):
        diagonal, row[0] = row[0], number
        for at, word in enumerate(transcribed, 1):
            least = min(row[at] + 1, row[at - 1] + 1, diagonal + (expected != word))
            diagonal, row[at] = row[at], least
    return row[-1]
