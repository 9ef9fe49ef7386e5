"""Ratings from 0 to 10 in what a customer says: which numbers count."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from processors.ratings.counted_numbers import CountedNumbers
from processors.ratings.surroundings import ARTICLES, MOST_OF_A_CLAUSE, OVER, UNDER, Places
from processors.ratings.vocabulary import RatingWords, numbers_spelt, rating_words
from processors.text.tokens import Words

_REACH_OF_A_BOUND = 4
_NO_RATING_BEFORE_SEI: Final = frozenset(("tu", "ci", "mi", "non", "che", "chi", "lei", "se"))
_BEFORE_SIX: Final = frozenset(("dal", "sul", "tra", "fra", "sui"))
_BEFORE_A_QUALITY: Final = frozenset(
    ("proprio", "molto", "davvero", "veramente", "cosi", "sempre", "pure", "anche")
)
_NO_RATING_BEFORE_ONE: Final = frozenset(
    ("no", "this", "that", "any", "every", "which", "each", "got", "have")
)
_MORE_THAN: Final = (("di", "piu"), ("di", "meglio"), ("than", "more"), ("than", "better"))
_LESS_THAN: Final = (("di", "meno"), ("di", "peggio"), ("than", "less"), ("than", "worse"))
_REACHES: Final = frozenset(("arrivo", "arriva", "arriviamo", "arrivate", "arrivi"))
_PASSES: Final = frozenset(("passo", "passa", "passate", "supero", "supera", "superate", "past"))
_EVALUATED_WITHIN = 4
"""Words after a rating that may say it is too much or too little."""
_HALF: Final = "½"


@dataclass(frozen=True, slots=True)
class Rating:
    """A number that can be a rating."""

    place: int
    value: int


def ratings_in(said: Words, language: str) -> list[Rating]:
    """The numbers from 0 to 10 that can be ratings, in order, each as it counts.

    A bound ('non più di cinque', 'meno di zero') counts only where no other rating is given.
    """
    said = numbers_spelt(said, language)
    reader = _Reader(said, rating_words(language), language)
    ratings = [rating for place in range(len(said.words)) if (rating := reader.rating_at(place))]
    plain = [rating for rating in ratings if rating.place not in reader.bounds]
    other = [rating for rating in plain if reader.is_of_another_time(rating.place)]
    firm = [rating for rating in plain if rating not in other and not reader.repeats(rating, other)]
    return firm or plain or ratings


class _Reader(Places):
    def __init__(self, said: Words, known: RatingWords, language: str) -> None:
        super().__init__(said, known, italian=language == "it")
        self._others = CountedNumbers(said, known, italian=self.italian)
        self._scale = self._scale_places()
        self._dictated = self._dictated_places()
        self._asking_what = {
            sentence
            for word, sentence in zip(said.words, said.sentences, strict=True)
            if word in known.asks_what
        }
        self.bounds: set[int] = set()
        """Places of the ratings that only bound the one meant, or that a 'no' may take back."""

    def rating_at(self, place: int) -> Rating | None:
        """The rating at `place`; None where there is none, or the number is not a rating."""
        word = self.word(place)
        value = self.known.values.get(word.rstrip(_HALF))
        if value is None:
            if word not in self.known.beyond or self._others.holds(place, 10):
                return None
            if self._is_alone(place):
                return Rating(place, 10)
            return None
        if place in self._scale or place in self._dictated or self._is_no_rating(place, word):
            return None
        bound = self._bound(place, value)
        if bound is not None:
            self.bounds.add(place)
            return Rating(place, bound)
        if self._is_evaluated(place):
            self.bounds.add(place)
        return None if self._is_denied(place) else Rating(place, value)

    def is_of_another_time(self, place: int) -> bool:
        """Whether its clause is of another time, person or condition ('dieci il mese prossimo')."""
        if not self.known.later.isdisjoint(self.clause_after(place)) or self._is_on_condition(
            place
        ):
            return True
        return not (
            self.known.past_or_other.isdisjoint(self.clause_before(place))
            and self.known.past_after.isdisjoint(self.clause_after(place))
        )

    def repeats(self, rating: Rating, earlier: list[Rating]) -> bool:
        """Whether it says one of `earlier` again: 'era partito da sette, un bel sette. Due.'"""
        sentences = self.said.sentences
        return any(
            rating.value == each.value and sentences[rating.place] == sentences[each.place]
            for each in earlier
            if each.place < rating.place
        )

    def _is_no_rating(self, place: int, word: str) -> bool:
        if word in ("sei", "uno", "one") and not self._is_number_word(place):
            return True
        if self._is_fraction(place) or self._explains_the_scale(place) or self._was_had(place):
            return True
        return self._others.holds(place, self.known.values[word.rstrip(_HALF)])

    def _was_had(self, place: int) -> bool:
        """'avevo nove in italiano', 'ai miei tempi un sette si sudava': a school grade."""
        before = [
            word for word in self.without_pause(place, MOST_OF_A_CLAUSE) if word not in ARTICLES
        ]
        if not self.known.had.isdisjoint(before[:1]):
            return True
        given = not self.known.gives_a_rating.isdisjoint(before)
        return not given and not self.known.long_ago.isdisjoint(before)

    def _is_alone(self, place: int) -> bool:
        after, before = self.word(place + 1), self.word(place - 1)
        if before == "per":
            return self.word(place - 2) == self.word(place)
        if after in self.known.counted or (after and not self.gap(place).strip()):
            return after in self.known.follow_a_rating and before in self.known.lead_to_a_rating
        asked = self.said.sentences[place] in self.said.questions
        apart = bool(self.gap(place - 1).strip()) and self.paused(place)
        return place < 3 or (apart and not asked)

    def _scale_places(self) -> set[int]:
        """Places of numbers that name the scale: 'da zero a dieci', 'su dieci', 'out of ten'."""
        values, known = self.known.values, self.known
        taken: set[int] = set()
        for place in range(len(self.said.words)):
            if values.get(self.word(place)) != 10:
                continue
            before = self.word(place - 1)
            slash = self.gap(place - 1).strip() == "/" and before in values
            if before in known.out_of or slash:
                taken.add(place)
            low = place - 2
            if before in known.range_joins and values.get(self.word(low)) in (0, 1):
                started = self.word(low - 1) in known.range_starts
                if started or before in ("a", "to"):
                    taken |= {place, low}
        return taken

    def _dictated_places(self) -> set[int]:
        """Places of numbers read out one by one: 'tre, sette, zero, uno'."""
        values = self.known.values | {"oh": 0}
        taken, run = set[int](), list[int]()
        for place in range(len(self.said.words) + 1):
            pauses = ("",) if "oh" in (self.word(place), self.word(place - 1)) else ("", ",")
            goes_on = self.gap(place - 1).strip() in pauses if run else self.word(place) != "oh"
            if self.word(place) in values and goes_on:
                run.append(place)
                continue
            steps = [abs(values[self.word(a)] - values[self.word(b)]) for a, b in pairwise(run)]
            if len(run) > 2 and max(steps) > 1:
                taken.update(run)
            run = [place] if self.word(place) in values else []
        return taken

    def _is_number_word(self, place: int) -> bool:
        """Whether 'sei' is six and not 'you are'; 'uno', 'one' a rating and not a pronoun."""
        word, before, after = self.word(place), self.word(place - 1), self.word(place + 1)
        if self.gap(place - 1).strip(" '’"):
            before = ""
        ends = not after or self.said.sentences[place + 1] != self.said.sentences[place]
        paused = ends or self.gap(place).strip() != ""
        if word == "one":
            return paused and before not in _NO_RATING_BEFORE_ONE
        if word == "uno":
            follows = after in self.known.follow_a_rating and after not in ("che", "come")
            return paused or follows or after in self.known.values
        if before in _BEFORE_SIX:
            return True
        if before in _NO_RATING_BEFORE_SEI and after not in ("o", "e", "su"):
            return False
        if after in ("un", "una", "uno") and not paused:
            return False
        if after in _BEFORE_A_QUALITY and not self.paused(place) and not self.paused(place + 1):
            return before in self.known.given_before_six
        if after == word and not self._is_number_word(place + 1):
            return False
        if paused or after in self.known.follow_a_rating:
            return True
        if self.known.gives_a_rating.intersection(self.without_pause(place, 2)):
            return True
        return before in self.known.lead_to_a_rating and not after.endswith(("issima", "issimo"))

    def _is_fraction(self, place: int) -> bool:
        """Whether it is the fraction of the one before: '7,5', 'sette virgola cinque', '1/2'."""
        before, gap = self.word(place - 1), self.gap(place - 1)
        values = self.known.values
        if before in ("virgola", "punto", "point", "comma"):
            return self.word(place - 2) in values
        if gap in (",", ".") and before.isdigit() and self.word(place).isdigit():
            return True
        halved = self.word(place) == "1" and self.gap(place) == "/"
        return halved or (gap == "/" and before == "1" and self.word(place) in ("2", "4"))

    def _explains_the_scale(self, place: int) -> bool:
        """'dieci è il massimo?', 'zero vuol dire niente', 'is ten good?': no rating is given."""
        after = [self.word(place + n) for n in (1, 2, 3)]
        words = self.known.scale_words
        if self.word(place - 1) == "is" and after[0] in words:
            return True
        if after[0] in ("esiste", "exists"):
            return True
        if self._is_condition_asked(place):
            return True
        asking = self._asked_in(place)
        if self.known.values[self.word(place).rstrip(_HALF)] in (0, 10) and asking:
            return True
        linked = after[0] in ("e", "is", "vuol", "significa", "means", "sarebbe")
        return linked and not words.isdisjoint(after)

    def _is_evaluated(self, place: int) -> bool:
        """'otto è troppo', 'quattro mi pare brutto': considered, not given."""
        after = self.clause_after(place)[:_EVALUATED_WITHIN]
        if after[:1] == ["lo"] and not self.known.reserves.isdisjoint(after):
            return True
        linked = not self.known.links.isdisjoint(after[:2])
        return linked and not self.known.too_much_or_little.isdisjoint(after)

    def _is_condition_asked(self, place: int) -> bool:
        """'se dico dieci mi fa lo sconto?'"""
        return self.said.sentences[place] in self.said.questions and self._is_on_condition(place)

    def _is_on_condition(self, place: int) -> bool:
        """'Se giovedì vengono, diventa nove': whether its sentence starts with a condition."""
        first = bisect_left(self.said.sentences, self.said.sentences[place])
        return self.word(first) in ("se", "if")

    def _asked_in(self, place: int) -> bool:
        """Whether its sentence asks about the scale: 'zero a cosa?', 'ten for what?'."""
        sentence = self.said.sentences[place]
        return sentence in self.said.questions and sentence in self._asking_what

    def _bound(self, place: int, value: int) -> int | None:
        """The rating that a bound leaves ('meno di cinque' 4, 'al massimo sei' 6), or None."""
        before = self.without_pause(place, _REACH_OF_A_BOUND)
        affirmed = self.known.denies.isdisjoint(self.without_pause(place, MOST_OF_A_CLAUSE))
        denied = not affirmed or self._is_denied_after(place)
        near = [word for word in before if word not in ARTICLES]
        first, second = [*near, "", ""][:2]
        below, above = max(0, value - 1), min(10, value + 1)
        if (first, second) in _MORE_THAN or first in OVER:
            doubted = self.said.sentences[place] in self.said.questions
            return value if denied or doubted else above
        if denied and not _PASSES.isdisjoint((first, second)):
            return value
        if (first, second) in _LESS_THAN or first in UNDER:
            return value if denied else below
        below_zero = before[:1] == ["meno"] and len(self.without_pause(place, 2)) == 1
        if (first == "meno" and value <= 1) or first == "minus" or below_zero:
            return 0
        if self.italian:
            not_even = not self.known.even_not.isdisjoint((first, second))
        else:
            not_even = "even" in before and "not" in self.without_pause(place, MOST_OF_A_CLAUSE)
        reached = denied and not _REACHES.isdisjoint((first, second, *near[2:]))
        return below if not_even or reached else None

    def _is_denied_after(self, place: int) -> bool:
        """'più di otto non posso': the bound is denied after it."""
        after = [self.word(place + n) for n in (1, 2)]
        return not self.gap(place).strip() and after[0] in ("non", "no") and after[1] != "di"

    def _is_denied(self, place: int) -> bool:
        """'dieci non lo do', 'non dieci', 'dieci no': named only to be refused."""
        after, before = self.word(place + 1), self.word(place - 1)
        follows = self.said.sentences[place + 1 : place + 2] == (self.said.sentences[place],)
        if (
            follows
            and after in ("no", "non", "not", "mai")
            and self.gap(place).strip() in ("", ",")
        ):
            if self.word(place + 2) in ("di", "more"):
                return False
            if not self.gap(place).strip():
                return not {"toglie", "leva", "nega"}.intersection(self.clause_after(place))
            if after == "no":
                self.bounds.add(place)
            return False
        if before in ("un", "a", "il", "l", "al", "da"):
            before = self.word(place - 2)
        return before in ("been", "stato", "stata") or self._is_refused(place)

    def _is_refused(self, place: int) -> bool:
        """'non è che sia da dieci', 'né quattro', 'I'm not giving you a ten'."""
        before = self.without_pause(place, MOST_OF_A_CLAUSE)
        for at, word in enumerate(before):
            if word == "ne":
                return ARTICLES.issuperset(before[:at])
            if word in self.known.refuses:
                return True
            of_it_is_not_that = word == "che" and (
                before[at + 1 : at + 3] == ["e", "non"]
                or not self.known.refuses.isdisjoint(before[at + 1 : at + 2])
            )
            if word not in self.known.between_no_and_rating and not of_it_is_not_that:
                return False
        return False
