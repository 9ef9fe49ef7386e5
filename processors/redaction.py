"""Takes personal data out of a text, leaving a readable sentence with typed placeholders.

Most turns hold none, so cheap looks at the text (a digit? a word that introduces a name?)
decide which of the slower searches are worth doing. Checksums only tell the kinds of number
apart: a number with the shape of an identifier goes even where its checksum fails, since a
transcriber mishears digits.
"""

from __future__ import annotations

import re
from typing import Final

import phonenumbers
from stdnum import luhn
from stdnum.it import iva

from processors.names import redact_names
from processors.streets import redact_streets

_DIGIT = re.compile(r"\d")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_SPOKEN_EMAIL = re.compile(
    r"(?<![\w.-])[\w.-]{1,64}(?: (?:punto|trattino|underscore|dot) [\w-]+){0,3}"
    r" (?:chiocciola|at) [\w-]+(?:(?: (?:punto|dot) |\.)[\w-]+)+",
    re.IGNORECASE,
)
_FISCAL_CODE = re.compile(
    r"\b[A-Z]{3}[ -]?[A-Z]{3}[ -]?[\dLMNP-V]{2}[ -]?[A-EHLMPRST][ -]?[\dLMNP-V]{2}"
    r"[ -]?[A-Z][ -]?[\dLMNP-V]{3}[ -]?[A-Z]\b",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}[ -]?\d{2}(?:[ -]?[A-Z0-9]){11,30}\b")
_ITALIAN_IBAN = re.compile(
    r"\bIT[ -]?\d{2}[ -]?[A-Z](?:[ -]?\d){10}(?:[ -]?[A-Z0-9]){12}\b", re.IGNORECASE
)
_POD = re.compile(r"\bIT[ -]?(?:\d[ -]?){3}E(?:[ -]?\d){8,9}\b", re.IGNORECASE)
_NOT_A_NUMBER = (
    r"\d{1,2}[./ -]\d{1,2}[./ -](?:(?:19|20)\d{2}|\d{2})(?!\d| \d)"
    r"|\d{4}-\d{2}-\d{2}(?!\d)"
    r"|\d{1,3}(?:\.\d{3})+(?:,\d{2})?(?=\s*(?:€|euro|eur\b))"
)
_LONG_NUMBER = re.compile(
    rf"(?P<kept>(?<!\d)(?:{_NOT_A_NUMBER}))|(?<![\w+])\+?\(?\d(?:[ ./()-]{{0,2}}\d){{6,}}(?!\w)",
    re.IGNORECASE,
)

_NUMBER_NAMES: Final = {
    "it": "zero uno due tre quattro cinque sei sette otto nove doppio triplo",
    "en": "zero oh one two three four five six seven eight nine double triple",
}


def redact(text: str, language: str) -> str:
    """`text` with personal data replaced by placeholders such as [NOME], [TELEFONO], [IBAN].

    Identifiers and contacts are found in any language; names, streets and digits spoken one
    by one in Italian ("it") and English ("en"). Redacting twice changes nothing more.
    """
    lower = text.lower()
    if "@" in text:
        text = _EMAIL.sub("[EMAIL]", text)
    if "chiocciola" in lower or (" at " in lower and (" dot " in lower or "." in lower)):
        text = _SPOKEN_EMAIL.sub("[EMAIL]", text)
    if _DIGIT.search(text):
        text = _redact_codes(text, language)
    spoken = _SPOKEN_DIGITS.get(language)
    if spoken is not None and len(spoken[0].intersection(_bare(lower))) > 1:
        text = spoken[1].sub("[NUMERO]", text)
    text = redact_streets(text, lower, language)
    return redact_names(text, language)


def _redact_codes(text: str, language: str) -> str:
    for pattern, placeholder in _CODES:
        text = pattern.sub(placeholder, text)
    return _LONG_NUMBER.sub(lambda match: _long_number(match, language), text)


def _long_number(match: re.Match[str], language: str) -> str:
    found = match[0]
    if match["kept"]:
        return found
    digits = "".join(filter(str.isdigit, found))
    if language == "it" and len(digits) == 11 and iva.is_valid(digits):
        return "[PARTITA_IVA]"
    if len(digits) == 14:
        return "[PDR]"
    if _is_phone(digits, found, _REGIONS.get(language, "IT")):
        return "[TELEFONO]"
    if 13 <= len(digits) <= 19 and luhn.is_valid(digits):
        return "[CARTA]"
    return "[CODICE]" if len(digits) >= _LONG else found


def _is_phone(digits: str, found: str, region: str) -> bool:
    if len(digits) > 15 or (digits[0] not in "03" and found[0] != "+"):
        return False
    try:
        number = phonenumbers.parse(found if found[0] == "+" else digits, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


_LONG = 8
_REGIONS: Final = {"it": "IT", "en": "GB"}
_CODES: Final = (
    (_POD, "[POD]"),
    (_ITALIAN_IBAN, "[IBAN]"),
    (_IBAN, "[IBAN]"),
    (_FISCAL_CODE, "[CODICE_FISCALE]"),
)


def _bare(lower: str) -> list[str]:
    return lower.replace(",", " ").replace(".", " ").replace("-", " ").split()


def _digit_run(names: str) -> re.Pattern[str]:
    one = f"(?:{'|'.join(names.split())})"
    return re.compile(rf"\b{one}(?:[\s,.-]+{one}){{4,}}\b", re.IGNORECASE)


_SPOKEN_DIGITS: Final = {
    language: (frozenset(names.split()), _digit_run(names))
    for language, names in _NUMBER_NAMES.items()
}
