"""A first mapping for an export that no preset reads: which column may be which field.

Names of columns propose, contents decide: a column of amounts holds amounts. What is found is a
proposal for a person to read, never used as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from processors.mapping import conversions
from processors.mapping.conversions import CannotConvert
from processors.mapping.meanings import words_in
from processors.mapping.wanted_columns import CALL, FIELDS, Kind, Wanted, plain

Cells = Sequence[str]
"""What stands in a column, row by row."""

TIME_FORMATS: Final = (
    "iso",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y, %H:%M:%S",
    "%d/%m/%Y, %H:%M",
    "%d/%m/%Y",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d-%m-%Y",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d/%m/%Y %H.%M.%S",
    "%d/%m/%Y %H.%M",
    "%d/%m/%y %H:%M:%S",
    "%d/%m/%y %H:%M",
    "%d/%m/%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%H:%M:%S %Y-%m-%d",
    "rfc2822",
    "unix_ms",
    "unix",
    "excel",
)
"""Tried in this order. %d before %m: dates are Italian where both fit."""
_CLOCKS: Final = ("%H:%M:%S", "%H:%M", "%H.%M.%S", "%H.%M", "%H%M%S")
_DIGITS_OF: Final = {"%Y%m%d%H%M%S": 14, "%Y%m%d%H%M": 12, "%H%M%S": 6}
"""Formats without separators: strptime takes fewer digits for another time."""
_PAID: Final = re.compile(r"pagat|pagament|incass|versat|riscoss|avere|paid|payment")
_OWED: Final = re.compile(r"insolut|scaden|residu|dovut|unpaid|(^|_)due(_|$)")
_LASTING: Final = re.compile(r"durat|talk|convers|ring|squill|wait|attesa|hold")


@dataclass(frozen=True)
class Guess:
    """A column that a field may be taken from."""

    column: str
    formats: tuple[str, ...] = ()
    """Of times."""
    is_sure: bool = True
    """Whether the name of the column says so; otherwise a person has to."""


_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "call-ended": ("started_at", "phone"),
    "payment-received": ("amount", "received_at"),
    "contract-cancelled": ("contract_id", "cancelled_at"),
}


def fields_of(event: str, columns: Mapping[str, Cells]) -> dict[str, Guess]:
    """The column of each field of an event, as far as one is found; none is taken twice."""
    found: dict[str, Guess] = {}
    for field, wanted in FIELDS[event].items():
        taken = {guess.column for guess in found.values()}
        free = {name: cells for name, cells in columns.items() if name not in taken}
        guess = _guess(wanted, free)
        if guess is not None:
            found[field] = guess
    amount = found.get("amount")
    if amount is not None and not _PAID.search(plain(amount.column)):
        owed = any(_OWED.search(plain(name)) for name in columns)
        found["amount"] = replace(amount, is_sure=amount.is_sure and not owed)
    return found


def likely_event(columns: Mapping[str, Cells]) -> str | None:
    """The event that rows with these columns most likely are, None if none is recognised."""
    found = {event: fields_of(event, columns) for event in FIELDS}
    complete = [event for event, needed in _NEEDED.items() if set(needed) <= set(found[event])]

    def likelihood(event: str) -> tuple[int, int]:
        sure = sum(found[event][field].is_sure for field in _NEEDED[event])
        return sure, len(found[event])

    return max(complete, key=likelihood, default=None)


def numbers_of(columns: Mapping[str, Cells], first: str) -> list[str]:
    """The columns in which a customer's number may stand, beginning with `first`."""
    wanted = CALL["phone"]
    named = [
        name
        for name in columns
        if any(re.fullmatch(pattern, plain(name)) for pattern in wanted.names)
    ]
    return [first, *(n for n in named if n != first and _fitting(n, columns[n], wanted.kind))]


def are_negative(cells: Cells) -> bool:
    """Whether most of a column's amounts have a minus, as bookkeeping writes what came in."""
    filled = [text.strip() for text in cells if text.strip()]
    return sum("-" in text or text.startswith("(") for text in filled) * 2 > len(filled)


