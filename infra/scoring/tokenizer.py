"""Sentences as the numbers of their pieces, as the sentence encoder reads them.

The package segments a text as a whole, in Python, character by character. No piece reaches over a
blank, and the scores that segmentations are compared by are sums without rounding (multiples of
2**-24), so the pieces of a text are those of its words. Words repeat where sentences do not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_START, _END = 1, 2
_CACHED_WORDS = 65_536
_PLAIN = re.compile(r"[ -~àèéìòùÀÈÉÌÒÙ’]*[!-~àèéìòùÀÈÉÌÒÙ’][ -~àèéìòùÀÈÉÌÒÙ’]*")
"""Texts with a word, of characters that the package normalizes each by itself."""


class Tokenizer:
    """Gives the package's tokens, segmenting each word once."""

    def __init__(self, package: Any) -> None:
        """`package` is the package's own tokenizer."""
        self._package = package
        self._of_word = lru_cache(_CACHED_WORDS)(self._segmented)

    def tokens(self, text: str) -> list[int]:
        """The numbers of the pieces of `text`, between those of its start and its end."""
        if not _PLAIN.fullmatch(text):
            whole: list[int] = self._package.encode(text)
            return whole
        pieces = [piece for word in text.split() for piece in self._of_word(word)]
        return [_START, *pieces, _END]

    def _segmented(self, word: str) -> tuple[int, ...]:
        return tuple(self._package.encode(word, add_bos=False, add_eos=False))
