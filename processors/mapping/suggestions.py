"""A first mapping for an export that no preset reads: which column may be which field.

Names of columns propose, contents decide: a column of amounts holds amounts. What is found is a
proposal for a person to read, never used as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from processors.mapping import conversions
from processors.mapping.conversions import CannotConvert

Cells = Sequence[str]
"""What stands in a column, row by row."""
Kind = Literal["time", "day", "clock", "amount", "phone", "duration", "word", "name"]

MOST_WORDS: Final = 12
"""Different texts of a column that is taken for one of a few words."""
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
    "%H:%M:%S %Y-%m-%d",
    "rfc2822",
    "unix_ms",
    "unix",
    "excel",
)
"""Tried in this order. %d before %m: dates are Italian where both fit."""
_CLOCKS: Final = ("%H:%M:%S", "%H:%M", "%H.%M.%S", "%H.%M", "%H%M%S")


@dataclass(frozen=True)
class Guess:
    """A column that a field may be taken from."""

    column: str
    formats: tuple[str, ...] = ()
    """Of times."""


@dataclass(frozen=True)
class Wanted:
    """What the column of a field is called, in the order of preference, and what it holds."""

    names: tuple[str, ...]
    """Regular expressions on the name in lower case with `_` between its words."""
    kind: Kind = "name"
    is_unique: bool = False
    """Whether no two rows have the same."""


_SECOND: Final = {
    "no": re.compile(
        r"\b(un|non?|mis|no\b)|miss|pers[ao]|occupat|busy|fail|fallit|cancel|abband|reject|rifiut"
        r"|^(na|n|b|ab|dc|adc|aa|am|drop)$",
        re.IGNORECASE,
    ),
    "supplier": re.compile(
        r"moros|mancat|insolut|insolv|non.?pag|unpaid|non.?payment|default|supplier",
        re.IGNORECASE,
    ),
}
"""Words of a call that nobody answered, and of a contract that the supplier ended."""

_NO_MONEY: Final = re.compile(
    r"fail|fallit|annull|storn|rifiut|refus|cancel|insolut|pending|attesa|sospes|respint|declin|void"
    r"|refund|rimbors",
    re.IGNORECASE,
)
_CUSTOMER: Final = Wanted(
    (
        r"(cod|codice|id|num|numero|nr|n)_?(cliente|cli|soggetto|anagrafica|debitore|utente)",
        r"customer_?(id|no|number|code)?",
        r"(cliente|debitore|soggetto|intestatario)(_(id|codice|cod))?",
        r"(business_?partner|bp|conto_contrattuale|account_?(id|number|no)?|debitor|kunnr)",
        r".*(cod|id).*(cliente|customer|account).*",
        r".*(cliente|customer).*",
    )
)
PAYMENT: Final[Mapping[str, Wanted]] = {
    "customer_id": _CUSTOMER,
    "amount": Wanted(
        (
            r"(importo|imp)_?(pagato|incassato|incasso|pagamento|versato|riscosso)",
            r"amount|importo|avere|incassato|pagato|versato",
            r".*(importo|amount|incass|versat|pagat|riscoss|dmbtr|wrbtr|eur|euro).*",
        ),
        "amount",
    ),
    "currency": Wanted((r"valuta|divisa|currency(_iso_?code)?|waers|cod_valuta",), "word"),
    "received_at": Wanted(
        (
            r"(data|dt|dta)_?(incasso|pagamento|pag|inc|accredito|versamento|riscossione)",
            r"(payment|received|paid|posting)_?(date|at|on)|budat",
            r"(data|dt)_?(registrazione|reg|operazione|movimento|contabile|valuta)|data|date",
            r".*(data|date).*",
        ),
        "time",
    ),
    "id": Wanted(
        (
            r"(id|num|numero|nr|n)_?(incasso|pagamento|movimento|mov|reg|registrazione|operazione)",
            r"(payment|transaction|document|doc)_?(id|no|number)|id|belnr|cro|trn|numero",
            r".*(protocollo|progressivo|riferimento).*",
        ),
        is_unique=True,
    ),
}
CANCELLATION: Final[Mapping[str, Wanted]] = {
    "customer_id": _CUSTOMER,
    "contract_id": Wanted(
        (
            r"(cod|codice|id|num|numero|nr|n)_?(contratto|contr|fornitura|utenza|pod|pdr)",
            r"contract_?(id|no|number)?|contratto|pod|pdr|fornitura|utenza",
            r".*(contratt|contract|fornitura|utenza|pod|pdr).*",
        )
    ),
    "cancelled_at": Wanted(
        (
            r"(data|dt)_?(efficacia|decorrenza)",
            r"(data|dt)_?(cessazione|recesso|disdetta|chiusura|fine|disattivazione|switch)(_.*)?",
            r".*(cessa|recess|disdett|chius|disattiv|annullat|annullam).*",
            r".*(cancel|terminat|end|clos|churn).*(date|at|on)(_.*)?",
            r"(date|data).*(cancel|terminat|end|clos|churn).*",
            r"data|date|.*(data|date).*",
        ),
        "time",
    ),
    "ended_by": Wanted(
        (
            r"(causale|motivo|motivazione)_?(cessazione|recesso|chiusura|disdetta)?",
            r".*(reason|ended_by|causale|motiv|tipo_cess).*",
            r".*(stato|status|tipo).*",
        ),
        "word",
    ),
    "id": Wanted(
        (r"(id|num|numero|nr)_?(pratica|cessazione|richiesta|case|caso)?|case_?number",),
        is_unique=True,
    ),
}
CALL: Final[Mapping[str, Wanted]] = {
    "started_at": Wanted(
        (
            r"(data_ora_)?inizio(_chiamata)?|start(_?time|ed_at|_date)?|call_?(time|date|start)",
            r"(data|date)_?(e_)?(ora|time)?(_chiamata|_call)?|timestamp|quando",
            r".*(inizio|start|data|date|time).*",
        ),
        "time",
    ),
    "ended_at": Wanted((r".*(fine|end|termine|hangup|disconnect).*",), "time"),
    "duration": Wanted(
        (
            r"durata(_chiamata|_totale|_sec(ondi)?)?|duration(_s(ec(onds)?)?)?|length",
            r".*(durat|duration|length|talk|conversaz|secondi|seconds).*",
        ),
        "duration",
    ),
    "phone": Wanted(
        (
            r".*(cliente|customer|debitore).*(tel|phone|num|address).*",
            r".*(numero|num|tel|telefono).*(cliente|chiamato|destinatario|debitore).*",
            r"(chiamato|called|callee|destination|destinazione|dst|to|a|numero|telefono|phone)"
            r"(_?(number|numero|no|id))?",
            r".*(chiamato|called|callee|dest|numero|telefono|phone|address|dnis|remote).*",
            r"da|.*(caller|chiamante|from|src|ani|mittente|source).*",
        ),
        "phone",
    ),
    "operator_id": Wanted(
        (
            r"(operatore|operator|agent|agente|interno|extension|utente|user)(_?(id|name|nome))?",
            r"da|.*(operat|agent|intern|exten|user|utente|chiamante|caller|from|src).*",
        )
    ),
    "answered": Wanted(
        (
            r"esito|risposta|risposto|stato|status|disposition|outcome|result",
            r".*(esito|rispost|stato|status|disposition|answer).*",
        ),
        "word",
    ),
    "recording": Wanted((r".*(registrazion|recording|audio|wav|file).*",)),
    "id": Wanted(
        (
            r"(id|num|numero)_?(chiamata|call)|call_?(id|sid)|unique_?id|id|guid|uuid",
            r".*(call|chiamata|contact|conversation|conversazione).*id",
        ),
        is_unique=True,
    ),
}
FIELDS: Final[Mapping[str, Mapping[str, Wanted]]] = {
    "call-ended": CALL,
    "payment-received": PAYMENT,
    "contract-cancelled": CANCELLATION,
}
"""Per event, its fields. `phone` and `duration` are what a call's customer and end come from."""
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
    return found


