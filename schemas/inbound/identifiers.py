"""What identifiers may be made of: one stated alphabet, so that none is markup or invisible."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo
from typing_extensions import TypeAliasType

from schemas.inbound.notes import Notes

LONGEST = 128
PUNCTUATION = r"._:/@+#=;,&'()!?~*$%{}-"
"""Characters besides letters and digits, as in a character class.

A backslash is not among them: it would end the quotation that a dashboard's query puts a name in.
"""

LETTERS = (
    r"0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u034e\u0350-\u05ff"
    r"\u0620-\u06dc\u06de-\u070e\u0710-\u088f\u0892-\u08e1\u08e3-\u115e\u1161-\u167f\u1681-\u17b3"
    r"\u17b6-\u180a\u1810-\u1ffe\u2c00-\u2dff\u3005-\u3007\u3021-\u3163\u3165-\ud7ff"
    r"\uf900-\ufdcf\ufe70-\ufefc\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9f"
    r"\uffa1-\uffdc"
)
"""Letters and digits of all scripts, as ranges of a character class.

Left out are what nobody sees or what changes how other text is shown: blanks, control characters,
marks of writing direction, joiners, fillers, variation selectors, symbols, general punctuation.
"""

PATTERN = f"^[{LETTERS}{PUNCTUATION}]+$"
LOGIN_PATTERN = rf"^[\\{LETTERS}{PUNCTUATION}]+$"
_SOURCE = re.compile(rf"[\\\[\]| {LETTERS}{PUNCTUATION}]+\Z")
_OLDER = re.compile(r"[^\s|]+\Z")
_SIGNS = ". _ - : / @ + # = ; , & ' ( ) ! ? ~ * $ % { }"
LONGEST_SOURCE = 512


def _reader(pattern: str, needed: str) -> Callable[[Any, ValidationInfo], Any]:
    alphabet = re.compile(pattern[:-1] + r"\Z")

    def read(value: Any, info: ValidationInfo) -> Any:
        """Whole numbers are taken as their digits, and blanks around an identifier go."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "a text is needed")
        text = value.strip()
        allowed = _OLDER if _older(info) else alphabet
        if len(text) > LONGEST or not allowed.match(text):
            raise PydanticCustomError("identifier", needed)
        return text

    return read


def _older(info: ValidationInfo) -> bool:
    """Whether the event comes from the journal, which may hold identifiers of older versions."""
    return isinstance(info.context, Notes) and info.context.journaled


def _source(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "a text is needed")
    text = value.strip()
    if not text or len(text) > LONGEST_SOURCE or not (_older(info) or _SOURCE.match(text)):
        raise PydanticCustomError(
            "source", "a URI reference of 1 to 512 characters is needed, as //pbx.example/milano"
        )
    return text


def _schema(pattern: str, needed: str) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": pattern}
    return {"anyOf": [text, {"type": "integer"}], "description": needed}


_NEEDED = f"1 to {LONGEST} letters, digits or signs of {_SIGNS} are needed, without blanks"
_LOGIN_NEEDED = _NEEDED.replace(_SIGNS, f"{_SIGNS} \\")

Identifier = TypeAliasType(
    "Identifier",
    Annotated[
        str,
        BeforeValidator(_reader(PATTERN, _NEEDED)),
        WithJsonSchema(_schema(PATTERN, _NEEDED)),
    ],
)
"""A name that others give: letters, digits and some signs; no blanks, no markup."""

Login = TypeAliasType(
    "Login",
    Annotated[
        str,
        BeforeValidator(_reader(LOGIN_PATTERN, _LOGIN_NEEDED)),
        WithJsonSchema(_schema(LOGIN_PATTERN, _LOGIN_NEEDED)),
    ],
)
"""The name of a person at a machine, which may be `DOMAIN\\user`; it is stored nowhere."""

Source = Annotated[
    str,
    BeforeValidator(_source),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_SOURCE}),
]
"""The CloudEvents `source`: a URI reference. Square brackets and inner blanks are taken, too."""
