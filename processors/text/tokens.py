"""Words of a turn: folded, cut once, shared by every scorer.

Speech arrives with and without punctuation, accents and apostrophes, so words are compared
folded (lower case, no accents, Italian elisions cut, English contractions spelt out), while
their place in the raw text is recorded for quotations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from schemas.conversation import Language

LANGUAGES = tuple(Language)
"""Languages whose words are read."""

_ACCENTED = "àáâäãåèéêëìíîïòóôöõùúûüñç’`´"
_PLAIN = "aaaaaaeeeeiiiiooooouuuunc'''"
_FOLD = str.maketrans(_ACCENTED, _PLAIN)

_PIECE = re.compile(r"[^\W_]+|[.!?;…]+|[\"«»“”]")
_ENGLISH_PIECE = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[.!?;…]+|[\"«»“”]")
_WORD = re.compile(r"[^\W_]+")
_DECIMAL = re.compile(r"(?<=\d)\.(?=\d)")

_ENGLISH_ENDINGS = {
    "ll": "will",
    "re": "are",
    "ve": "have",
    "m": "am",
    "d": "would",
    "s": "is",
}
_ENGLISH_WHOLE = {
    "won't": ("will", "not"),
    "can't": ("can", "not"),
    "cannot": ("can", "not"),
    "cant": ("can", "not"),
    "wont": ("will", "not"),
    "dont": ("do", "not"),
    "doesnt": ("does", "not"),
    "didnt": ("did", "not"),
    "isnt": ("is", "not"),
    "im": ("i", "am"),
    "ive": ("i", "have"),
    "youre": ("you", "are"),
    "youve": ("you", "have"),
    "gonna": ("going", "to"),
    "wanna": ("want", "to"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one turn, as parallel sequences, in order."""

    raw: str
    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    sentences: tuple[int, ...]
    """Number of the sentence each word is in, from 0."""
    quoted: frozenset[int]
    """Places of the words inside quotation marks."""
    questions: frozenset[int]
    """Numbers of the sentences that end in a question mark."""

    def quote(self, first: int, after: int) -> str:
        """The raw text of the words [first, after)."""
        return self.raw[self.starts[first] : self.ends[after - 1]]

    def sentence(self, number: int) -> str:
        """The raw text from the first to the last word of a sentence."""
        places = [place for place, own in enumerate(self.sentences) if own == number]
        return self.quote(places[0], places[-1] + 1)

    def gap(self, place: int, other: int | None = None) -> str:
        """The raw text between the words at `place` and `other`, by default the next."""
        return self.raw[self.ends[place] : self.starts[place + 1 if other is None else other]]


def fold(text: str) -> str:
    """`text` in lower case without accents, every character in its old place."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return lower.translate(_FOLD)


def has_words(text: str) -> bool:
    """Whether anything is said in `text`: a letter or a digit."""
    return any(character.isalnum() for character in text)


def count_words(text: str) -> int:
    """How many words `text` has: stretches of letters and digits."""
    return sum(1 for _ in _WORD.finditer(text))


@lru_cache(maxsize=8192)
def cut(text: str, language: str) -> Words:
    """Cut a turn into folded words."""
    folded = fold(text)
    if "." in folded:
        folded = _DECIMAL.sub(",", folded)
    english = language == "en"
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    sentences: list[int] = []
    quoted: set[int] = set()
    questions: set[int] = set()
    sentence, inside = 0, False
    for piece in (_ENGLISH_PIECE if english else _PIECE).finditer(folded):
        form = piece.group()
        if form[0].isalnum():
            for word in _spell_out(form) if english else (form,):
                if inside:
                    quoted.add(len(words))
                words.append(word)
                starts.append(piece.start())
                ends.append(piece.end())
                sentences.append(sentence)
        elif form in '"«»“”':
            inside = form in "«“" or (form == '"' and not inside)
        elif sentences and sentences[-1] == sentence:
            if "?" in form:
                questions.add(sentence)
            sentence += 1
    return Words(
        text,
        tuple(words),
        tuple(starts),
        tuple(ends),
        tuple(sentences),
        frozenset(quoted),
        frozenset(questions),
    )


def _spell_out(form: str) -> tuple[str, ...]:
    whole = _ENGLISH_WHOLE.get(form)
    if whole is not None:
        return whole
    stem, apostrophe, ending = form.partition("'")
    if not apostrophe:
        return (form,)
    if ending == "t" and stem.endswith("n"):
        return (stem[:-1], "not")
    return (stem, _ENGLISH_ENDINGS.get(ending, ending))
