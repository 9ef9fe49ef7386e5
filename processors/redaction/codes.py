"""Identifiers and numbers of people: which kind a code is, by its shape and the words before it.

Checksums only distinguish the kinds: a number with the shape of an identifier is redacted
even where its checksum fails, since transcribers get digits wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import phonenumbers
from stdnum import luhn
from stdnum.it import iva

from processors.names.known import name_lists
from processors.redaction.announcements import Cue, cue_before, letters_announced, name_announced
from processors.redaction.dictated import Run, runs_of
from processors.redaction.identifiers import FIGURES, complete_in, written_in
from processors.text.date_words import sentence_ends
from processors.text.pieces import Found, Kind, Pieces
from processors.text.spans import Spans

_DATE: Final = re.compile(
    r"(?<!\d)(?:(?:0?[1-9]|[12]\d|3[01])[./ -](?:0?[1-9]|1[0-2])[./ -](?:(?:19|20)\d{2}|\d{2})"
    r"|(?:19|20)\d{2}[-/](?:0[1-9]|1[0-2])[-/](?:0[1-9]|[12]\d|3[01]))(?!\d|[ .-]\d)"
)
_TOLL_FREE: Final = {
    "it": ("800", "803", "840", "848", "199", "892", "895", "899", "1800"),
    "en": ("0800", "0808", "0845", "0300", "0844", "0870"),
}
_REGION: Final = {"it": "IT", "en": "GB"}
_LONG = 8
_LONG_SPOKEN = 6
_FIGURES_AT_MOST = 40
_LEAST_OF_A_PAPER = 4
_SHORTEST_SPELT = 3
_LETTERED: Final = re.compile(r"[A-Z]{1,3}\d{4,}[A-Z]?")
"""A code in parts, such as a contract's: 'V M due due otto sei'."""
_OF_A_NUMBER: Final = frozenset(
    ("numero", "n", "nr", "codice", "number", "no", "code", "matricola")
)
_OF_A_DATE: Final = frozenset(("del", "dell", "dal", "di", "da", "of", "from", "in", "al", "il"))


class _Said(NamedTuple):
    """Of the numbers said together."""

    counting: bool
    """Whether they go up or down by even steps."""
    amounts: bool
    """Whether they are round amounts, one after the other."""


class _Digits(NamedTuple):
    digits: str
    figures: bool
    """Whether most of it is in figures, not words."""
    international: bool
    """Whether a plus comes before it."""
    numbered: bool
    """Whether it is a paper's number, not its date or its amount."""
    said: _Said


def codes_in(
    pieces: Pieces,
    language: str,
    asked: Cue | None = None,
    taken: Callable[[int], bool] = lambda _: False,
    *,
    spelt: bool = False,
) -> Iterator[Found]:
    """The codes and numbers of people, in order.

    `asked` is the kind the turn before asked for, if any; `taken` says which pieces are other
    data already; `spelt`, whether a name was asked for, which may be spelt.
    """
    figures = FIGURES.search(pieces.text) is not None
    written, retained = Spans(), Spans()
    for found in written_in(pieces.text) if figures else ():
        written.add(found.start, found.end)
        yield found
    for match in _DATE.finditer(pieces.text) if figures else ():
        retained.add(*match.span())
    known = language if language in _REGION else "it"
    letters = asked in (Cue.FISCAL_CODE, Cue.IBAN) or letters_announced(pieces, known)
    left: list[Run] = []
    kinds: list[Kind] = []
    for run in runs_of(pieces, known, taken, announced=letters):
        first, after = run.span()
        start, end = pieces.starts[first], pieces.ends[after - 1]
        if written.overlap(start, end) or retained.hold(start, end):
            continue
        cue = cue_before(pieces, run.pieces[0], known, taken)
        if asked is Cue.READING and cue is None:
            yield from complete_in(run, pieces)
        elif asked is not None and cue is None and _answers(run, pieces):
            kinds.append(_ASKED[asked])
            yield pieces.found(_ASKED[asked], run.pieces[0], run.after[-1])
        else:
            of_run = list(_of_run(run, pieces, known, cue, spelt=spelt))
            kinds += [found.kind for found in of_run if found.kind in _DICTATED]
            left += [] if of_run or cue is Cue.READING else [run]
            yield from of_run
    for run in left:
        if _is_dictated(run) and (kinds or len(set(run.pieces)) == len(pieces)):
            yield pieces.found(kinds[0] if kinds else Kind.NUMBER, *run.span())


def _is_dictated(run: Run) -> bool:
    """Whether it is three digits or more, said one by one, and not counting."""
    values = [value for value, _ in run.values]
    single = len(values) > 2 and run.spoken == len(values) and max(values) < 10
    return single and not _is_counting(values)


def _answers(run: Run, pieces: Pieces) -> bool:
    """Whether a run is most of the turn, or, of two numbers or more, most of its sentence."""
    if 2 * len(set(run.pieces)) >= len(pieces) and not (_is_round(run) or _is_large(run)):
        return True
    return len(set(run.pieces)) > 1 and len(run.values) > 1 and _is_most_of_a_sentence(run, pieces)


