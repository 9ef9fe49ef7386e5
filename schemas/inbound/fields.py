"""Readings of fields that others write in several ways but mean one thing by.

Each is an annotation of a model's field. What has more than one meaning is an error that says what
to send; an optional part that cannot be used is left out, where there are `Notes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from typing import Any

from pydantic import BeforeValidator, ValidationError, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo, ValidatorFunctionWrapHandler

from schemas.inbound.notes import Notes

_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:[.,](\d{1,6})\d*)?"
    r" ?(?:(Z|UTC|GMT)|([+-]\d{2}):?(\d{2})?)(?:\[[A-Z0-9_/+-]+\])?",
    re.ASCII,
)
_TIME_WITHOUT_OFFSET = re.compile(r"\d{4}-\d{2}-\d{2}([T ][\d:.,]*)?", re.ASCII)
_EXAMPLE = "2026-03-01T12:00:00+01:00"
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_COMMA_NUMBER = re.compile(r"[+-]?[\d.]*,[\d.]+", re.ASCII)
_JSON_MEDIA = re.compile(r"[^/;\s]+/([^/;\s]+\+)?json\s*(;.*)?", re.IGNORECASE | re.DOTALL)
_SUBTAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]+)*(?:[.@].*)?", re.ASCII)
AMOUNT_DECIMALS = 4
_LAST_PLACE = Decimal(1).scaleb(-AMOUNT_DECIMALS)
_LARGEST_EXPONENT = 30
"""Amounts of more whole digits are refused in any case; rounding them would only take time."""

_LANGUAGE_NAMES = {"italian": "it", "italiano": "it", "english": "en", "inglese": "en"}
_THREE_LETTERS = {
    "ita": "it", "eng": "en", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "spa": "es",
    "por": "pt", "nld": "nl", "dut": "nl", "ron": "ro", "rum": "ro", "sqi": "sq", "alb": "sq",
    "pol": "pl", "ukr": "uk", "rus": "ru", "ara": "ar", "zho": "zh", "chi": "zh", "slv": "sl",
    "hrv": "hr", "srp": "sr", "ell": "el", "gre": "el", "tur": "tr", "hin": "hi", "ben": "bn",
}  # fmt: skip
"""ISO 639-2 codes of languages spoken by customers in Italy, to ISO 639-1."""

UNKNOWN_LANGUAGE = "und"
"""ISO 639-2 for a language that nobody knows: nothing is scored in it."""


class Word(StrEnum):
    """A word of a closed list; case does not matter, nor whether `_`, `-` or a blank joins it."""

    @classmethod
    def _missing_(cls, value: object) -> Word | None:
        if not isinstance(value, str):
            return None
        plain = re.sub(r"[\s-]+", "_", value.strip().lower())
        plain = cls.other_words().get(plain, plain)
        return next((word for word in cls if word.value == plain), None)

    @classmethod
    def other_words(cls) -> Mapping[str, str]:
        """Further words that mean one of the list, by what they mean."""
        return {}


def or_without(part: str, default: Callable[[], Any] = lambda: None) -> WrapValidator:
    """The annotation of an optional part that is left out where it cannot be used."""

    def read(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            if not isinstance(info.context, Notes):
                raise
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            below = [str(step) for step in first["loc"][:1] if isinstance(step, str)]
            info.context.leave_out(".".join([part, *below]), first["msg"])
            return default()

    return WrapValidator(read)


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("number_type", "a number is needed; true and false are none")
    return value


def _time(value: Any) -> Any:
    if not isinstance(value, str):
        if isinstance(value, bool | int | float | Decimal):
            raise PydanticCustomError(
                "time_as_number",
                f"a number does not say its unit: send a time as text, as {_EXAMPLE}",
            )
        return value
    text = value.strip().upper()
    found = _TIME.fullmatch(text)
    if found is None:
        if _TIME_WITHOUT_OFFSET.fullmatch(text):
            raise PydanticCustomError(
                "time_without_offset", f"the time needs its offset from UTC, as {_EXAMPLE} or Z"
            )
        raise PydanticCustomError("time", f"a time with its offset is needed, as {_EXAMPLE}")
    date, minute, second, fraction, zulu, hours, minutes = found.groups()
    offset = "Z" if zulu else f"{hours}:{minutes or '00'}"
    return f"{date}T{minute}{second or ':00'}{f'.{fraction}' if fraction else ''}{offset}"


def _amount(value: Any) -> Any:
    """An amount rounded to the last place that is counted, half to even, by its decimal digits."""
    _number(value)
    if isinstance(value, str):
        text = value.strip()
        if _COMMA_NUMBER.fullmatch(text):
            raise PydanticCustomError(
                "amount_with_comma", "write the amount with a decimal point, as 1234.56"
            )
        if not _PLAIN_NUMBER.fullmatch(text):
            raise PydanticCustomError("amount", "an amount is needed, as 1234.56")
        value = Decimal(text)
    if not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("amount", "an amount is needed, as 1234.56")
    amount = value if isinstance(value, Decimal) else Decimal(str(value))
    if not amount.is_finite() or amount.adjusted() > _LARGEST_EXPONENT:
        return amount
    places = amount.as_tuple().exponent
    if isinstance(places, int) and places < -AMOUNT_DECIMALS:
        exact = Context(prec=len(amount.as_tuple().digits) + _LARGEST_EXPONENT)
        return amount.quantize(_LAST_PLACE, rounding=ROUND_HALF_EVEN, context=exact)
    return amount


def _language(value: Any, info: ValidationInfo) -> Any:
    text = value.strip() if isinstance(value, str) else ""
    if text.lower() in _LANGUAGE_NAMES:
        return _LANGUAGE_NAMES[text.lower()]
    tag = _SUBTAG.fullmatch(text)
    if tag is not None:
        code = tag.group(1).lower()
        return _THREE_LETTERS.get(code, code)
    why = "a language code of ISO 639 is needed, as it or it-IT"
    if not isinstance(info.context, Notes):
        raise PydanticCustomError("language", why)
    info.context.leave_out("language", why)
    return UNKNOWN_LANGUAGE


def _json_media(value: Any) -> Any:
    if isinstance(value, str) and _JSON_MEDIA.fullmatch(value.strip()):
        return "application/json"
    raise PydanticCustomError("datacontenttype", "data has to be JSON: application/json")


def _one_version(value: Any) -> Any:
    if isinstance(value, Decimal | float) and value == 1:
        return "1.0"
    return value


def _all_null(value: Any) -> Any:
    if isinstance(value, Mapping) and value and all(each is None for each in value.values()):
        return None
    return value


def _checksum(value: Any) -> Any:
    return value.strip().lower().removeprefix("sha256:") if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


NUMBER = BeforeValidator(_number)
"""A boolean is no number."""

TIME = BeforeValidator(_time)
"""RFC 3339, with any offset; digits beyond microseconds are cut off. Numbers are no times."""

AMOUNT = BeforeValidator(_amount)
"""A number, or the text of one; rounded to four decimals, half to even."""

LANGUAGE = BeforeValidator(_language)
"""The primary subtag of a language tag, in lower case; `und` where it is none."""

JSON_MEDIA = BeforeValidator(_json_media)
"""Any media type that means JSON, with any parameters."""

ONE_VERSION = BeforeValidator(_one_version)
"""The version 1.0 as a number, too."""

CHECKSUM = BeforeValidator(_checksum)
"""Hex digits in any case, also after `sha256:`."""

ALL_NULL = BeforeValidator(_all_null)
"""An object with nothing but nulls in it is null."""

UPPER = BeforeValidator(_upper)
"""Letters in any case, as capitals."""

LOWER = BeforeValidator(_lower)
"""Letters in any case, as small ones."""

JSON_MEDIA_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "pattern": r"^\s*[^/;\s]+/([^/;\s]+\+)?[Jj][Ss][Oo][Nn]\s*(;.*)?$",
        "description": "any media type that means JSON",
    }
)
LANGUAGE_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": r"^\s*[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*([.@].*)?\s*$"}
)
AMOUNT_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "number", "exclusiveMinimum": 0},
            {"type": "string", "pattern": r"^\s*\+?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\s*$"},
        ],
        "description": "rounded to four decimals, half to even; of up to 14 whole digits",
    }
)
CURRENCY_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": "^[A-Za-z]{3}$", "description": "ISO 4217"}
)
