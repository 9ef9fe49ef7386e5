"""Finds street addresses: 'via Garibaldi 12', 'piazza della Repubblica, numero cinque'."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from processors.names.known import NameLists, name_lists
from processors.text.number_words import NUMBER_VALUES, UNITS
from processors.text.pieces import Found, Kind, Pieces
from processors.text.word_lists import words_of

_KINDS: Final = words_of("redaction", "it", "street_kinds")
_DOTTED_KINDS: Final = {
    "v": ("le",),
    "p": ("zza", "za", "le", "tta"),
    "c": ("so", "da"),
    "l": ("go",),
}
"""'V.le', 'P.zza': pieces on both sides of the dot."""
_KIND_WORDS: Final = _KINDS | _DOTTED_KINDS.keys()
"""Every piece that an address can start with."""
_OFTEN_A_WORD: Final = words_of("redaction", "it", "often_a_word")
_NEVER_A_WORD: Final = words_of("redaction", "it", "never_a_word")
_OF: Final = words_of("redaction", "it", "street_particles")
_SAINTS: Final = frozenset(("san", "santa", "sant", "santo", "santi", "ss"))
_NOT_STREETS: Final = words_of("redaction", "it", "not_streets")
_NUMBERED: Final = words_of("redaction", "it", "before_a_house_number")
_AT_HOME: Final = re.compile(
    r"abit\w*|sto|stiamo|sta|stanno|risied\w*|resident[ei]|residenza|vivo|viviamo|vive|domicili\w*|indirizzo|sede"
    r"|ubicat\w*|sit[oa]|fornitura|casa|appartamento|negozio|ufficio|contatore|utenza|consegn\w*|recapit\w*"
    r"|spedi\w*|traslocat\w*|trasferit\w*|sono"
)
_ADDRESS_REACH = 4
_ABBREVIATION_AT_MOST = 3
_EXTENSION_WORDS: Final = frozenset(("interno", "scala", "civico", "extension", "flat", "ext"))
_LIVING: Final = frozenset(
    ("sto", "stiamo", "abito", "abitiamo", "vivo", "viviamo", "sta", "abita", "live")
)
_AT: Final = frozenset(("al", "all", "allo", "at", "numero", "civico"))
_NAME_PIECES = 6
_SUFFIX: Final = re.compile(r"\s?[/-]?\s?(?:bis|ter|[a-zA-Z]|\d{1,3})\b(?!['’])")
_POSTCODE: Final = re.compile(r"[\s,–-]{1,4}\d{5}\b")


def streets_in(pieces: Pieces, language: str) -> Iterator[Found]:
    """The street addresses of a text, in order."""
    if language == "en":
        yield from _english(pieces)
        return
    if language != "it":
        return
    if _KIND_WORDS.isdisjoint(pieces.words):
        return
    lists = name_lists("it")
    done = 0
    for place, word in enumerate(pieces.words):
        if word not in _KIND_WORDS or pieces.starts[place] < done:
            continue
        name_at = _after_kind(pieces, place)
        end = _address_end(pieces, place, name_at, lists) if name_at else None
        if end is not None:
            yield Found(Kind.ADDRESS, pieces.starts[_with_number_first(pieces, place)], end)
            done = end


def extensions_in(pieces: Pieces, language: str) -> Iterator[Found]:
    """House numbers and extensions by themselves: 'interno sette', 'io sto al ventitré'."""
    known = language if language in NUMBER_VALUES else "it"
    values, units = NUMBER_VALUES[known], UNITS[known]
    words = pieces.words
    for place in range(1, len(pieces)):
        word = words[place]
        if not (word.isdigit() or values.get(word, 0) > 0) or pieces.gap(place - 1).strip():
            continue
        after = words[place + 1] if place + 1 < len(pieces) else ""
        if after in units or after in ("piano", "floor", "per", "percent"):
            continue
        if words[place - 1] in _EXTENSION_WORDS:
            yield pieces.found(Kind.NUMBER, place - 1, place + 1)
        elif words[place - 1] in _AT and not _LIVING.isdisjoint(words[max(0, place - 3) : place]):
            yield pieces.found(Kind.ADDRESS, place, place + 1)


def _with_number_first(pieces: Pieces, kind: int) -> int:
    """Where the address starts, with the house number that may come first ('al 12 di via Roma')."""
    words = pieces.words
    if kind < 3 or words[kind - 1] not in ("di", "in"):
        return kind
    if words[kind - 3] not in _NUMBERED or not all(
        pieces.gap(n) == " " for n in range(kind - 3, kind)
    ):
        return kind
    word = words[kind - 2]
    return kind - 2 if word.isdigit() or word in NUMBER_VALUES["it"] else kind


def _after_kind(pieces: Pieces, place: int) -> int:
    """Where the street's name starts, after 'via' or 'P.zza'; 0 where there is no street."""
    word = pieces.words[place]
    if place + 1 >= len(pieces):
        return 0
    if word in _DOTTED_KINDS and pieces.gap(place) == "." and place + 2 < len(pieces):
        return place + 2 if pieces.words[place + 1] in _DOTTED_KINDS[word] else 0
    if word == "v" and pieces.gap(place).strip() == ".":
        return place + 1
    if word not in _KINDS or pieces.gap(place).strip() not in ("", "."):
        return 0
    return place + 1


