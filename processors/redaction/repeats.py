"""Parts of numbers, addresses and dates of birth that another turn says again, to confirm them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from processors.text.date_words import sentence_ends
from processors.text.number_words import (
    CLEAR_LETTERS,
    NUMBER_VALUES,
    PAUSES,
    UNITS,
    WORDLIKE_LETTERS,
)
from processors.text.pieces import Found, Kind, Pieces
from processors.text.spans import Spans
from processors.text.word_lists import words_of

_TURNS: Final = 4
"""Turns before and after in which a part is said again."""
_REPEATED: Final = frozenset(Kind) - {Kind.NAME, Kind.EMAIL}
_SINGLE: Final = frozenset((Kind.ADDRESS, Kind.BIRTH_DATE))
_LEAST: Final = 2
"""Numbers of the shortest part; a single one is a part only where it is a sentence."""


def with_repeats(
    pieces: Sequence[Pieces], found: Sequence[list[Found]], language: str
) -> list[list[Found]]:
    """`found` of each turn, with the parts that turns close by say again."""
    known = language if language in NUMBER_VALUES else "it"
    said = [
        [(one.kind, _symbols(cut, one, known)) for one in in_turn if one.kind in _REPEATED]
        for cut, in_turn in zip(pieces, found, strict=True)
    ]
    if not any(said):
        return list(found)
    complete = []
    for number, (cut, in_turn) in enumerate(zip(pieces, found, strict=True)):
        near = [
            each
            for other in range(max(0, number - _TURNS), min(len(pieces), number + _TURNS + 1))
            if other != number
            for each in said[other]
        ]
        more = list(_repeats(cut, in_turn, near, known)) if near else []
        complete.append(sorted([*in_turn, *more], key=lambda one: one.start) if more else in_turn)
    return complete


def _symbols(cut: Pieces, one: Found, language: str) -> tuple[str, ...]:
    return tuple(
        word
        for at, word in enumerate(cut.words)
        if one.start <= cut.starts[at] < one.end and _is_symbol(word, language)
    )


def _is_symbol(word: str, language: str) -> bool:
    if len(word) == 1 and word.isalpha() and word not in WORDLIKE_LETTERS[language]:
        return True
    if word.isdigit() or word in NUMBER_VALUES[language] or word in CLEAR_LETTERS[language]:
        return True
    return word in words_of("redaction", language, "months")


def _repeats(
    cut: Pieces, in_turn: list[Found], near: list[tuple[Kind, tuple[str, ...]]], language: str
) -> Iterator[Found]:
    apart = Spans()
    for one in in_turn:
        apart.add(one.start, one.end)
    units = UNITS[language] - words_of("redaction", language, "months")
    place = 0
    while place < len(cut):
        after = _run_end(cut, place, language)
        counted = after < len(cut) and cut.words[after] in units
        if after > place and not counted:
            start, end = cut.starts[place], cut.ends[after - 1]
            words = tuple(w for w in cut.words[place:after] if w not in PAUSES[language])
            kind = _kind_repeated(words, near, alone=_is_sentence(cut, place, after))
            if kind is not None and not apart.overlap(start, end):
                yield cut.found(kind, place, after)
        place = max(after, place + 1)


def _run_end(cut: Pieces, place: int, language: str) -> int:
    """Where the symbols that start at `place` end; `place` where there is none."""
    after = place
    while after < len(cut):
        paused = after > place and cut.words[after] in PAUSES[language]
        following = after + 1 if paused and after + 1 < len(cut) else after
        if not _is_symbol(cut.words[following], language):
            break
        after = following + 1
        if after < len(cut) and cut.gap(after - 1).strip(" ,-/"):
            break
    return after


def _kind_repeated(
    words: tuple[str, ...], near: list[tuple[Kind, tuple[str, ...]]], *, alone: bool
) -> Kind | None:
    size = len(words)
    if size < _LEAST and not alone:
        return None
    for kind, symbols in near:
        if size < _LEAST and kind not in _SINGLE:
            continue
        if any(symbols[n : n + size] == words for n in range(len(symbols) - size + 1)):
            return kind
    return None


def _is_sentence(cut: Pieces, first: int, after: int) -> bool:
    starts = first == 0 or sentence_ends(cut, first - 1) or "…" in cut.gap(first - 1)
    return starts and (after == len(cut) or sentence_ends(cut, after - 1))
