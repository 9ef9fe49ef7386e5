"""Marks from 0 to 10 in what a customer says: which numbers are marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from processors.mark_words import MarkWords, mark_words, numbers_spelt
from processors.tokens import Words

_REACH_OF_A_BOUND = 4
_REACH_OF_A_VERB = 4
_CLAUSE = 8
_NO_MARK_BEFORE_SEI: Final = frozenset(("tu", "ci", "mi", "non", "che", "chi", "lei", "se"))
_NO_MARK_BEFORE_ONE: Final = frozenset(("no", "this", "that", "any", "every", "which", "each"))
_CONTRAST: Final = frozenset(("ma", "pero", "invece", "but", "con", "with"))
_ARTICLES: Final = frozenset(("un", "uno", "il", "lo", "l", "a", "an", "the"))
_MORE_THAN: Final = (
    *(("di", "piu"), ("di", "meglio"), ("than", "more"), ("than", "better"), ("oltre", "non")),
)
_LESS_THAN: Final = (("di", "meno"), ("di", "peggio"), ("than", "less"), ("than", "worse"))
_UNDER: Final = frozenset(("sotto", "below", "under"))
_REACHES: Final = frozenset(("arrivo", "arriva", "arriviamo", "arrivate", "arrivi"))
_LIVES: Final = re.compile(r"abit\w+|stiamo|sto|live|flat")
_DAYS_AFTER: Final = frozenset(("il", "l", "del", "dal", "al", "the", "on", "by", "at", "about"))
"""Words before a day of the month, or an hour."""
_HAVE: Final = frozenset(("ho", "hai", "ha", "abbiamo", "avete", "hanno"))
_NO_PAUSE: Final = ("", "'", "’", ":")
_ENDS_IN: Final = frozenset(("con", "per", "in", "di", "with"))
_ENDS: Final = {"basso": 0, "bassa": 0, "alto": 10, "alta": 10, "worst": 0, "best": 10}
_MARK_NAMES: Final = ("voto", "punteggio", "valutazione", "mark", "score", "rating")
_HALF: Final = "½"


@dataclass(frozen=True, slots=True)
class Mark:
    """A number that can be a mark."""

    place: int
    value: int


def marks_in(said: Words, language: str) -> list[Mark]:
    """The numbers from 0 to 10 that can be marks, in order, each as it counts.

    A bound ('non più di cinque', 'meno di zero') is one only where no other mark stands beside it.
    """
    said = numbers_spelt(said, language)
    reader = _Reader(said, mark_words(language), language)
    marks = [mark for place in range(len(said.words)) if (mark := reader.mark_at(place))]
    plain = [mark for mark in marks if mark.place not in reader.bounds]
    firm = [mark for mark in plain if not reader.is_of_another_time(mark.place)]
    return firm or plain or marks


def extreme_in(said: Words, language: str, lowest: int = 0) -> int | None:
    """The end of the scale that words name without a number ('il massimo', 'pieni voti')."""
    known, words = mark_words(language), said.words
    for place, word in enumerate(words):
        if said.sentences[place] in said.questions:
            continue
        before = set(words[max(0, place - 3) : place])
        if not before.isdisjoint(known.denies | {"senza", "without"}):
            continue
        after = words[place + 1] if place + 1 < len(words) else ""
        bare = after not in ("che", "di", "della") and "al" not in before
        if word in known.best and bare and not _is_scale_word(said, place, known):
            return 10
        if word in ("full", "top") and after in known.full_marks_after:
            return 10
        if word in ("piu", "the") and after in _ENDS and not set(words).isdisjoint(_MARK_NAMES):
            return lowest if _ENDS[after] == 0 else 10
        if word in ("mezzo", "half") and after in ("voto", "punto", "mark", "point"):
            return 0
        if word in known.worst and bare and not _is_scale_word(said, place, known):
            return lowest
    return _pass_mark(words) if language == "it" else None


def _is_scale_word(said: Words, place: int, known: MarkWords) -> bool:
    """Whether a number stands right before it: 'dieci è il massimo' explains the scale."""
    return any(word in known.values for word in said.words[max(0, place - 3) : place])


def _pass_mark(words: Sequence[str]) -> int | None:
    if "sufficienza" not in words and "sufficiente" not in words:
        return None
    return 5 if {"non", "nemmeno", "neanche", "sotto"}.intersection(words) else 6


class _Reader:
    def __init__(self, said: Words, known: MarkWords, language: str) -> None:
        self._said = said
        self._known = known
        self._italian = language == "it"
        self._scale = self._scale_places()
        self._dictated = self._dictated_places()
        self._last_day: int | None = None
        self.bounds: set[int] = set()
        """Places of the marks that only bound the one meant, or that a 'no' may take back."""

    def mark_at(self, place: int) -> Mark | None:
        """The mark at `place`; None where none is, or a number that is no mark."""
        word = self._word(place)
        value = self._known.values.get(word.rstrip(_HALF))
        if value is None:
            if word in self._known.beyond and self._is_alone(place):
                return Mark(place, 10)
            return None
        if place in self._scale | self._dictated or self._is_no_mark(place, word):
            return None
        bound = self._bound(place, value)
        if bound is not None:
            self.bounds.add(place)
            return Mark(place, bound)
        return None if self._is_denied(place) else Mark(place, value)

    def is_of_another_time(self, place: int) -> bool:
        """Whether its clause speaks of another time, person or condition ('avrei detto due')."""
        return any(word in self._known.past_or_other for word in self._clause_before(place))

    def _word(self, place: int) -> str:
        words = self._said.words
        return words[place] if 0 <= place < len(words) else ""

    def _gap(self, place: int) -> str:
        """The raw characters between the word at `place` and the next."""
        said = self._said
        if not 0 <= place < len(said.words) - 1:
            return ""
        return said.raw[said.ends[place] : said.starts[place + 1]]

    def _clause_before(self, place: int) -> list[str]:
        clause: list[str] = []
        for at in range(place - 1, max(-1, place - 1 - _CLAUSE), -1):
            if self._said.sentences[at] != self._said.sentences[place] or "," in self._gap(at):
                break
            starts_with = (
                self._word(at) == "con" and self._word(at - 1) in self._known.past_or_other
            )
            if self._word(at) in _CONTRAST and not starts_with:
                break
            clause.append(self._word(at))
        return clause

    def _is_no_mark(self, place: int, word: str) -> bool:
        if word in ("sei", "uno", "one") and not self._stands_as_number(place):
            return True
        if self._is_fraction(place) or self._explains_the_scale(place):
            return True
        return self._is_counted(place) or self._is_of_a_day(place)

    def _is_alone(self, place: int) -> bool:
        after, before = self._word(place + 1), self._word(place - 1)
        if after in self._known.counted or (after and not self._gap(place).strip()):
            return after in self._known.follow_a_mark and before in self._known.lead_to_a_mark
        return place < 3

    def _scale_places(self) -> set[int]:
        """Places of numbers that name the scale: 'da zero a dieci', 'su dieci', 'out of ten'."""
        values, known = self._known.values, self._known
        taken: set[int] = set()
        for place in range(len(self._said.words)):
            if values.get(self._word(place)) != 10:
                continue
            before = self._word(place - 1)
            slash = self._gap(place - 1).strip() == "/" and before in values
            if before in known.out_of or slash:
                taken.add(place)
            low = place - 2
            if before in known.range_joins and values.get(self._word(low)) in (0, 1):
                begun = self._word(low - 1) in known.range_begins
                if begun or before in ("a", "to"):
                    taken |= {place, low}
        return taken

    def _dictated_places(self) -> set[int]:
        """Places of numbers read out one by one: 'tre, sette, zero, uno'."""
        values = self._known.values | {"oh": 0}
        taken, run = set[int](), list[int]()
        for place in range(len(self._said.words) + 1):
            pauses = ("",) if "oh" in (self._word(place), self._word(place - 1)) else ("", ",")
            goes_on = self._gap(place - 1).strip() in pauses if run else self._word(place) != "oh"
            if self._word(place) in values and goes_on:
                run.append(place)
                continue
            steps = [abs(values[self._word(a)] - values[self._word(b)]) for a, b in pairwise(run)]
            if len(run) > 2 and max(steps) > 1:
                taken.update(run)
            run = [place] if self._word(place) in values else []
        return taken

    def _stands_as_number(self, place: int) -> bool:
        """Whether 'sei' is six and not 'you are'; 'uno', 'one' a mark and no pronoun."""
        word, before, after = self._word(place), self._word(place - 1), self._word(place + 1)
        if self._said.sentences[max(0, place - 1)] != self._said.sentences[place]:
            before = ""
        ends = not after or self._said.sentences[place + 1] != self._said.sentences[place]
        paused = ends or self._gap(place).strip() != ""
        if word == "one":
            return paused and before not in _NO_MARK_BEFORE_ONE
        if word == "uno":
            follows = after in self._known.follow_a_mark and after != "che"
            return paused or follows or after in self._known.values
        if before in _NO_MARK_BEFORE_SEI and after not in ("o", "e", "su"):
            return False
        if after in ("un", "una", "uno"):
            return False
        if paused or after in self._known.follow_a_mark:
            return True
        return before in self._known.lead_to_a_mark and not after.endswith(("issima", "issimo"))

    def _is_fraction(self, place: int) -> bool:
        """Whether it is the fraction of the one before: '7,5', 'sette virgola cinque', '1/2'."""
        before, gap = self._word(place - 1), self._gap(place - 1)
        values = self._known.values
        if before in ("virgola", "punto", "point", "comma"):
            return self._word(place - 2) in values
        if gap in (",", ".") and before.isdigit() and self._word(place).isdigit():
            return True
        halved = self._word(place) == "1" and self._gap(place) == "/"
        return halved or (gap == "/" and before == "1" and self._word(place) in ("2", "4"))

    def _explains_the_scale(self, place: int) -> bool:
        """'dieci è il massimo?', 'zero vuol dire niente', 'is ten good?': no mark is given."""
        after = [self._word(place + n) for n in (1, 2, 3)]
        words = self._known.scale_words
        if self._word(place - 1) == "is" and after[0] in words:
            return True
        if after[0] in ("esiste", "exists") or after[:2] in (["e", "troppo"], ["is", "too"]):
            return True
        linked = after[0] in ("e", "is", "vuol", "significa", "means", "sarebbe")
        return linked and not words.isdisjoint(after)

    def _is_counted(self, place: int) -> bool:
        known, before, after = self._known, self._word(place - 1), self._word(place + 1)
        paused = bool(self._gap(place).strip())
        if (
            before in known.before_a_number_of_something
            and self._gap(place - 1).strip() in _NO_PAUSE
        ):
            return True
        if self._word(place - 2) in known.ends_a_code and before in _ENDS_IN:
            return True
        if self._gap(place) == "-" and after not in (*known.values, *known.follow_a_mark):
            return True
        if before == "le" and self._word(place - 2) not in known.gives_a_mark | {"direi", "dico"}:
            return True
        if after == "per" and (self._word(place + 2) in (*known.values, "cento")):
            return True
        if after in known.counted and not paused:
            taken_off = {"tolgo", "perso", "meno", "persi"}.intersection(self._clause_before(place))
            return after not in ("punti", "points") or bool(taken_off)
        had = place - 2 if before.endswith(("ti", "te")) else place - 1
        if self._word(had) in _HAVE and self._word(had - 1) == "ne":
            return True
        if self._word(place) in ("zero", "0") and after in known.zero_of and not paused:
            return True
        return self._is_a_plural_s_number(place, before, after, paused=paused)

    def _is_a_plural_s_number(self, place: int, before: str, after: str, *, paused: bool) -> bool:
        """A verb or preposition of having before, a plural after: 'ho quattro contatori'."""
        if paused or before not in self._known.leads_to_counting or len(after) < 4:
            return before in ("in", "siamo") and (
                paused or not after or after in ("in", "a", "famiglia")
            )
        if after in self._known.follow_a_mark or self._known.values.get(self._word(place), 0) < 2:
            return False
        return after.endswith(("i", "e")) if self._italian else after.endswith("s")

    def _is_of_a_day(self, place: int) -> bool:
        """'pago il dieci', 'il sette passo', 'entro il sette': a day of the month, an hour."""
        if self._word(place - 1) not in _DAYS_AFTER:
            return False
        before = self._up_to_a_gift(range(place - 2, place - 2 - _REACH_OF_A_VERB, -1))
        after = self._up_to_a_gift(range(place + 1, place + 1 + _REACH_OF_A_VERB))
        dated = not self._known.month_day_verbs.isdisjoint(before)
        lives = any(_LIVES.fullmatch(word) for word in before)
        if self._word(place - 1) in _ARTICLES:
            dated = dated or not self._known.after_a_month_day.isdisjoint(after)
            dated = dated or self._is_another_day(place, len(after))
        if dated:
            self._last_day = place
        return dated or lives

    def _is_another_day(self, place: int, free: int) -> bool:
        """Whether a day said before makes this one too: 'venga il nove, non il dieci'."""
        if self._last_day is None or free < _REACH_OF_A_VERB:
            return False
        sentences = self._said.sentences
        between = self._said.words[self._last_day : place]
        return sentences[self._last_day] == sentences[place] and (
            self._known.gives_a_mark.isdisjoint(between)
        )

    def _up_to_a_gift(self, places: range) -> list[str]:
        """The words at `places`, '' beyond the ends, up to one that says a mark is given."""
        words = [self._word(place) for place in places]
        gifts = self._known.gives_a_mark | self._known.given_after
        return words[: next((n for n, word in enumerate(words) if word in gifts), len(words))]

    def _bound(self, place: int, value: int) -> int | None:
        """The mark that a bound leaves ('meno di cinque' 4, 'al massimo sei' 6); None for none."""
        before = self._without_pause(place, _REACH_OF_A_BOUND)
        denied = not self._known.denies.isdisjoint(self._without_pause(place, _CLAUSE))
        near = [word for word in before if word not in _ARTICLES]
        first, second = [*near, "", ""][:2]
        below, above = max(0, value - 1), min(10, value + 1)
        if (first, second) in _MORE_THAN:
            return value if denied or first == "oltre" else above
        if (first, second) in _LESS_THAN or first in _UNDER:
            return value if denied else below
        if (first == "meno" and value <= 1) or first == "minus":
            return 0
        if self._italian:
            not_even = not self._known.even_not.isdisjoint((first, second))
        else:
            not_even = "even" in before and "not" in self._without_pause(place, _CLAUSE)
        reached = denied and not _REACHES.isdisjoint((first, second, *near[2:]))
        return below if not_even or reached else None

    def _without_pause(self, place: int, most: int) -> list[str]:
        """The words right before `place`, the nearest first, up to a comma or the like."""
        words: list[str] = []
        while len(words) < most and place > len(words):
            at = place - 1 - len(words)
            if self._gap(at).strip() not in ("", "'", "’"):
                break
            words.append(self._word(at))
        return words

    def _is_denied(self, place: int) -> bool:
        """'dieci non lo do', 'non dieci', 'dieci no': said to be refused."""
        after, before = self._word(place + 1), self._word(place - 1)
        follows = self._said.sentences[place + 1 : place + 2] == (self._said.sentences[place],)
        if (
            follows
            and after in ("no", "non", "not", "mai")
            and self._gap(place).strip() in ("", ",")
        ):
            if self._word(place + 2) in ("di", "more"):
                return False
            if not self._gap(place).strip():
                return True
            if after == "no":
                self.bounds.add(place)
            return False
        if before in ("un", "a", "il", "l", "al", "da"):
            before = self._word(place - 2)
        return before in ("been", "stato", "stata") or self._is_refused(place)

    def _is_refused(self, place: int) -> bool:
        """'non è che sia da dieci', 'né quattro', 'I'm not giving you a ten'."""
        before = self._without_pause(place, _CLAUSE)
        for at, word in enumerate(before):
            if word == "ne":
                return _ARTICLES.issuperset(before[:at])
            if word in self._known.refuses:
                return True
            of_it_is_not_that = word == "che" and before[at + 1 : at + 3] == ["e", "non"]
            if word not in self._known.between_no_and_mark and not of_it_is_not_that:
                return False
        return False