def _address_end(pieces: Pieces, kind: int, name_at: int, lists: NameLists) -> int | None:
    """The character where the address ends; None where it is not one ('via mail', 'in corso')."""
    named = _named_end(pieces, name_at)
    if named > name_at:
        end = _house_end(pieces, named)
        sure = pieces.words[kind] not in _OFTEN_A_WORD
        sure = sure or (pieces.capital(kind) and pieces.words[kind] not in ("borgo", "v", "loc"))
        if end is not None or sure:
            return end or pieces.ends[named - 1]
        return pieces.ends[named - 1] if _at_home(pieces, kind) else None
    return _lower_case_end(pieces, kind, name_at, lists)


def _named_end(pieces: Pieces, place: int) -> int:
    """Where a capitalised street name ends; `place` itself where there is none."""
    began = place
    last = place
    while place < min(len(pieces), began + _NAME_PIECES):
        word = pieces.words[place]
        if place > began and pieces.gap(place - 1).strip() not in ("", ".", "'", "’", "-"):
            break
        if pieces.capital(place) and not (place == began and word in _NOT_STREETS):
            last = place + 1
        elif not (word in _OF or word in _SAINTS or (place == began and word.isdigit())):
            break
        place += 1
    return last


def _house_end(pieces: Pieces, place: int) -> int | None:
    """The character where the house number at `place` ends, with the postcode after it."""
    values, units = NUMBER_VALUES["it"], UNITS["it"]
    numbered = False
    while place < len(pieces) and pieces.words[place] in _NUMBERED:
        numbered, place = True, place + 1
    if place >= len(pieces):
        return None
    if pieces.gap(place - 1).strip() not in ("", ",", ".", "°", "n.", ", n.", "-"):
        return None
    word = pieces.words[place]
    is_number = (word.isdigit() and len(word) <= 4) or values.get(word, 0) > 0
    mixed = re.fullmatch(r"\d{1,4}[a-z]", word)
    if not is_number and not mixed:
        return None
    if place + 1 < len(pieces) and pieces.words[place + 1] in units and not numbered:
        return None
    end = pieces.ends[place]
    if word.isdigit():
        suffix = _SUFFIX.match(pieces.text, end) if not mixed else None
        end = suffix.end() if suffix and _is_house_suffix(suffix[0]) else end
    if place + 2 < len(pieces) and pieces.words[place + 1] == "barra":
        end = pieces.ends[place + 2]
    postcode = _POSTCODE.match(pieces.text, end)
    return postcode.end() if postcode else end


def _is_house_suffix(suffix: str) -> bool:
    bare = suffix.strip()
    if bare[0] in "/-":
        return True
    return bare.lower() in ("bis", "ter") or (len(bare) == 1 and bare.isupper()) or (
        len(suffix) == 1 and bare.isalpha()
    )  # fmt: skip


