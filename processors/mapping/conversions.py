"""Texts of exports as what they mean: times on a clock that changes, amounts, telephone numbers."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from schemas.errors import AscoltoError

_MOST_DIGITS = 30
_MOST_PHONE_DIGITS = 18
"""E.164 has 15; exchanges write prefixes before them."""
_BLANKS = re.compile("[\\s\u00a0\u202f']")
_CURRENCY = r"(?:euro|eur|€|usd|\$|gbp|£)?"
_AMOUNT = re.compile(
    rf"(\(?)([+-]?){_CURRENCY}([+-]?)([\d.,]+)([+-]?){_CURRENCY}([+-]?)(\)?)", re.IGNORECASE
)
_TRUE: Final = frozenset({"true", "yes", "si", "sì", "1", "y", "t"})
_FALSE: Final = frozenset({"false", "no", "0", "n", "f"})
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
"""A number as a spreadsheet shows it when the column is narrow: its last digits are lost."""
_MONTHS: Final = dict(
    zip(
        ("gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"),
        month_name[1:],
        strict=True,
    )
)
"""English names of months by how the Italian ones begin."""
_HOURS_OF_ZONES: Final = {"UTC": 0, "GMT": 0, "CET": 1, "CEST": 2}
_ZONE = re.compile(r"(?<=[\s\d])(?:UTC|GMT|CEST|CET)\b", re.IGNORECASE)
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - days on whatever clock
_LAST_EXCEL_DAY = 73_050
"""The end of 2099; more is another number."""
TIME_FORMATS: Final = ("iso", "rfc2822", "unix", "unix_ms", "excel")
"""Names of formats; the others are strptime's."""
_DURATION = re.compile(r"(?:(\d+)\.)?(\d{1,3}):(\d{2}):(\d{2})(?:[.,](\d+))?")


class CannotConvert(AscoltoError):
    """A text that is not what the mapping says; the message does not show it."""


def instants(text: str, formats: Sequence[str], zone: str) -> tuple[datetime, ...]:
    """The times in UTC that a text may mean: two in the hour that clocks go through twice.

    Args:
        text: a time, with or without an offset.
        formats: of TIME_FORMATS (`unix` in seconds), or strptime's; the first that fits.
        zone: IANA name of the time zone of a text without offset.

    Raises:
        CannotConvert: no format fits, or clocks in the zone never show that time.
    """
    text, offset = _without_zone(text.strip())
    for form in formats or ("iso",):
        read = _read(text, form)
        if read is not None and offset is not None and read.tzinfo is None:
            read = read.replace(tzinfo=offset)
        if read is not None:
            return (read.astimezone(UTC),) if read.tzinfo else _on_the_clock(read, zone)
    raise CannotConvert(f"is no time written as {' or '.join(formats or ('iso',))}")


def _without_zone(text: str) -> tuple[str, timezone | None]:
    """A time without the name of its zone, `CET` say, and that zone's offset."""
    found = _ZONE.search(text)
    if found is None or "," in text:  # RFC 2822 has a comma, and is read with its zone.
        return text, None
    hours = _HOURS_OF_ZONES[found[0].upper()]
    rest = f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip()
    return rest, timezone(timedelta(hours=hours))


def _read(text: str, form: str) -> datetime | None:
    try:
        if form == "iso":
            return datetime.fromisoformat(text)
        if form == "rfc2822":
            return parsedate_to_datetime(text)
        if form in ("unix", "unix_ms"):
            seconds = Decimal(text) / (1000 if form == "unix_ms" else 1)
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(seconds))
        if form == "excel":
            return _on_excels_calendar(Decimal(text.replace(",", ".")))
        if "%b" in form or "%B" in form:
            text = _with_english_month(text, full="%B" in form)
        return datetime.strptime(text, form)  # noqa: DTZ007 - its zone is known by the mapping
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        return None


def _on_excels_calendar(days: Decimal) -> datetime | None:
    """A day and the part of it that has passed, to the second."""
    if not 1 <= days < _LAST_EXCEL_DAY:
        return None
    return _EXCEL_EPOCH + timedelta(seconds=round(days * 86_400))


def _with_english_month(text: str, *, full: bool) -> str:
    def english(found: re.Match[str]) -> str:
        month = _MONTHS.get(found[0][:3].casefold())
        if month is None:
            return found[0]
        return month if full else month[:3]

    return re.sub(r"[^\W\d_]{3,}", english, text)


