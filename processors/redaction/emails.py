"""Finds e-mail addresses, written or said aloud ('mario punto rossi chiocciola posta punto it')."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from processors.names.known import name_lists
from processors.text.number_words import CLEAR_LETTERS, NUMBER_VALUES
from processors.text.pieces import Found, Kind, Pieces
from processors.text.word_lists import words_of

_WRITTEN: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?: [._-] [\w+-]{1,64}){0,3}\s?@\s?[\w-]{1,63}"
    r"(?:(?:\.| \. )[\w-]{1,63}){1,4}",
    re.IGNORECASE,
)
_AT: Final = {
    "it": frozenset(("chiocciola", "chiocciolina", "chioccola", "ciocciola", "at", "et")),
    "en": frozenset(("at",)),
}
_SURELY_AT: Final = frozenset(("chiocciola", "chiocciolina", "chioccola", "ciocciola"))
_JOINTS: Final = frozenset(
    (
        "punto",
        "dot",
        "trattino",
        "underscore",
        "underscor",
        "basso",
        "dash",
        "hyphen",
        "meno",
        "piu",
    )
)
_DOTS: Final = frozenset(("punto", "dot"))
_ENDINGS: Final = words_of("redaction", "any", "mail_endings")
_PROVIDERS: Final = words_of("redaction", "any", "mail_providers")
_BEFORE: Final = words_of("redaction", "any", "before_mail")
_MAIL: Final = frozenset(("mail", "email", "posta", "indirizzo", "scriva", "mandi", "pec"))
_FAR = 8
_DOMAIN_PIECES = 8
_LOCAL_PIECES = 7


def emails_in(pieces: Pieces, language: str) -> Iterator[Found]:
    """The e-mail addresses of a text, in order."""
    text = pieces.text
    if "@" in text:
        for match in _WRITTEN.finditer(text):
            yield Found(Kind.EMAIL, *match.span())
    ats = _AT.get(language, _AT["en"])
    if ats.isdisjoint(pieces.words):
        return
    for place, word in enumerate(pieces.words):
        if word in ats and 0 < place < len(pieces) - 1:
            after = _domain_end(pieces, place, sure=word in _SURELY_AT)
            first = _local_start(pieces, place, language) if after else place
            if first < place:
                yield pieces.found(Kind.EMAIL, first, after)


def _domain_end(pieces: Pieces, at: int, *, sure: bool) -> int:
    """Where the domain after `at` ends; 0 where there is none."""
    words, last = pieces.words, 0
    for place in range(at + 2, min(len(pieces), at + 2 + _DOMAIN_PIECES)):
        between = pieces.gap(place - 1).strip()
        dotted = words[place - 1] in _DOTS or between == "."
        if between not in ("", ".", "-", ",") or (last and not (dotted or words[place] in _DOTS)):
            break
        if words[place] in _SURELY_AT or words[place] == "at":
            break
        if words[place] in _ENDINGS and (dotted or (sure and words[place - 1] in _PROVIDERS)):
            last = place + 1
    if not last and sure and words[at + 1] in _PROVIDERS:
        return at + 2
    if not last and sure and not _MAIL.isdisjoint(words[max(0, at - _FAR) : at]):
        return at + 2
    return last


def _local_start(pieces: Pieces, at: int, language: str) -> int:
    """Where the part before the `at` starts; `at` itself where there is none."""
    announced = _announced_start(pieces, at)
    if announced is not None:
        return announced
    first = at - 1
    if pieces.gap(first).strip(" ,") or (first == 0 and pieces.words[0] in _BEFORE):
        return at
    while first > 0 and _goes_on(pieces, first, language):
        first -= 1
    return first


def _announced_start(pieces: Pieces, at: int) -> int | None:
    """The place right after the words that announce an address, where no pause follows them."""
    words = pieces.words
    for place in range(at - 1, max(-1, at - 1 - _LOCAL_PIECES), -1):
        if place < at - 1 and words[place] in _BEFORE:
            announced = (
                place > 0 and words[place - 1] in _BEFORE and words[place + 1] not in _JOINTS
            )
            if len(words[place]) > 1 or announced:
                return place + (2 if words[place + 1] == "s" else 1)
        gap = pieces.gap(place).strip()
        spelt = gap == "," and (
            words[place] in _JOINTS or words[place + 1] in _JOINTS or place == at - 1
        )
        if gap not in ("", ".", "-", "_", "+") and not spelt:
            return None
    return None


def _goes_on(pieces: Pieces, first: int, language: str) -> bool:
    """Whether the piece before `first` belongs to the same address."""
    word, before = pieces.words[first], pieces.words[first - 1]
    if pieces.text[: pieces.starts[first - 1]].endswith(("'", "’")):
        return False
    gap = pieces.gap(first - 1)
    if gap.strip() in (".", "_", "-", "+") and len(gap) == 1:
        return True
    if gap.strip(" ,"):
        return False
    if word in _JOINTS or before in _JOINTS:
        return True
    if gap.strip():
        return False
    lists = name_lists(language if language in NUMBER_VALUES else "it")
    numbers = NUMBER_VALUES.get(language, {})
    if (word.isdigit() or word in numbers) and before not in _BEFORE:
        return True
    spelt = CLEAR_LETTERS.get(language, {})
    if before in spelt or (len(before) == 1 and before.isalpha() and before not in "aeoi"):
        return True
    return before in lists.only_given or (before in lists.surnames and before not in lists.everyday)
