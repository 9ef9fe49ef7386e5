"""Ratings from 0 to 10: spoken by the customer, or predicted where none was given.

Spoken: a number in the customer's answer to an operator's 0-10 question, or one that the
customer plainly gives as a mark ('vi do un quattro'). Halves round down ('otto e mezzo' is 8),
'sette meno' stays 7, of two neighbouring marks the lower counts ('tra il sei e il sette' is 6),
a correction replaces ('sette, anzi otto' is 8). Numbers that count something ('tre volte'), the
scale itself ('da zero a dieci') and the verb 'sei' are no marks. A bound ('non più di cinque')
counts where no other mark stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from processors.cues import read_turn
from processors.tokens import Words, cut
from schemas.conversation import Speaker, Turn

_NUMBERS = {
    "it": "zero|uno|due|tre|quattro|cinque|sei|sette|otto|nove|dieci",
    "en": "zero|one|two|three|four|five|six|seven|eight|nine|ten",
}
_VALUES = {
    language: {
        **{word: value for value, word in enumerate(words.split("|"))},
        **{str(value): value for value in range(11)},
    }
    for language, words in _NUMBERS.items()
}
_BIGGEST = {"it": ("massimo", "lode", "pieni"), "en": ("maximum", "top")}
_PASS_MARK = {"it": "sufficienza"}
_RANGES = {"it": ("a", "al", "e", "ed"), "en": ("to", "and")}
_RANGE_BEGINS = {"it": ("da", "dal", "tra", "fra"), "en": ("from", "between")}
_OUT_OF = {"it": ("su",), "en": ("of",)}
_OR = {"it": ("o", "e", "massimo", "forse"), "en": ("or", "to", "maybe")}
_SKIPPED = {"it": ("il", "un", "l", "a"), "en": ("a", "an", "the")}
_INSTEAD = {"it": ("anzi", "ora", "adesso"), "en": ("actually", "now")}
_COUNTED = re.compile(
    r"volt|ann|euro|cent|mes|giorn|or[ae]$|minut|rat[ae]$|person|bollett|fattur|settiman|figl|"
    r"telefonat|chiamat|operator|piano|stanz|punti|bambin|scale|interno|mila|metri|gradi|"
    r"time|year|month|day|hour|minute|pound|dollar|people|call|bill|week|kid|letter|operators"
)
_NUMBERED = {
    "it": ("numero", "civico", "interno", "alle", "piano", "ogni", "ore", "scala", "ultimi"),
    "en": ("number", "flat", "at", "every", "floor", "last"),
}
_FOLLOWS_A_MARK = {
    "e", "o", "su", "dai", "meno", "piu", "ma", "forse", "per", "perche", "pieno", "scarso",
    "abbondante", "spaccato", "va", "via", "non", "come", "direi", "penso", "credo", "anzi", "al",
    "massimo", "politico", "grazie", "signora", "signorina", "ecco", "mezzo", "dieci", "10", "ok",
}  # fmt: skip
_LEADS_TO_A_MARK = {
    "un", "il", "do", "darei", "direi", "dico", "facciamo", "diciamo", "mettiamo", "voto", "metto",
    "a", "sufficienza", "circa", "tipo", "o", "forse", "dare", "dia", "penso", "da", "mah", "boh",
    "beh", "eh", "e", "tra", "fra", "anzi", "ora", "adesso", "di", "solo",
}  # fmt: skip
_GIVES_A_MARK = {
    "it": {"voto", "do", "darei", "diamo", "punteggio", "metto", "dare", "valutazione"},
    "en": {"give", "score", "rate", "rating", "mark"},
}
_NOT_A_GIFT = {"it": {"mi", "ci", "dammi"}, "en": {"me", "us"}}
_BOUNDS = {"piu", "meno", "sotto", "sopra", "more", "less", "below", "above"}
_REACH = 5
_ANSWERS_AWAITED = 2


def spoken_rating(turns: Sequence[Turn], language: str) -> int | None:
    """The rating the customer speaks in these turns, the last one given; None where none is."""
    rating: int | None = None
    awaited = 0
    for turn in turns:
        if turn.speaker is Speaker.OPERATOR:
            if asks_for_rating(turn.text, language):
                awaited = _ANSWERS_AWAITED
        elif turn.speaker is Speaker.CUSTOMER:
            said = cut(turn.text, language)
            found = mark_in(said, language) if awaited else plain_mark(said, language)
            awaited = 0 if found is not None else max(0, awaited - 1)
            rating = rating if found is None else found
    return rating


def asks_for_rating(text: str, language: str) -> bool:
    """Whether an operator's turn asks for a mark from 0 to 10."""
    cues = read_turn(text, language, Speaker.OPERATOR)
    return any(cue.family == "rating.question" for cue in cues)