def decimal_of(cells: Cells) -> Literal[".", ","]:
    """What separates the decimals of amounts; `,` where both fit."""
    return (
        ","
        if _share(cells, lambda text: _amount(text, ","))
        >= _share(cells, lambda text: _amount(text, "."))
        else "."
    )


def clock_of(columns: Mapping[str, Cells], *others: str) -> str | None:
    """The column that holds the time of day, none of the others: the day's, the duration's."""
    for name, cells in columns.items():
        words = set(plain(name).split("_"))
        named = words & {"ora", "ore", "orario", "time", "hour"} and not _LASTING.search(
            plain(name)
        )
        if name not in others and named and _formats(cells, _CLOCKS):
            return name
    return None


def clock_format(cells: Cells) -> str | None:
    """How the times of day of a column are written."""
    return next(iter(_formats(cells, _CLOCKS)), None)


def _guess(wanted: Wanted, columns: Mapping[str, Cells]) -> Guess | None:
    for pattern in wanted.names + wanted.catch_all:
        for name, cells in columns.items():
            called = plain(name)
            if re.fullmatch(pattern, called) and not re.search(wanted.never, called):
                guess = _fitting(name, cells, wanted.kind)
                repeated = len(set(cells)) < len(cells)
                if guess is not None and not (wanted.is_unique and repeated):
                    return replace(guess, is_sure=pattern in wanted.names)
    return None


def has_numbers(cells: Cells) -> bool:
    """Whether telephone numbers stand in a column, not only extensions."""
    return any(_is_long(text) and not re.search(r"[^\W\d_]{2}", text) for text in cells)


def _fitting(name: str, cells: Cells, kind: Kind) -> Guess | None:
    """A guess if the column holds what it should; of an empty one nothing speaks for it."""
    filled = [text for text in cells if text.strip()]
    if not filled:
        return None
    if kind == "time":
        formats = _formats(filled, TIME_FORMATS)
        return Guess(name, formats) if formats else None
    checks: dict[str, Callable[[str], object]] = {
        "amount": lambda text: _amount(text, ",") or _amount(text, "."),
        "phone": lambda text: conversions.phone(text, "IT") if _is_long(text) else None,
        "duration": lambda text: conversions.seconds(text) >= 0,
    }
    if kind == "word":
        return Guess(name) if words_in(filled) else None
    check = checks.get(kind)
    return Guess(name) if check is None or _share(filled, check) >= 0.5 else None


def _formats(cells: Cells, known: Sequence[str]) -> tuple[str, ...]:
    """The first format that fits nearly all, and those that others have."""
    filled = [text for text in cells if text.strip()]
    left, found = filled, []
    for form in known:
        fitting = [text for text in left if _is_time(text, form)]
        if len(fitting) >= max(1, len(filled) // 10):
            found.append(form)
            left = [text for text in left if text not in fitting]
    return tuple(found) if filled and len(left) * 5 <= len(filled) else ()


def _is_time(text: str, form: str) -> bool:
    if len(text.strip()) != _DIGITS_OF.get(form, len(text.strip())):
        return False
    try:
        year = conversions.instants(text, [form], "UTC")[0].year
    except CannotConvert:
        return False
    return 1990 <= year <= 2100 or form in _CLOCKS


def _is_long(text: str) -> bool:
    return len(re.sub(r"\D", "", text)) > 6


def _amount(text: str, decimal: str) -> bool:
    try:
        conversions.amount(text, decimal)
    except CannotConvert:
        return False
    return True


def _share(cells: Cells, check: Callable[[str], object]) -> float:
    """The part of the cells that a check accepts."""
    filled = [text for text in cells if text.strip()]
    accepted = 0
    for text in filled:
        try:
            accepted += bool(check(text))
        except CannotConvert:
            continue
    return accepted / len(filled) if filled else 0.0