def _is_large(run: Run) -> bool:
    """Whether it is one round number, as an amount is: 'duecento'."""
    return len(run.values) == 1 and run.spoken == 1 and run.values[0][0] % 50 == 0


def _is_most_of_a_sentence(run: Run, pieces: Pieces) -> bool:
    first, last = run.pieces[0], run.after[-1] - 1
    while first and not sentence_ends(pieces, first - 1):
        first -= 1
    while last + 1 < len(pieces) and not sentence_ends(pieces, last):
        last += 1
    return 2 * len(set(run.pieces)) >= last + 1 - first


def _of_run(
    run: Run, pieces: Pieces, language: str, cue: Cue | None, *, spelt: bool
) -> Iterator[Found]:
    complete = list(complete_in(run, pieces))
    if complete:
        yield from complete
        return
    digits, letters = run.digits, run.clear_letters()
    found: list[Found | None]
    if letters and digits:
        found = [_of_mixed(run, pieces, cue, len(digits), letters)]
    elif letters:
        found = [_of_letters(run, pieces, language, spelt=spelt)]
    else:
        said = _Said(_is_counting([value for value, _ in run.values]), _is_round(run))
        found = [_of_figures(part, pieces, language, cue, said) for part in run.figures()]
    yield from (one for one in found if one is not None)


def _of_figures(
    run: Run, pieces: Pieces, language: str, cue: Cue | None, said: _Said
) -> Found | None:
    """A number in figures or words, one of those that were `said` together."""
    first, after = run.span()
    start = pieces.starts[first]
    plus = pieces.text[max(0, start - 2) : start].rstrip().endswith("+")
    figures = run.spoken * 2 <= len(run.values)
    digits = _Digits(run.digits, figures, plus, _is_numbered(run, pieces, figures=figures), said)
    kind = _of_digits(digits, cue, language)
    if kind is None:
        return None
    before = pieces.words[first - 1] if first else ""
    if before in ("piu", "plus") or (before == "it" and kind is Kind.VAT_NUMBER):
        start = pieces.starts[first - 1]
    while start and pieces.text[start - 1] in "+(":
        start -= 1
    return Found(kind, start, pieces.ends[after - 1])


def _of_mixed(
    run: Run, pieces: Pieces, cue: Cue | None, figures: int, letters: int
) -> Found | None:
    """A code of letters and digits that matches no pattern exactly, or that is cut short."""
    if cue is Cue.READING:
        return None
    size = figures + letters
    kind: Kind | None = _MIXED.get(cue) if cue is not None else None
    if (
        kind is None
        and figures >= _LEAST_OF_A_PAPER - 1
        and (cue is Cue.PAPER or _LETTERED.fullmatch(run.text))
    ):
        return pieces.found(Kind.CODE, run.pieces[0], run.after[-1])
    if kind is None and letters >= 4 and figures >= 4 and 10 <= size <= 34 and cue is None:
        kind = Kind.CODE
    if kind is None and figures >= _LONG:
        return pieces.found(Kind.PHONE if cue is Cue.PHONE else Kind.CODE, *run.span())
    if kind is None or size < 5 or figures < 2:
        return None
    return pieces.found(kind, *run.span())


def _of_letters(run: Run, pieces: Pieces, language: str, *, spelt: bool) -> Found | None:
    """A name spelt letter by letter."""
    said_too = run.text.lower() in pieces.words and not name_lists(language).seems_word(
        run.text.lower()
    )
    if len(set(run.pieces)) >= _SHORTEST_SPELT and said_too:
        return pieces.found(Kind.NAME, run.pieces[0], run.after[-1])
    single = all(after - first != 1 or len(pieces.words[first]) < 6
                 for first, after in zip(run.pieces, run.after, strict=True))  # fmt: skip
    said = len(set(run.pieces))
    if not single or said < 3 or (run.clear_letters() < 2 and run.spelled == 0):
        return None
    announced = spelt or name_announced(pieces, run.pieces[0], language)
    if run.spelled >= 3 or (announced and said == len(run.symbols)):
        return pieces.found(Kind.NAME, run.pieces[0], run.after[-1])
    return None


