"""Codes as they are dictated: runs of digits and letters, spoken, spelt or written in groups.

'tre quattro otto, ventidue undici', 'erre esse esse', 'R come Roma', 'doppio zero', 'sei volte
zero', '348 22 11': each becomes a run of symbols, every one with the piece it came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from processors.text.number_words import (
    CLEAR_LETTERS,
    NUMBER_VALUES,
    PAUSES,
    REPEATS,
    SPELLING_JOINS,
    TIMES,
    TOWNS,
    UNITS,
    WORDLIKE_LETTERS,
    thousands,
)
from processors.text.pieces import Pieces
from processors.text.word_lists import words_of

_WITHIN: Final = re.compile(r"[\s,.\-–/'’:()_#+*]{0,4}")
_AMOUNT_AFTER: Final = re.compile(r"\s{0,2}(?:€|£|\$|%|,\d{1,2}\b)")
_AMOUNT_BEFORE: Final = re.compile(r"[€£$]\s?$")
_SHORT_CAPITALS: Final = 6
_ANNOUNCING: Final = words_of("redaction", "any", "acronyms")
_BEFORE_A_YEAR: Final = words_of("redaction", "any", "before_a_year")
_ABBREVIATED: Final = frozenset(("p.i", "p.i.", "c.f", "c.f."))
_PAUSES_AT_MOST: Final = 2
_ZEROS: Final = frozenset(("zeri", "zeros", "zeroes"))


@dataclass(slots=True)
class Run:
    """Consecutive symbols of one text; `symbols`, `pieces`, `clear` are parallel."""

    symbols: list[str] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    """The piece each symbol was said in; `after` holds where that utterance ends."""
    after: list[int] = field(default_factory=list)
    clear: list[bool] = field(default_factory=list)
    """False for a letter whose name is an ordinary word ('a', 'di', 'e')."""
    values: list[tuple[int, str]] = field(default_factory=list)
    """Every number said, with its digits: counting is recognised by them."""
    spoken: int = 0
    """How many utterances were words, not figures."""
    spelled: int = 0
    """How many letters were spelled with a word ('R come Roma')."""

    @property
    def text(self) -> str:
        """All symbols."""
        return "".join(self.symbols)

    @property
    def digits(self) -> str:
        """The digits alone."""
        return "".join(filter(str.isdigit, self.symbols))

    def clear_letters(self) -> int:
        """How many letters can be nothing else."""
        return sum(c and s.isalpha() for c, s in zip(self.clear, self.symbols, strict=True))

    def add(self, said: str, first: int, after: int, *, clear: bool) -> None:
        """Add the symbols said in the pieces [first, after)."""
        for symbol in said:
            self.symbols.append(symbol)
            self.pieces.append(first)
            self.after.append(after)
            self.clear.append(clear)

    def figures(self) -> Iterator[Run]:
        """The runs of digits; a letter that may be a word separates them, except 'e' (and)."""
        run = Run(values=self.values, spoken=self.spoken)
        for n, symbol in enumerate(self.symbols):
            if symbol.isdigit():
                run.add(symbol, self.pieces[n], self.after[n], clear=True)
            elif symbol != "E" and run.symbols:
                yield run
                run = Run(values=self.values, spoken=self.spoken)
        if run.symbols:
            yield run

    def span(self) -> tuple[int, int]:
        """Pieces [first, after) from the first to the last symbol that can be nothing else."""
        sure = [n for n, clear in enumerate(self.clear) if clear]
        return self.pieces[sure[0]], self.after[sure[-1]]


def runs_of(
    pieces: Pieces, language: str, taken: Callable[[int], bool], *, announced: bool = False
) -> Iterator[Run]:
    """The runs of two symbols or more, in order; amounts of money and counted things break them.

    `taken` says which pieces are other data already; `announced`, whether a code with letters is
    expected, so that towns spell their first letter.
    """
    reader = _Reader(pieces, language, taken, announced)
    place = 0
    while place < len(pieces):
        if not reader.may_start(place):
            place += 1
            continue
        run, place = reader.read_run(place)
        if len(run.symbols) > 1 and any(run.clear):
            yield run


class _Reader:
    def __init__(
        self, pieces: Pieces, language: str, taken: Callable[[int], bool], announced: bool
    ) -> None:
        self._pieces = pieces
        self._taken = taken
        self._numbers = NUMBER_VALUES[language]
        self._clear = CLEAR_LETTERS[language]
        self._wordlike = WORDLIKE_LETTERS[language]
        self._repeats = REPEATS[language]
        self._times = TIMES[language]
        self._spelling_joins = SPELLING_JOINS[language]
        self._pauses = PAUSES[language]
        self._units = UNITS[language]
        self._joined = language == "en"
        self._towns = TOWNS[language] if announced else {}

    def may_start(self, place: int) -> bool:
        """A quick check whether a symbol can be said at `place`."""
        word = self._pieces.words[place]
        if len(word) == 1 or not word.isalpha() or self._pieces.capital(place):
            return True
        return (
            self._value(place) >= 0
            or word in self._clear
            or word in self._wordlike
            or word in self._repeats
            or word in self._towns
        )

    def read_run(self, place: int) -> tuple[Run, int]:
        """The run that starts at `place` (empty where none does), and where to continue."""
        run, pauses = Run(), 0
        began = place
        while place < len(self._pieces):
            if (run.symbols or pauses) and not self._joins(place):
                break
            after = self._read_symbol(run, place)
            if after > place:
                place, pauses = after, 0
            elif run.symbols and self._pieces.words[place] in self._pauses:
                pauses += 1
                place += 1
                if pauses > _PAUSES_AT_MOST:
                    break
            else:
                break
        return run, max(place, began + 1)

    def _joins(self, place: int) -> bool:
        return bool(_WITHIN.fullmatch(self._pieces.gap(place - 1)))

    def _word(self, place: int) -> str:
        return self._pieces.words[place] if place < len(self._pieces) else ""

    def _read_symbol(self, run: Run, place: int) -> int:
        """Add what is said at `place` to `run`; returns where it ends, `place` if it is none."""
        word = self._word(place)
        if self._taken(place):
            return place
        if word.isdecimal() and word.isascii():
            return self._read_figures(run, place, word)
        if word in self._repeats:
            return self._read_repeated(run, place, place + 1, self._repeats[word])
        if self._value(place) >= 0:
            return self._read_number(run, place)
        letter = self._clear.get(word) or (word.upper() if len(word) == 1 else "")
        letter = letter or self._wordlike.get(word, "")
        if letter and letter.isascii() and letter.isalpha():
            return self._read_letter(run, place, word, letter)
        if word in self._towns:
            run.add(self._towns[word], place, place + 1, clear=True)
            run.spelled += 1
            return place + 1
        if self._is_mixed(place):
            run.add(word.upper(), place, place + 1, clear=True)
            return place + 1
        return place

    def _read_figures(self, run: Run, place: int, word: str) -> int:
        if self._is_counted(place + 1) or self._is_money(place) or self._is_year(place, word):
            return place
        run.values.append((int(word[:9]), word))
        run.add(word, place, place + 1, clear=True)
        return place + 1

    def _read_number(self, run: Run, place: int) -> int:
        value = self._value(place)
        if 1 < value < 10 and self._word(place + 1) in _ZEROS and self._gap(place + 1) == " ":
            run.add("0" * value, place, place + 2, clear=True)
            run.spoken += 1
            return place + 2
        if (
            value < 10
            and self._word(place + 1) == self._times
            and self._gap(place + 1) == self._gap(place + 2) == " "
        ):
            return self._read_repeated(run, place, place + 2, value)
        after = place + 1
        if self._completes(value, after):
            value, after = value + self._value(after), after + 1
        if self._is_counted(after):
            return place
        run.values.append((value, str(value)))
        run.add(str(value), place, after, clear=True)
        run.spoken += 1
        return after

    def _read_repeated(self, run: Run, began: int, place: int, times: int) -> int:
        word = self._word(place)
        value = self._value(place)
        symbol = str(value) if 0 <= value < 10 else self._clear.get(word, "")
        symbol = symbol or (word.upper() if len(word) == 1 and word.isalnum() else "")
        if self._clear.get(word) == "V" and times == 2:
            symbol, times = "W", 1
        if not symbol or self._is_counted(place + 1):
            return began
        run.add(symbol * times, began, place + 1, clear=True)
        run.spoken += 1
        return place + 1

    def _read_letter(self, run: Run, place: int, word: str, letter: str) -> int:
        text, start, end = self._pieces.text, self._pieces.starts[place], self._pieces.ends[place]
        elided = text[end : end + 1] in ("'", "’") or text[max(0, start - 1) : start] in ("'", "’")
        abbreviates = (
            word == "n" and text[end : end + 1] in (".", "°") and self._is_figure(place + 1)
        ) or (text[max(0, start - 2) : end + 2].lower().strip() in _ABBREVIATED)
        new_sentence = word in self._wordlike and place > 0 and "." in self._pieces.gap(place - 1)
        if run.symbols and new_sentence and len(self._pieces.gap(place - 1)) > 1:
            return place
        if elided or abbreviates or not text[end - 1].isascii():
            return place
        joined, example = self._word(place + 1), self._word(place + 2)
        if joined == "as" and example == "in":
            example, extra = self._word(place + 3), 4
        else:
            extra = 3
        given = (
            joined in self._spelling_joins
            and len(example) > 2
            and example[0].upper() == letter[0]
            and (joined not in ("di", "d") or self._pieces.capital(place + 2))
        )
        if given:
            run.add(letter, place, place + extra, clear=True)
            run.spelled += 1
            return place + extra
        clear = word in self._clear or (len(word) == 1 and word not in self._wordlike)
        run.add(letter, place, place + 1, clear=clear)
        run.spoken += word in self._clear
        return place + 1

    def _is_mixed(self, place: int) -> bool:
        """Whether it is a group of letters and figures, or of a few capitals."""
        raw = self._pieces.text[self._pieces.starts[place] : self._pieces.ends[place]]
        if not raw.isascii():
            return False
        if any(map(str.isdigit, raw)):
            return True
        if raw.lower() in _ANNOUNCING:
            return False
        return raw.isupper() and raw.isalpha() and 1 < len(raw) <= _SHORT_CAPITALS

    def _is_figure(self, place: int) -> bool:
        return self._word(place)[:1].isdigit()

    def _is_year(self, place: int, word: str) -> bool:
        dated = place > 0 and (self._word(place - 1) in _BEFORE_A_YEAR)
        return dated and len(word) == 4 and word[:2] in ("19", "20")

    def _value(self, place: int) -> int:
        """The number word at `place`; -1 where there is none."""
        word = self._word(place)
        value = self._numbers.get(word, -1)
        return thousands(word) if value < 0 and not self._joined else value

    def _gap(self, place: int) -> str:
        return self._pieces.gap(place - 1) if 0 < place < len(self._pieces) else ""

    def _completes(self, value: int, place: int) -> bool:
        """Whether the number at `place` is part of the one before it ('trecento quattro')."""
        more = self._value(place)
        if more <= 0 or self._gap(place).strip(" -"):
            return False
        if value and value % 100 == 0:
            return more < 100
        return self._joined and 20 <= value < 100 and value % 10 == 0 and more < 10

    def _is_counted(self, after: int) -> bool:
        return self._word(after) in self._units and self._gap(after).strip() in ("", "/")

    def _is_money(self, place: int) -> bool:
        text = self._pieces.text
        end, start = self._pieces.ends[place], self._pieces.starts[place]
        return bool(
            _AMOUNT_AFTER.match(text, end) or _AMOUNT_BEFORE.search(text[max(0, start - 3) : start])
        )
