"""Texts of exports as what they mean: times on a clock that changes, amounts, telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from schemas.errors import AscoltoError

_MOST_DIGITS = 30
_BLANKS = re.compile("[\\s\u00a0\u202f']")
_CURRENCY = re.compile(r"^(?:€|EUR|eur|\$|USD|£|GBP)?|(?:€|EUR|eur|\$|USD|£|GBP)?$")
_TRUE: Final = frozenset({"true", "yes", "si", "sì", "1", "y", "t"})
_FALSE: Final = frozenset({"false", "no", "0", "n", "f"})
_DURATION = re.compile(r"(?:(\d+)\.)?(\d{1,3}):(\d{2}):(\d{2})(?:[.,](\d+))?")


class CannotConvert(AscoltoError):
    """A text that is not what the mapping says; the message does not show it."""


def instants(text: str, formats: Sequence[str], zone: str) -> tuple[datetime, ...]:
    """The times in UTC that a text may mean: two in the hour that clocks go through twice.

    Args:
        text: a time, with or without an offset.
        formats: `iso`, `rfc2822`, `unix` (seconds), `unix_ms`, or strptime's; the first that fits.
        zone: IANA name of the time zone of a text without offset.

    Raises:
        CannotConvert: no format fits, or clocks in the zone never show that time.
    """
    for form in formats or ("iso",):
        read = _read(text.strip(), form)
        if read is not None:
            return (read.astimezone(UTC),) if read.tzinfo else _on_the_clock(read, zone)
    raise CannotConvert(f"is no time written as {' or '.join(formats or ('iso',))}")


def _read(text: str, form: str) -> datetime | None:
    try:
        if form == "iso":
            return datetime.fromisoformat(text)
        if form == "rfc2822":
            return parsedate_to_datetime(text)
        if form in ("unix", "unix_ms"):
            seconds = Decimal(text) / (1000 if form == "unix_ms" else 1)
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(seconds))
        return datetime.strptime(text, form)  # noqa: DTZ007 - its zone is known by the mapping
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        return None


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
    bare = _CURRENCY.sub("", _BLANKS.sub("", text))
    other = "," if decimal == "." else "."
    whole, _, part = bare.partition(decimal)
    grouped = re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(other)}\d{{3}})+", whole)
    digits = whole.replace(other, "") if grouped else whole
    if not re.fullmatch(rf"[+-]?\d{{1,{_MOST_DIGITS}}}", digits) or not re.fullmatch(
        rf"\d{{0,{_MOST_DIGITS}}}", part
    ):
        raise CannotConvert(f"is no amount whose decimals follow a '{decimal}'")
    return Decimal(f"{digits}.{part or '0'}")


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
        CannotConvert: there is no digit in it.
    """
    try:
        read = phonenumbers.parse(text, country)
        if phonenumbers.is_possible_number(read):
            return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    digits = re.sub(r"\D", "", text)
    if not digits:
        raise CannotConvert("is no telephone number")
    return digits
