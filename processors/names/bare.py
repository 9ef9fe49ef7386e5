"""Surnames with nothing to introduce them: 'Ferraro, buonasera', 'esposito sono di nuovo io'.

A listed surname that is no everyday word, place or company is taken wherever it is written with a
capital. One that is not listed needs a capital that no sentence explains, or to be set apart by
pauses, as an address is. Without capitals only listed surnames are taken.
"""

from __future__ import annotations

import re
from typing import Final

from processors.names.known import NameLists
from processors.text.pieces import Pieces
from processors.text.word_lists import words_of

_NOT_OF_A_PERSON: Final = words_of("redaction", "any", "not_of_a_person")
_COMPANY_ENDINGS: Final = words_of("redaction", "any", "company_endings")
_ELSEWHERE: Final = (
    words_of("names", "places", "places")
    | words_of("names", "places", "brands")
    | words_of("redaction", "any", "peoples")
)
_BEFORE_A_THING: Final = {
    language: words_of("redaction", language, "before_a_thing") for language in ("it", "en")
}
"""Articles and prepositions: what follows with a capital is rather a place or a company."""
_PARTICLES: Final = frozenset(
    (
        "de",
        "di",
        "d",
        "del",
        "della",
        "dell",
        "dal",
        "dalla",
        "dall",
        "degli",
        "dello",
        "lo",
        "li",
        "mc",
        "van",
    )
)
_RATHER_WORDS: Final = words_of("redaction", "any", "rather_words")
"""Names that with a capital are rather the word: feasts, months, saints, forms of address."""
_ARTICLES: Final = frozenset(
    ("la", "il", "quel", "quella", "di", "con", "per", "del", "della", "dal", "col")
)
"""'la Sardelli', 'il Capuzzo': how people are spoken of."""
_BEFORE_A_PLACE: Final = frozenset(("a", "ad", "in", "verso"))
_BEFORE_A_COMPANY: Final = frozenset(("conto", "da", "dalla", "dall", "from", "behalf"))
_ADDRESSING: Final = words_of("redaction", "any", "addressing")
"""Words before or after a surname in lower case that show somebody to be addressed."""
_SENTENCE_END: Final = re.compile(r"[.!?;:…»\"\n]")
_PAUSE: Final = re.compile(r"[,.!?;:…«»\"()\n–-]")
_SURNAME: Final = re.compile(r"[a-z]{3,}[aeiou]|[a-z]{4,}(?:n|s|r|l|u|ch|ck|ff|tt|z|er|ic)")
_SURNAME_ENDING: Final = re.compile(
    r".{2,}(?:ett[io]|ell[io]|in[io]|on[io]|ucc[io]|ucci[oa]|acc[io]|azz[io]|ott[io]|ald[io]|ard[io]|ier[io]|[aeiou]cch[io]"
    r"|esi|oss[io]|uzz[io]|ozz[io]|izz[io]|agh[io]|engh[io]|iell[io]|ull[io]|illo|al[io]|ar[io]|ghi|nz[io]|anza|gn[io]"
    r"|dd[ua]|ss[ua]|nn[ia]|tt[ia]|ll[ia]|cc[ai]|is|as|us|on|in|an|ier|uol[io]|ol[io]|ul[io]|as[io]|is[io]|us[io]|ur[io])"
)
"""Endings of Italian surnames; those of verbs that start a sentence are not among them."""
_CUT_SHORT: Final = re.compile(r"[àèéìòù](?=[,.!?]|$)|[aeiou](?=['’])")
"""How somebody is called in the south: 'Gennà', 'Carmè'."""
_SHORTEST_LISTED: Final = 4
_SHORTEST_UNLISTED: Final = 5


def bare_surnames(pieces: Pieces, language: str, lists: NameLists) -> frozenset[int]:
    """The pieces that are surnames by themselves."""
    raw = not any(pieces.capital(n) for n in range(1, len(pieces)))
    return frozenset(
        at
        for at in range(len(pieces))
        if pieces.words[at].isalpha()
        and (len(pieces.words[at]) >= _SHORTEST_LISTED or pieces.words[at] in _PARTICLES)
        and _is_bare(pieces, at, language, lists, raw=raw)
    )