def likely_event(columns: Mapping[str, Cells]) -> str | None:
    """The event that rows with these columns most likely are, None if none is recognised."""
    found = {event: fields_of(event, columns) for event in FIELDS}
    complete = [event for event, needed in _NEEDED.items() if set(needed) <= set(found[event])]
    return max(complete, key=lambda event: len(found[event]), default=None)


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


def meaning_of(word: str, choice: tuple[str, str]) -> str:
    """The second of two meanings for words that usually say it, else the first."""
    return choice[1] if _SECOND[choice[1]].search(word) else choice[0]


def failed_words(columns: Mapping[str, Cells]) -> tuple[str, list[str]] | None:
    """A column of states of which some say that no money came, and the words of the others."""
    for name, cells in columns.items():
        if re.fullmatch(r".*(stato|status|esito|outcome|result).*", plain(name)):
            words = words_in(cells)
            good = [word for word in words if not _NO_MONEY.search(word)]
            if good and len(good) < len(words):
                return name, good
    return None


def decimal_of(cells: Cells) -> Literal[".", ","]:
    """What separates the decimals of amounts; `,` where both fit."""
    return (
        ","
        if _share(cells, lambda text: _amount(text, ","))
        >= _share(cells, lambda text: _amount(text, "."))
        else "."
    )


def clock_of(columns: Mapping[str, Cells], day: str) -> str | None:
    """The column that holds the time of day beside a column of days."""
    for name, cells in columns.items():
        named = re.search(r"ora|orario|time|hour", plain(name)) is not None
        if name != day and named and _formats(cells, _CLOCKS):
            return name
    return None


def clock_format(cells: Cells) -> str | None:
    """How the times of day of a column are written."""
    return next(iter(_formats(cells, _CLOCKS)), None)


def words_in(cells: Cells) -> list[str]:
    """The different texts of a column if they are a few words; none if they may be personal."""
    words = list(dict.fromkeys(text.strip() for text in cells if text.strip()))
    personal = any(re.search(r"\d{2}|@", word) or len(word) > 60 for word in words)
    repeated = len(words) < sum(map(bool, cells)) or len(words) <= 3
    return words if 0 < len(words) <= MOST_WORDS and repeated and not personal else []


def plain(name: str) -> str:
    """A column's name in lower case, `_` between its words; camel case is words, too."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", spaced.casefold()).strip("_")


def _guess(wanted: Wanted, columns: Mapping[str, Cells]) -> Guess | None:
    for pattern in wanted.names:
        for name, cells in columns.items():
            if re.fullmatch(pattern, plain(name)):
                guess = _fitting(name, cells, wanted.kind)
                repeated = len(set(cells)) < len(cells)
                if guess is not None and not (wanted.is_unique and repeated):
                    return guess
    return None


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
