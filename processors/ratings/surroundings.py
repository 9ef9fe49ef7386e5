"""The words about a number in an answer: before it, after it, up to a pause."""

from __future__ import annotations

from typing import Final

from processors.ratings.vocabulary import RatingWords
from processors.text.tokens import Words

MOST_OF_A_CLAUSE = 8
"""Words of a clause that are read."""

ARTICLES: Final = frozenset(("un", "uno", "il", "lo", "l", "a", "an", "the"))
UNDER: Final = frozenset(("sotto", "below", "under"))
OVER: Final = frozenset(("sopra", "oltre", "above", "over"))
_CONTRAST: Final = frozenset(("ma", "pero", "invece", "but", "con", "with"))


class Places:
    """An answer, word by word; places beyond its ends are ''."""

    def __init__(self, said: Words, known: RatingWords, *, italian: bool) -> None:
        self.said = said
        self.known = known
        self.italian = italian

    def word(self, place: int) -> str:
        """The word at `place`, folded."""
        words = self.said.words
        return words[place] if 0 <= place < len(words) else ""

    def gap(self, place: int) -> str:
        """The raw characters between the word at `place` and the next."""
        return self.said.gap(place) if 0 <= place < len(self.said.words) - 1 else ""

    def paused(self, place: int) -> bool:
        """Whether a comma or the like follows the word at `place`, or nothing."""
        return bool(self.gap(place).strip(" '’")) or place + 1 >= len(self.said.words)

    def clause_before(self, place: int) -> list[str]:
        """The words of the clause before `place`, the nearest first."""
        clause: list[str] = []
        for at in range(place - 1, max(-1, place - 1 - MOST_OF_A_CLAUSE), -1):
            if self.said.sentences[at] != self.said.sentences[place] or "," in self.gap(at):
                break
            starts_with = self.word(at) == "con" and self.word(at - 1) in self.known.past_or_other
            if self.word(at) in _CONTRAST and not starts_with:
                break
            clause.append(self.word(at))
        return clause

    def clause_after(self, place: int) -> list[str]:
        """The words after `place`, up to a comma or the like, a contrast or another number."""
        clause: list[str] = []
        while len(clause) < MOST_OF_A_CLAUSE and not self.paused(place + len(clause)):
            word = self.word(place + len(clause) + 1)
            if word in _CONTRAST or word in self.known.values:
                break
            clause.append(word)
        return clause

    def without_pause(self, place: int, most: int) -> list[str]:
        """The words right before `place`, the nearest first, up to a comma or the like."""
        words: list[str] = []
        while len(words) < most and place > len(words):
            at = place - 1 - len(words)
            if self.gap(at).strip(" '’"):
                break
            words.append(self.word(at))
        return words
