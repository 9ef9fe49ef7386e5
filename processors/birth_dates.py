"""Finds dates of birth; other dates stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from processors.personal_data import Found, Kind, Pieces

_MONTHS: Final = (
    "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre"
    "|january|february|march|april|may|june|july|august|september|october|november|december"
)
_DAY: Final = r"(?:\d{1,2}(?:°|st|nd|rd|th)?|[^\W\d_]{3,14})"
_YEAR: Final = r"(?:\d{4}|\d{2}|mille\w+|duemila\w*|(?:nineteen|two thousand)[\w -]{0,20})"
_DATE: Final = (
    r"(?:\d{1,2}[./ -]\d{1,2}[./ -]\d{2,4}"
    rf"|{_DAY}\s(?:of\s)?(?:{_MONTHS})(?:\s(?:del\s)?{_YEAR})?)"
)
_BIRTH: Final = re.compile(
    r"\b(?:nat[oa]|nascita|born|birth)\b(?:[^\d.!?]{0,30}?\b(?:il|è|e|on|is|the)|[\s:]{1,3})"
    rf"\s*(?P<date>{_DATE})",
    re.IGNORECASE,
)


def birth_dates_in(pieces: Pieces) -> Iterator[Found]:
    """The dates said to be somebody's birth."""
    if _WORDS.isdisjoint(pieces.words):
        return
    for match in _BIRTH.finditer(pieces.text):
        yield Found(Kind.BIRTH_DATE, *match.span("date"))


_WORDS: Final = frozenset(("nato", "nata", "nascita", "born", "birth"))