def _on_the_clock(read: datetime, zone: str) -> tuple[datetime, ...]:
    local = zone_of(zone)
    both = (read.replace(tzinfo=local, fold=fold).astimezone(UTC) for fold in (0, 1))
    shown = sorted({each for each in both if each.astimezone(local).replace(tzinfo=None) == read})
    if not shown:
        raise CannotConvert(f"is a time that clocks in {zone} skip: is time_zone right?")
    return tuple(shown)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
        raise ValueError(f"{name!r} is no time zone; write it like Europe/Rome") from error


def amount(text: str, decimal: str) -> Decimal:
    """An amount of money; blanks and a currency's sign around it are passed over.

    Raises:
        CannotConvert: it is no number, or separated otherwise than `decimal` says.
    """
    bare, negative = _unsigned(text)
    other = "," if decimal == "." else "."
    whole, _, part = bare.partition(decimal)
    grouped = re.fullmatch(rf"\d{{1,3}}(?:{re.escape(other)}\d{{3}})+", whole)
    digits = whole.replace(other, "") if grouped else whole
    if not re.fullmatch(rf"\d{{1,{_MOST_DIGITS}}}", digits) or not re.fullmatch(
        rf"\d{{0,{_MOST_DIGITS}}}", part
    ):
        raise CannotConvert(f"is no amount whose decimals follow a '{decimal}'")
    return Decimal(f"{'-' if negative else ''}{digits}.{part or '0'}")


def _unsigned(text: str) -> tuple[str, bool]:
    """An amount without sign and currency, and whether it is negative: `-12`, `12-` or `(12)`."""
    found = _AMOUNT.fullmatch(_BLANKS.sub("", text).replace("\u2212", "-"))
    if found is None:
        return "", False
    opened, first, second, bare, third, last, closed = found.groups()
    signs = first + second + third + last + ("-" if opened else "")
    if bool(opened) != bool(closed) or len(signs) > 1:
        return "", False
    return bare, signs == "-"


def seconds(text: str) -> float:
    """A duration: a number of seconds, or hours:minutes:seconds.

    Raises:
        CannotConvert: it is neither.
    """
    clock = _DURATION.fullmatch(text.strip())
    if clock:
        days, hours, minutes, rest, part = clock.groups()
        whole = ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(rest)
        return whole + float(f"0.{part or 0}")
    return number(text)


def number(text: str) -> float:
    """A number of 0 or more, with a point.

    Raises:
        CannotConvert: it is none.
    """
    if not re.fullmatch(rf"\d{{1,{_MOST_DIGITS}}}(?:\.\d{{0,{_MOST_DIGITS}}})?", text.strip()):
        raise CannotConvert("is no number")
    return float(text)


def integer(text: str) -> int:
    """A whole number of 0 or more.

    Raises:
        CannotConvert: it is none.
    """
    if not re.fullmatch(rf"\d{{1,{_MOST_DIGITS}}}", text.strip()):
        raise CannotConvert("is no whole number")
    return int(text)


def boolean(text: str) -> bool:
    """Yes or no, in English or Italian, or 1 or 0.

    Raises:
        CannotConvert: it is neither.
    """
    word = text.strip().casefold()
    if word not in _TRUE | _FALSE:
        raise CannotConvert("is neither yes nor no")
    return word in _TRUE


def phone(text: str, country: str) -> str:
    """A telephone number in E.164 (`+390551234567`); an extension as its digits.

    Raises:
        CannotConvert: there is no digit in it, or it is more or less than one number.
    """
    if _ROUNDED.fullmatch(text.strip()):
        raise CannotConvert("is a number whose last digits a spreadsheet has rounded away")
    if (number := _in_e164(text, country)) is not None:
        return number
    digits = re.sub(r"\D", "", text)
    if not digits:
        raise CannotConvert("is no telephone number")
    if len(digits) > _MOST_PHONE_DIGITS:
        raise CannotConvert("has more digits than a telephone number: are there several?")
    return digits


@lru_cache(maxsize=16_384)
def _in_e164(text: str, country: str) -> str | None:
    number = _phone_number(text, country)
    if number is None:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _phone_number(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    """The number, with the 0 at its beginning that a spreadsheet has taken off."""
    try:
        read = phonenumbers.parse(text, country)
        if phonenumbers.is_valid_number(read) or not text.strip()[:1].isdigit():
            return read if phonenumbers.is_possible_number(read) else None
        with_zero = phonenumbers.parse(f"0{text.strip()}", country)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(with_zero):
        return with_zero
    return read if phonenumbers.is_possible_number(read) else None
