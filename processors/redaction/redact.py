"""Takes personal data out of a text, leaving a readable sentence with typed placeholders.

`docs/redaction.md` says what is taken out, what is left, and with which quality.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from processors.names.find import NameFound, names_in
from processors.names.introductions import Strength
from processors.names.known import NOBODY, KnownNames
from processors.redaction.announcements import Cue, asked_in
from processors.redaction.asked_answers import (
    AskedFor,
    addresses_answered,
    asked_for,
    names_answered,
)
from processors.redaction.birth_dates import NOT_ASKED, Asked, asked_after, birth_dates_in
from processors.redaction.codes import codes_in
from processors.redaction.emails import emails_in
from processors.redaction.identifiers import identifiers_in
from processors.redaction.repeats import with_repeats
from processors.redaction.streets import extensions_in, streets_in
from processors.text.number_words import CLEAR_LETTERS, NUMBER_VALUES, TOWNS, WORDLIKE_LETTERS
from processors.text.pieces import Found, Kind, Pieces, pieces_of
from processors.text.spans import Spans

__all__ = [
    "Found",
    "Kind",
    "find_in_call",
    "find_personal_data",
    "redact",
    "redact_call",
    "replaced",
]


def redact(text: str, language: str, names: Sequence[str] = ()) -> str:
    """`text` with personal data replaced by placeholders such as [NOME], [TELEFONO], [IBAN].

    Identifiers and contacts are found in any language; names, streets and codes spoken aloud in
    Italian ("it") and English ("en"). `names` are people known to be spoken of, as "Mario Rossi":
    their names are replaced wherever they are said. Redacting is idempotent.
    """
    return replaced(text, find_personal_data(text, language, names))


def redact_call(texts: Sequence[str], language: str, names: Sequence[str] = ()) -> list[str]:
    """The turns of one conversation, redacted with what the other turns show.

    A name introduced in one turn is replaced in all of them; a number or a date of birth asked for
    in one turn is replaced in the answers, even in parts too short to be recognised alone.
    """
    found = find_in_call(texts, language, names)
    return [replaced(text, in_turn) for text, in_turn in zip(texts, found, strict=True)]


def find_in_call(
    texts: Sequence[str], language: str, names: Sequence[str] = ()
) -> list[list[Found]]:
    """Personal data of each turn of one conversation, as `redact_call` replaces it."""
    pieces = [pieces_of(text) for text in texts]
    expected = _expected(pieces, language)
    alone = [list(names_in(cut, language)) for cut in pieces]
    learned = {
        word
        for names_alone in alone
        for name in names_alone
        if name.strength is Strength.NAME
        for word in name.words
    }
    for cut, asked in zip(pieces, expected, strict=True):
        if asked.of_person is AskedFor.NAME:
            learned |= names_answered(cut, language)
    known = KnownNames.of([*names, *sorted(learned)])
    found = [
        _find(cut, language, known, asked, names_alone)
        for cut, asked, names_alone in zip(pieces, expected, alone, strict=True)
    ]
    return with_repeats(pieces, found, language)


class _Expected(NamedTuple):
    """What a turn may answer, by the turns before it."""

    code: Cue | None = None
    birth: Asked = NOT_ASKED
    of_person: AskedFor | None = None


_NOTHING_ASKED: Final = _Expected()


def _expected(pieces: Sequence[Pieces], language: str) -> list[_Expected]:
    """What each turn may answer."""
    found, now = [], _NOTHING_ASKED
    for cut in pieces:
        found.append(now)
        asks = asked_for(cut, language)
        if asks is None and len(cut) <= _WAITING and "?" in cut.text:
            asks = now.of_person
        code, birth = _still_asked(cut, language, now.code), asked_after(cut, language, now.birth)
        now = _Expected(code, birth, asks)
    return found


def find_personal_data(text: str, language: str, names: Sequence[str] = ()) -> list[Found]:
    """Personal data in `text`, in order and without overlaps."""
    known = KnownNames.of(names) if names else NOBODY
    pieces = pieces_of(text)
    return _find(pieces, language, known, _NOTHING_ASKED, list(names_in(pieces, language)))


def _find(
    pieces: Pieces,
    language: str,
    known: KnownNames,
    asked: _Expected,
    alone: Sequence[NameFound],
) -> list[Found]:
    """Personal data of a text in its conversation; `alone` are the names found in it alone."""
    found: list[Found] = []
    apart = Spans()

    def add(more: Iterable[Found]) -> None:
        """Add what does not overlap what was found before."""
        found.extend(one for one in more if apart.add(one.start, one.end))

    def taken(place: int) -> bool:
        return apart.cover(pieces.starts[place])

    spelt = asked.of_person is AskedFor.NAME
    add(emails_in(pieces, language))
    add(streets_in(pieces, language))
    codes = asked.code is not None or _may_hold_codes(pieces, language)
    births = list(birth_dates_in(pieces, language, asked.birth))
    if codes and births:
        add(identifiers_in(pieces, language, taken))
    if codes and asked.code is not None and not asked.birth.just:
        add(codes_in(pieces, language, asked.code, taken, spelt=spelt))
        codes = False
    add(births)
    if asked.of_person not in (None, AskedFor.NAME):
        add(addresses_answered(pieces, language, asked.of_person))
    if codes:
        add(codes_in(pieces, language, asked.code, taken, spelt=spelt))
    add(extensions_in(pieces, language))
    if found or known.any_in(pieces.words):
        add(name.found for name in names_in(pieces, language, known, taken))
    else:
        found.extend(name.found for name in alone)
    found.sort(key=lambda f: f.start)
    return found


def replaced(text: str, found: Sequence[Found]) -> str:
    """`text` with a placeholder for each of `found`, which are in order and do not overlap."""
    parts, done = [], 0
    for one in found:
        parts += [text[done : one.start], one.kind.placeholder]
        done = one.end
    return "".join([*parts, text[done:]]) if parts else text


def _still_asked(pieces: Pieces, language: str, asked: Cue | None) -> Cue | None:
    """What the next turn is expected to dictate, after this one."""
    known = language if language in NUMBER_VALUES else "it"
    cue = asked_in(pieces, known)
    if cue is not None:
        return cue
    if asked is None:
        return None
    letters = asked in (Cue.FISCAL_CODE, Cue.IBAN)
    spoken = NUMBER_VALUES[known].keys() | CLEAR_LETTERS[known].keys()
    spoken |= WORDLIKE_LETTERS[known].keys() | TOWNS[known].keys() if letters else set()
    symbols = sum(word.isdigit() or word in spoken or len(word) == 1 for word in pieces.words)
    return asked if len(pieces) <= 3 or symbols * 2 >= len(pieces) else None


def _may_hold_codes(pieces: Pieces, language: str) -> bool:
    """A quick check whether codes are worth a search: figures, numbers, letters by name or word."""
    words = pieces.words
    known = language if language in NUMBER_VALUES else "it"
    if _FIGURE.search(pieces.text) or not _CODE_WORDS[known].isdisjoint(words):
        return True
    return words.count(_SPELLING_JOIN[known]) > 2 or sum(len(word) == 1 for word in words) > 2


_WAITING: Final = 2
"""Pieces of the longest turn that lets the answer wait: 'come?', 'sì?'."""
_FIGURE = re.compile(r"\d")
_SPELLING_JOIN = {"it": "come", "en": "for"}
_CODE_WORDS = {
    language: frozenset(NUMBER_VALUES[language]) | frozenset(CLEAR_LETTERS[language])
    for language in NUMBER_VALUES
}