def mark_in(said: Words, language: str) -> int | None:
    """The mark in an answer to a 0-10 question."""
    marks = _marks(said, language)
    if marks:
        return _chosen(marks, said, language)
    words = set(said.words)
    if said.questions:
        return None
    if words.intersection(_BIGGEST[language]):
        return 10
    return 6 if _PASS_MARK.get(language) in words else None


def plain_mark(said: Words, language: str) -> int | None:
    """The mark a customer gives unasked, in words that say it is one."""
    gives = _GIVES_A_MARK[language]
    marks = [
        (place, value)
        for place, value in _marks(said, language)
        if (before := said.words[max(0, place - _REACH) : place])
        and gives.intersection(before)
        and not _NOT_A_GIFT[language].intersection(before)
    ]
    return _chosen(marks, said, language) if marks else None


def _marks(said: Words, language: str) -> list[tuple[int, int]]:
    """Numbers from 0 to 10 that can be marks: (place, value)."""
    values, words = _VALUES[language], said.words
    taken = _scale(said, language)
    marks: list[tuple[int, int]] = []
    bounds: list[tuple[int, int]] = []
    for place, word in enumerate(words):
        value = values.get(word)
        if value is None or place in taken or _is_counted(words, place, language):
            continue
        if word in ("sei", "one") and not _stands_as_number(said, place):
            continue
        if word.isdigit() and _is_fraction(said, place):
            continue
        bounding = bool(_BOUNDS.intersection(words[max(0, place - 2) : place]))
        (bounds if bounding else marks).append((place, value))
    return marks or bounds


def _scale(said: Words, language: str) -> set[int]:
    """Places of numbers that name the scale: 'da zero a dieci', 'su dieci', 'out of ten'."""
    values, words = _VALUES[language], said.words
    taken: set[int] = set()
    for place, word in enumerate(words):
        value = values.get(word)
        if value is None:
            continue
        before = words[place - 1] if place else ""
        if value == 10 and before in _OUT_OF[language]:
            taken.add(place)
        slash = place and said.raw[said.ends[place - 1] : said.starts[place]].strip() == "/"
        if value == 10 and slash and before in values:
            taken.add(place)
        if value == 10 and before in _RANGES[language] and place >= 2:
            low = values.get(words[place - 2])
            begun = place >= 3 and words[place - 3] in _RANGE_BEGINS[language]
            if low in (0, 1) and (begun or language == "en" or before == "a"):
                taken |= {place, place - 2}
    return taken


def _is_counted(words: tuple[str, ...], place: int, language: str) -> bool:
    after = words[place + 1] if place + 1 < len(words) else ""
    before = words[place - 1] if place else ""
    return bool(_COUNTED.match(after)) or before in _NUMBERED[language]


def _stands_as_number(said: Words, place: int) -> bool:
    """Whether 'sei' is six and not 'you are'; whether 'one' is a mark and not a pronoun."""
    words = said.words
    last = place + 1 >= len(words) or said.sentences[place + 1] != said.sentences[place]
    before = words[place - 1] if place else ""
    if words[place] == "one":
        return last and before not in {"no", "this", "that", "any", "every"}
    comma = not last and "," in said.raw[said.ends[place] : said.starts[place + 1]]
    if before in {"tu", "ci", "mi", "non", "che", "chi", "lei", "se"}:
        return False
    return last or comma or words[place + 1] in _FOLLOWS_A_MARK or before in _LEADS_TO_A_MARK


def _is_fraction(said: Words, place: int) -> bool:
    between = said.raw[said.ends[place - 1] : said.starts[place]] if place else ""
    return between in (",", ".") and said.words[place - 1].isdigit()


def _chosen(marks: list[tuple[int, int]], said: Words, language: str) -> int:
    """Of several marks: the one that corrects the others, the lower of a pair, else the first."""
    for place, value in marks[1:]:
        if any(w in _INSTEAD[language] for w in said.words[max(0, place - 2) : place]):
            return value
    first, value = marks[0]
    if len(marks) > 1:
        second, other = marks[1]
        between = [w for w in said.words[first + 1 : second] if w not in _SKIPPED[language]]
        if between and all(w in _OR[language] for w in between):
            return min(value, other)
    return value


BASE = 6.5
BY_SENTIMENT = 3.0
BY_AGGRESSION = -4.0
BY_EMPATHY = 2.0
BY_CHURN_INTENT = -2.0


def predicted_rating(
    sentiment: float | None, aggression: float | None, empathy: float | None, *, leaves: bool
) -> int | None:
    """The rating one would expect, from 0 to 10; None where a score it needs is missing.

    6.5 + 3 sentiment - 4 aggression + 2 empathy - 2 if the customer means to leave, rounded
    and held within the scale: weights set by hand, not fitted to ratings.
    """
    if sentiment is None or aggression is None or empathy is None:
        return None
    expected = (
        BASE
        + BY_SENTIMENT * sentiment
        + BY_AGGRESSION * aggression
        + BY_EMPATHY * empathy
        + (BY_CHURN_INTENT if leaves else 0.0)
    )
    return max(0, min(10, round(expected)))