def _is_bare(pieces: Pieces, at: int, language: str, lists: NameLists, *, raw: bool) -> bool:
    word = pieces.words[at]
    if word in _ELSEWHERE:
        return False
    if pieces.capital(at) and _is_particle(pieces, at, lists):
        return not _of_company(pieces, at, lists)
    if word in lists.everyday:
        named = pieces.capital(at) and lists.is_name(word) and word not in _RATHER_WORDS
        return named and _calls_somebody(pieces, at) and not _of_company(pieces, at, lists)
    if pieces.capital(at):
        if pieces.text[pieces.starts[at] : pieces.ends[at]].isupper() or _of_company(
            pieces, at, lists
        ):
            return False
        if word in lists.surnames:
            return _starts_phrase(pieces, at) or pieces.words[at - 1] not in _BEFORE_A_PLACE
        return _is_unlisted(pieces, at, language, lists)
    return raw and word in lists.surnames and not lists.seems_form(word) and _addressed(pieces, at)


def _calls_somebody(pieces: Pieces, at: int) -> bool:
    """Whether a name that is an everyday word too is one by its capital, or by who is addressed."""
    if at and not _SENTENCE_END.search(pieces.gap(at - 1)):
        return pieces.words[at - 1] not in _BEFORE_A_PLACE or bool(
            _PAUSE.search(pieces.gap(at - 1))
        )
    if at + 1 == len(pieces):
        return False
    return pieces.gap(at).strip() in (",", "?") and pieces.words[at + 1] in _ADDRESSING


def _is_particle(pieces: Pieces, at: int, lists: NameLists) -> bool:
    """Whether a surname starts with it: 'De Luca', 'D'Angelo', 'Lo Russo'."""
    if pieces.words[at] not in _PARTICLES or at + 1 == len(pieces) or not pieces.capital(at + 1):
        return False
    after = pieces.words[at + 1]
    named = lists.is_name(after) or not lists.seems_word(after)
    return named and pieces.gap(at) in (" ", "'", "’") and after not in _ELSEWHERE


def _is_unlisted(pieces: Pieces, at: int, language: str, lists: NameLists) -> bool:
    word = pieces.words[at]
    last = at + 1 == len(pieces)
    starts = at == 0 or bool(_SENTENCE_END.search(pieces.gap(at - 1)))
    if len(word) < _SHORTEST_UNLISTED or not _SURNAME.fullmatch(word):
        return False
    if not starts:
        paused, before = bool(_PAUSE.search(pieces.gap(at - 1))), pieces.words[at - 1]
        if paused and _CUT_SHORT.match(pieces.text, pieces.ends[at] - 1):
            return True
        if lists.seems_form(word):
            return False
        if before in _ARTICLES and not paused:
            return bool(_SURNAME_ENDING.fullmatch(word))
        return paused or before not in _BEFORE_A_THING[language]
    if lists.seems_word(word):
        return False
    if not last and pieces.gap(at) == " " and pieces.words[at + 1] in lists.only_given:
        return pieces.capital(at + 1)
    if language == "en" and not last:
        return "," in pieces.gap(at) and pieces.words[at + 1] in _ADDRESSING
    if language != "it" or not _SURNAME_ENDING.fullmatch(word):
        return False
    return last or bool(_PAUSE.search(pieces.gap(at))) or pieces.words[at + 1] in _ADDRESSING


def _starts_phrase(pieces: Pieces, at: int) -> bool:
    return at == 0 or bool(_PAUSE.search(pieces.gap(at - 1)))


def _of_company(pieces: Pieces, at: int, lists: NameLists) -> bool:
    """Whether the words around say that it is a company, a street or a saint."""
    words = pieces.words
    before = words[at - 1] if at and not _PAUSE.search(pieces.gap(at - 1)) else ""
    if before in _NOT_OF_A_PERSON:
        return True
    earlier = words[at - 2] if at > 1 else ""
    if before in _BEFORE_A_COMPANY or (before == "di" and earlier == "conto"):
        return True
    after = words[at + 1] if at + 1 < len(pieces) and pieces.gap(at) == " " else ""
    if after in _COMPANY_ENDINGS and (len(after) <= 3 or pieces.capital(at + 1)):
        return True
    second = words[at + 2] if after and at + 2 < len(pieces) and pieces.gap(at + 1) == " " else ""
    if second in _COMPANY_ENDINGS and pieces.capital(at + 1):
        return True
    if not before or not pieces.capital(at - 1) or lists.is_name(before):
        return False
    return at > 1 or not lists.seems_word(before)


def _addressed(pieces: Pieces, at: int) -> bool:
    words = pieces.words
    if len(words) == 1:
        return True
    around = words[at - 1 : at] if at else ()
    after = words[at + 1 : at + 2]
    return not _ADDRESSING.isdisjoint((*around, *after))
