"""What the words around a phrase make of it: negation, a question, quotation, reported speech.

What follows for a score or a conduct flag is up to the caller.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Final

from processors.text.lexicon import Hit, Lexicon
from processors.text.tokens import Words

CALLED_OFF: Final = "context.called_off"
"""'il distacco è stato annullato': what the sentence is about does not happen."""
REPORTED: Final = "context.reported"
"""'il mio collega le avrà detto che ...': the words after it are somebody else's."""
_IF: Final = frozenset(("se", "if"))
_LOOK_BACK = 6
_AROUND = 5
"""Words before and after a phrase in which a negation denies it."""


class Context:
    """The phrases of one turn and the words around them."""

    def __init__(self, said: Words, lexicon: Lexicon) -> None:
        self.said = said
        self.hits = lexicon.find(said)
        self._classes = lexicon.classes
        self._frames = [hit for hit in self.hits if hit.phrase.family in (CALLED_OFF, REPORTED)]

    def frames(self, hit: Hit) -> Iterator[str]:
        """`CALLED_OFF` and `REPORTED`, as often as a phrase of its sentence says so, in order."""
        for frame in self._frames:
            after_it = frame.phrase.family == REPORTED and frame.first > hit.first
            if self._sentence(frame) == self._sentence(hit) and not after_it:
                yield frame.phrase.family

    def is_quoted(self, hit: Hit) -> bool:
        """Whether it is between quotation marks."""
        return hit.first in self.said.quoted

    def is_asked(self, hit: Hit, assent: Container[str] = (), *, whole: bool = False) -> bool:
        """Whether its sentence is a question, and not one that only asks for assent ('capito?').

        `assent` are more words that ask for it; `whole`: also where the last word is the phrase's.
        """
        if self._sentence(hit) not in self.said.questions:
            return False
        last = hit.after - 1
        while last + 1 < len(self.said.words) and self._same_sentence(last):
            last += 1
        word = self.said.words[last]
        tag = word in self._classes["tags"] or word in assent
        return not tag or (last < hit.after and not whole)

    def is_negated(self, hit: Hit) -> bool:
        """Whether a negator comes before, with only words that carry it on between, or after."""
        for place in range(hit.first - 1, max(-1, hit.first - 1 - _LOOK_BACK), -1):
            if self._paused(place):
                break
            word = self.said.words[place]
            if word in self._classes["negators"]:
                return True
            if word not in self._classes["carriers"]:
                break
        return self._is_negated_after(hit)

    def is_denied(self, hit: Hit) -> bool:
        """Whether a negation in its clause denies it; 'se non paga ...' does not."""
        words = self.said.words
        for place in range(*self._clause_around(hit)):
            if words[place] in self._classes["denying"]:
                conditional = not self._classes["conditions"].isdisjoint(
                    words[max(0, place - 2) : place]
                ) or not _IF.isdisjoint(words[max(0, place - _LOOK_BACK) : place])
                follower = words[place + 1] if place + 1 < len(words) else ""
                if not conditional and follower not in self._classes["denied_elsewhere"]:
                    return True
        return False

    def _is_negated_after(self, hit: Hit) -> bool:
        """Whether the very next word denies it ('le rate non le facciamo')."""
        if hit.after + 1 >= len(self.said.words) or self._paused(hit.after - 1):
            return False
        return self.said.words[hit.after] in self._classes["denials"]

    def _clause_around(self, hit: Hit) -> tuple[int, int]:
        """Places [first, after) of the phrase with the few words around it, up to a pause."""
        first, after = hit.first, hit.after
        while first > max(0, hit.first - _AROUND) and not self._paused(first - 1):
            first -= 1
        last = min(len(self.said.words), hit.after + _AROUND)
        while after < last and not self._paused(after - 1):
            after += 1
        return first, after

    def _sentence(self, hit: Hit) -> int:
        return self.said.sentences[hit.first]

    def _same_sentence(self, place: int) -> bool:
        return self.said.sentences[place] == self.said.sentences[place + 1]

    def _paused(self, place: int) -> bool:
        """Whether a comma or a sentence's end separates the word at `place` from the next."""
        return not self._same_sentence(place) or "," in self.said.gap(place)