def _lower_case_end(pieces: Pieces, kind: int, name_at: int, lists: NameLists) -> int | None:
    """An address without capitals: it needs its house number, or a word that locates somebody."""
    words = pieces.words
    for place in range(name_at, min(len(pieces), name_at + _NAME_PIECES)):
        if place > name_at and pieces.gap(place - 1).strip() not in ("", ",", "'", "’", "."):
            break
        if "." in pieces.gap(place - 1) and len(words[place - 1]) > _ABBREVIATION_AT_MOST:
            break
        if place > name_at:
            end = _house_end(pieces, place)
            if end is not None:
                return end if _is_street_name(words[name_at:place], pieces, kind) else None
        if words[place] in _NOT_STREETS and words[place] not in _OF:
            return None
        if "," in pieces.gap(place - 1):
            break
    first = words[name_at]
    if not _at_home(pieces, kind) or first in _NOT_STREETS or words[kind] in _OFTEN_A_WORD:
        return None
    named = name_at
    while named < len(pieces) - 1 and words[named] in _OF | _SAINTS:
        named += 1
    if lists.seems_word(words[named]) and not lists.is_name(words[named]):
        return None
    end = named + 1
    while end < len(pieces) and pieces.gap(end - 1) == " " and _names_on(words[end], lists):
        end += 1
    return pieces.ends[end - 1]


def _is_street_name(name: tuple[str, ...], pieces: Pieces, kind: int) -> bool:
    content = [word for word in name if word not in _OF and word not in _SAINTS]
    if not content or name[0] in _NOT_STREETS - _OF or any(w in _NOT_STREETS for w in content):
        return False
    before = pieces.words[kind - 1] if kind else ""
    return not (pieces.words[kind] == "corso" and before in ("nel", "in") and name[0] in _OF)


def _names_on(word: str, lists: NameLists) -> bool:
    return lists.is_name(word) and word not in lists.everyday


def _at_home(pieces: Pieces, kind: int) -> bool:
    """Whether a word before says that somebody lives, or something is, there ('abito in')."""
    before = pieces.words[max(0, kind - _ADDRESS_REACH) : kind]
    if not before or before[-1] not in ("in", "e", "a", "di", "indirizzo", "residente", "sede"):
        return False
    if pieces.words[kind] in _NEVER_A_WORD and before[-1] == "in":
        return True
    return any(_AT_HOME.fullmatch(word) for word in before)


_TYPES: Final = (
    "street|st|road|rd|avenue|ave|lane|ln|close|drive|court|crescent|terrace|gardens|grove|mews"
    "|square|way|place|park|row|walk|hill|green|parade|rise|view"
)
_ENGLISH_NUMBER: Final = "|".join(
    sorted((w for w, v in NUMBER_VALUES["en"].items() if v), key=len, reverse=True)
)
_ENGLISH: Final = re.compile(
    rf"\b(?i:(?:flat|apartment|unit)\s+\d{{1,3}}[a-z]?,?\s+)?"
    rf"(?:\d{{1,4}}[a-zA-Z]?|(?i:(?:{_ENGLISH_NUMBER})(?:[\s-](?:{_ENGLISH_NUMBER})){{0,2}})),?\s+"
    rf"(?:(?:[A-Z][\w'’]*\s+){{1,3}}(?i:{_TYPES})"
    r"|(?i:(?!more\b|other\b|different\b|last\b|first\b|long\b|whole\b|big\b|single\b|way\b)[a-z'’]{3,}\s+"
    r"(?:[a-z'’]{3,}\s+)?(?:street|road|avenue|lane|drive|crescent|terrace|gardens)))\b"
)
_UK_POSTCODE: Final = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b")


def _english(pieces: Pieces) -> Iterator[Found]:
    text, done = pieces.text, 0
    for match in _ENGLISH.finditer(text):
        postcode = re.compile(r",?\s*" + _UK_POSTCODE.pattern).match(text, match.end())
        done = postcode.end() if postcode else match.end()
        yield Found(Kind.ADDRESS, match.start(), done)
    for match in _UK_POSTCODE.finditer(text):
        if match.start() >= done:
            yield Found(Kind.ADDRESS, *match.span())