def _of_digits(said: _Digits, cue: Cue | None, language: str) -> Kind | None:
    digits, count = said.digits, len(said.digits)
    by_cue = _by_cue(said, cue)
    if by_cue is not None:
        return by_cue
    if cue is Cue.PAPER and count >= _LEAST_OF_A_PAPER and said.numbered:
        return Kind.CODE
    if cue in (Cue.PAPER, Cue.READING, Cue.TOLL_FREE) or said.said.counting or said.said.amounts:
        return None
    if not said.international and _is_toll_free(digits, language):
        return None
    if language == "it" and count == 11 and cue is not Cue.PHONE and iva.is_valid(digits):
        return Kind.VAT_NUMBER
    if count == 14 and digits[0] == "0" and cue is not Cue.PHONE:
        return Kind.PDR
    if _is_phone(said, language):
        return Kind.PHONE
    if 13 <= count <= 19 and (luhn.is_valid(digits) or count == 16):
        return Kind.CARD
    if cue is Cue.PHONE and count >= 5:
        return Kind.PHONE
    if said.figures:
        return Kind.CODE if _LONG <= count <= _FIGURES_AT_MOST and not _is_years(digits) else None
    like_a_phone = count >= _LONG_SPOKEN and digits[0] in "03"
    return Kind.NUMBER if like_a_phone or count > _LONG_SPOKEN else None


def _by_cue(said: _Digits, cue: Cue | None) -> Kind | None:
    if cue is None or cue not in _LENGTHS:
        return None
    kind, fewest, most = _LENGTHS[cue]
    return kind if fewest <= len(said.digits) <= most else None


def _is_phone(said: _Digits, language: str) -> bool:
    digits = said.digits
    if said.international or digits.startswith("00"):
        return 9 <= len(digits) <= 15
    if language == "en":
        return digits[0] == "0" and 10 <= len(digits) <= 11
    if digits[0] == "3" and 9 <= len(digits) <= 10:
        return True
    if digits.startswith("393") and len(digits) == 12:
        return True
    if digits[0] != "0" or not 8 <= len(digits) <= 11:
        return False
    try:
        number = phonenumbers.parse(digits, _REGION[language])
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number)


def _is_toll_free(digits: str, language: str) -> bool:
    return digits.startswith(_TOLL_FREE[language]) and 6 <= len(digits) <= 11


def _is_years(digits: str) -> bool:
    years = [digits[n : n + 4] for n in range(0, len(digits), 4)]
    return all(len(year) == 4 and year[:2] in ("19", "20") for year in years)


def _is_numbered(run: Run, pieces: Pieces, *, figures: bool) -> bool:
    before = pieces.words[run.pieces[0] - 1] if run.pieces[0] else ""
    if before in _OF_A_NUMBER:
        return True
    if before in _OF_A_DATE or _is_years(run.digits):
        return False
    return len(run.digits) >= _LONG - 2 if figures else len(run.values) > 2


def _is_round(run: Run) -> bool:
    values = [value for value, _ in run.values]
    large = sum(value >= 100 and value % 10 == 0 for value in values)
    return run.spoken == len(values) and 2 * large >= len(values) > 1


def _is_counting(values: list[int]) -> bool:
    """Whether the numbers go up or down by even steps ('uno, due, tre, quattro')."""
    if len(values) < 3:
        return False
    steps = [b - a for a, b in pairwise(values)]
    even = sum(step == steps[0] and step != 0 for step in steps)
    return even >= 0.75 * len(steps)


_ASKED: Final = {
    Cue.FISCAL_CODE: Kind.FISCAL_CODE,
    Cue.VAT_NUMBER: Kind.VAT_NUMBER,
    Cue.IBAN: Kind.IBAN,
    Cue.CARD: Kind.CARD,
    Cue.POD: Kind.POD,
    Cue.PDR: Kind.PDR,
    Cue.PHONE: Kind.PHONE,
    Cue.CUSTOMER: Kind.CODE,
    Cue.DOCUMENT: Kind.CODE,
    Cue.PAPER: Kind.CODE,
}
"""The kind of a part of a code, where the turn before asked for one."""
_DICTATED: Final = frozenset((Kind.PHONE, Kind.CODE, Kind.NUMBER, Kind.CARD, Kind.IBAN))
"""Kinds of which a turn may hold parts that were broken off, or said apart."""
_MIXED: Final = {
    Cue.FISCAL_CODE: Kind.FISCAL_CODE,
    Cue.IBAN: Kind.IBAN,
    Cue.POD: Kind.POD,
    Cue.VAT_NUMBER: Kind.VAT_NUMBER,
    Cue.CUSTOMER: Kind.CODE,
    Cue.DOCUMENT: Kind.CODE,
}
_LENGTHS: Final = {
    Cue.VAT_NUMBER: (Kind.VAT_NUMBER, 8, 13),
    Cue.PDR: (Kind.PDR, 8, 16),
    Cue.POD: (Kind.POD, 7, 16),
    Cue.CARD: (Kind.CARD, 9, 20),
    Cue.IBAN: (Kind.IBAN, 8, 30),
    Cue.FISCAL_CODE: (Kind.FISCAL_CODE, 8, 20),
    Cue.CUSTOMER: (Kind.CODE, 6, 20),
    Cue.DOCUMENT: (Kind.CODE, 5, 20),
    Cue.SECRET: (Kind.CODE, 3, 8),
    Cue.PREFIX: (Kind.PHONE, 2, 12),
    Cue.ENDING: (Kind.CODE, 3, 8),
}
"""For each kind announced by a word: what it is, and the least and most digits it may have."""
