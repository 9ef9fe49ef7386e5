"""Numbers from 0 to 999 and letters of the alphabet, as they are said in Italian and English."""

from __future__ import annotations

from typing import Final

from processors.text.word_lists import word_lists, words_of


def _below_twenty(language: str) -> list[str]:
    return word_lists("redaction", language)["ones"].split()


def _tens(language: str) -> list[str]:
    return word_lists("redaction", language)["tens"].split()


def _italian() -> dict[str, int]:
    ones = _below_twenty("it")
    below = {word: value for value, word in enumerate(ones)}
    for ten, stem in enumerate(_tens("it"), start=2):
        below[stem] = 10 * ten
        for one in range(1, 10):
            below[(stem[:-1] if one in (1, 8) else stem) + ones[one]] = 10 * ten + one
    values = dict(below)
    for hundreds in range(1, 10):
        stem = ("" if hundreds == 1 else ones[hundreds]) + "cento"
        values[stem] = 100 * hundreds
        for word, value in below.items():
            if value:
                values[stem + word] = 100 * hundreds + value
                if word.startswith("otta"):
                    values[stem[:-1] + word] = 100 * hundreds + value
    return values


def _english() -> dict[str, int]:
    values = {word: value for value, word in enumerate(_below_twenty("en"))}
    values |= {word: 10 * ten for ten, word in enumerate(_tens("en"), start=2)}
    return values | {"oh": 0, "nought": 0, "nil": 0}


NUMBER_VALUES: Final = {"it": _italian(), "en": _english()}
"""Value of each number word; Italian ones up to 999 are one word, English ones are not joined."""


def thousands(word: str) -> int:
    """Value of an Italian number word from 1000 to 999999, as 'duemilaventisei'; -1 of another."""
    numbers = NUMBER_VALUES["it"]
    before, thousand, after = word.partition("mila")
    if not thousand and word.startswith("mille"):
        before, thousand, after = "uno", "mille", word.removeprefix("mille")
    if not thousand or numbers.get(before, 0) < 1 or (after and after not in numbers):
        return -1
    return 1000 * numbers[before] + (numbers[after] if after else 0)


CLEAR_LETTERS: Final = {
    "it": {
        "bi": "B", "effe": "F", "gi": "G", "acca": "H", "elle": "L", "emme": "M", "enne": "N",
        "pi": "P", "cu": "Q", "qu": "Q", "erre": "R", "esse": "S", "vu": "V", "zeta": "Z",
        "ics": "X", "kappa": "K", "cappa": "K", "ipsilon": "Y",
    },
    "en": {
        "bee": "B", "dee": "D", "ef": "F", "gee": "G", "aitch": "H", "kay": "K", "el": "L",
        "em": "M", "en": "N", "pee": "P", "cue": "Q", "ess": "S", "tee": "T", "vee": "V",
        "ex": "X", "zed": "Z", "zee": "Z",
    },
}  # fmt: skip
"""Names of letters that are no words of their own; any single letter is its own name too."""

WORDLIKE_LETTERS: Final = {
    "it": {"a": "A", "ci": "C", "di": "D", "e": "E", "i": "I", "o": "O", "ti": "T", "vi": "V",
           "u": "U", "it": "IT", "k": "K"},
    "en": {"a": "A", "i": "I", "you": "U", "see": "C", "are": "R", "why": "Y"},
}  # fmt: skip
"""Names of letters that are also ordinary words: letters only among other symbols of a code."""

REPEATS: Final = {
    "it": {"doppio": 2, "doppia": 2, "triplo": 3, "tripla": 3},
    "en": {"double": 2, "triple": 3},
}
TIMES: Final = {"it": "volte", "en": "times"}
SPELLING_JOINS: Final = {"it": ("come", "di", "d"), "en": ("for", "as", "like")}
"""What joins a letter and the word that spells it: 'R come Roma', 'S for Sugar'."""

PAUSES: Final = {language: words_of("redaction", language, "pauses") for language in TIMES}
"""Words said between the symbols of a code that are none of them."""

UNITS: Final = {language: words_of("redaction", language, "units") for language in TIMES}
"""What a number counts, where it comes before one of these: no part of a code."""

TOWNS: Final = {
    language: {word: word[0].upper() for word in words_of("redaction", language, "towns")}
    for language in TIMES
}
"""Words that spell their first letter where a code is announced: towns, the radio alphabet."""
