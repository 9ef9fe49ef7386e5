"""Words of exports and what they usually mean: outcomes of calls, reasons, states of payments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from processors.mapping.wanted_columns import plain

MOST_WORDS: Final = 12
"""Different texts of a column that is taken for one of a few words."""

_OUTCOMES: Final = {
    "no": re.compile(
        r"non[ _-]?rispost[aoe]|nessuna[ _-]risposta|no[ _-]?answer|not[ _-]answered|unanswered"
        r"|mancat[ao]|missed|pers[ao]|occupat[ao]|busy|fail(ed|ure)?|fallit[ao]|cancell?ed"
        r"|cancellat[ao]|annullat[ao]|abbandonat[ao]|abandon(ed)?|reject(ed)?|rifiutat[ao]"
        r"|irraggiungibile|non raggiungibile|unreachable|segreteria( telefonica)?|voicemail"
        r"|congestion|na|n|b|ab|dc|adc|aa|am|drop|no",
        re.IGNORECASE,
    ),
    "yes": re.compile(
        r"rispost[aoe]|answer(ed)?|complet(ed|at[ao])|connected|conness[ao]|s[iì]|yes",
        re.IGNORECASE,
    ),
}
"""Whole texts of whether somebody answered; others a person has to decide."""
_REASONS: Final = {
    "supplier": re.compile(
        r"moros|mancat|insolut|insolv|non.?pag|unpaid|non.?payment|default|supplier",
        re.IGNORECASE,
    ),
    "customer": re.compile(
        r"recess|disdett|switch|(altro|nuovo|cambio) fornitore|client|customer|volontari|trasloc"
        r"|cost[io]|prezz|concorren|competitor|insoddisf",
        re.IGNORECASE,
    ),
}
_NO_MONEY: Final = re.compile(
    r"fail|fallit|annull|storn|rifiut|refus|cancel|insolut|pending|attesa|sospes|respint|declin|void"
    r"|refund|rimbors",
    re.IGNORECASE,
)
_NO_MONEY_ALONE: Final = re.compile(
    r"failed|fallit[oa]|annullat[oa]|stornat[oa]|storno|rifiutat[oa]|refused|cancell?ed"
    r"|cancellat[oa]|insolut[oa]|pending|in attesa|sospes[oa]|respint[oa]|declined|void(ed)?"
    r"|refund(ed)?|rimbors(at)?[oa]",
    re.IGNORECASE,
)


def meaning_of(word: str, field: str) -> str | None:
    """What a word usually says: of `answered` yes or no, of `ended_by` who; None: unknown."""
    if field == "answered":
        found = (what for what, known in _OUTCOMES.items() if known.fullmatch(word))
    else:
        found = (what for what, known in _REASONS.items() if known.search(word))
    return next(found, None)


def words_in(cells: Sequence[str]) -> list[str]:
    """The texts of a column of a few words, as far as none of them may be personal.

    What stands in one row only may name a person, unless it is a usual word of an outcome.
    """
    times = Counter(text.strip() for text in cells if text.strip())
    personal = any(re.search(r"\d{2}|@", word) or len(word) > 60 for word in times)
    if personal or len(times) > MOST_WORDS:
        return []
    return [word for word, count in times.items() if count > 1 or _is_usual(word)]


def _is_usual(word: str) -> bool:
    known = (*_OUTCOMES.values(), _NO_MONEY_ALONE)
    return any(each.fullmatch(word) for each in known)


def failed_words(columns: Mapping[str, Sequence[str]]) -> tuple[str, list[str]] | None:
    """A column of states of which some say that no money came, and those that may be shown."""
    for name, cells in columns.items():
        if re.fullmatch(r".*(stato|status|esito|outcome|result).*", plain(name)):
            found = {text.strip() for text in cells if _NO_MONEY.search(text)}
            if found:
                return name, [word for word in words_in(cells) if word in found]
    return None
