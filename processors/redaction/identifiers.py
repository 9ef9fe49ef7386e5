"""Identifiers with a shape of their own: fiscal codes, IBANs, PODs, written or dictated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from stdnum import iban

from processors.redaction.announcements import letters_announced
from processors.redaction.dictated import Run, runs_of
from processors.text.number_words import NUMBER_VALUES
from processors.text.pieces import Found, Kind, Pieces
from processors.text.spans import Spans

_S: Final = r"[ .\-/]{0,2}"
_LETTER, _FIGURE = "[A-Z]", r"[\dLMNP-V]"


def _spaced(*parts: tuple[str, int]) -> str:
    return _S.join(part for part, count in parts for _ in range(count))


_POD: Final = rf"I{_S}T{_S}(?:\d{_S}){{3}}E(?:{_S}\d){{8,9}}(?:{_S}(?-i:[A-Z]))?"
_ITALIAN_IBAN: Final = rf"I{_S}T{_S}\d{_S}\d{_S}[A-Z](?:{_S}\d){{10}}(?:{_S}[A-Z0-9]){{12}}"
_FISCAL_CODE: Final = _spaced(
    *((_LETTER, 6), (_FIGURE, 2), ("[A-EHLMPRST]", 1), (_FIGURE, 2)),
    *((_LETTER, 1), (_FIGURE, 3), (_LETTER, 1)),
)
_FOREIGN_IBAN: Final = re.compile(r"\b[A-Z]{2} ?\d{2}(?:[ -]?[A-Z0-9]{2,4}){3,8}\b")
_WRITTEN: Final = (
    (Kind.POD, re.compile(rf"\b{_POD}\b", re.IGNORECASE)),
    (Kind.IBAN, re.compile(rf"\b{_ITALIAN_IBAN}\b", re.IGNORECASE)),
    (Kind.FISCAL_CODE, re.compile(rf"\b{_FISCAL_CODE}\b", re.IGNORECASE)),
    (Kind.IBAN, _FOREIGN_IBAN),
)
"""Identifiers in writing, whatever the transcriber put between their characters."""
FIGURES: Final = re.compile(r"\d")
"""Whether there is a figure at all."""

_SAID: Final = (
    (Kind.IBAN, re.compile(r"IT\d{2}[A-Z]\d{8,14}[A-Z0-9]{4,12}")),
    (Kind.POD, re.compile(r"IT\d{3}E\d{7,9}[A-Z]?")),
    (
        Kind.FISCAL_CODE,
        re.compile(r"[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]"),
    ),
)
"""The same as symbols spoken one by one."""


def identifiers_in(
    pieces: Pieces, language: str, taken: Callable[[int], bool] = lambda _: False
) -> Iterator[Found]:
    """Fiscal codes, IBANs and PODs that are complete, so that nothing in them is a date."""
    known = language if language in NUMBER_VALUES else "it"
    if FIGURES.search(pieces.text):
        yield from written_in(pieces.text)
    for run in runs_of(pieces, known, taken, announced=letters_announced(pieces, known)):
        yield from complete_in(run, pieces)


def complete_in(run: Run, pieces: Pieces) -> Iterator[Found]:
    """The complete identifier that is said in `run`, if any."""
    for kind, pattern in _SAID:
        match = pattern.search(run.text)
        if match:
            yield pieces.found(kind, run.pieces[match.start()], run.after[match.end() - 1])
            return


def written_in(text: str) -> Iterator[Found]:
    """The identifiers in writing, not in order."""
    taken = Spans()
    for kind, pattern in _WRITTEN:
        for match in pattern.finditer(text):
            if not any(map(str.isdigit, match[0])):
                continue
            if pattern is _FOREIGN_IBAN and not _is_foreign_iban(match[0]):
                continue
            if taken.add(*match.span()):
                yield Found(kind, *match.span())


def _is_foreign_iban(text: str) -> bool:
    compact = re.sub(r"[ -]", "", text)
    return len(compact) >= 15 and (iban.is_valid(compact) or compact[:2] not in ("IT", "CF"))
