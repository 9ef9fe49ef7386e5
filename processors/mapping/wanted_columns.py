"""What columns of exports are called that nobody has described, field by field of an event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["time", "amount", "phone", "duration", "word", "name"]
_LONGEST_NAME: Final = 100
"""Characters of a column's name that are compared."""


@dataclass(frozen=True)
class Wanted:
    """What the column of a field is called, in the order of preference, and what it holds."""

    names: tuple[str, ...]
    """Regular expressions on the name in lower case with `_` between its words."""
    kind: Kind = "name"
    is_unique: bool = False
    """Whether no two rows have the same."""
    catch_all: tuple[str, ...] = ()
    """Patterns that propose a column where no name fits: a person has to say whether it is so."""
    never: str = r"(?!)"
    """Part of a name that says it is another thing."""


_CUSTOMER: Final = Wanted(
    (
        r"(cod|codice|id|num|numero|nr|n)_?(cliente|cli|soggetto|anagrafica|debitore|utente)",
        r"customer_?(id|no|number|code)?",
        r"(cliente|debitore|soggetto|intestatario)(_(id|codice|cod))?",
        r"(business_?partner|bp|conto_contrattuale|account_?(id|number|no)?|debitor|kunnr)",
    ),
    catch_all=(r".*(cod|id).*(cliente|customer|account).*", r".*(cliente|customer).*"),
    never=r"tipo|type|nome|name|ragione|categoria",
)
_UNPAID: Final = (
    r"scaden|emission|fattur|insolut|(?<!dis)attivaz|(?<!de)activat|dovut|residu|invoice|unpaid"
    r"|outstanding|(^|_)due(_|$)"
)
"""Names of what is owed, came back, or begins: neither a payment nor the end of a contract."""
PAYMENT: Final[Mapping[str, Wanted]] = {
    "customer_id": _CUSTOMER,
    "amount": Wanted(
        (
            r"(importo|imp)_?(pagato|incassato|incasso|pagamento|versato|riscosso)",
            r"amount|importo|avere|incassato|pagato|versato|dmbtr|wrbtr",
        ),
        "amount",
        catch_all=(r".*(importo|amount|incass|versat|pagat|riscoss|dmbtr|wrbtr|eur|euro).*",),
        never=_UNPAID,
    ),
    "currency": Wanted((r"valuta|divisa|currency(_iso_?code)?|waers|cod_valuta",), "word"),
    "received_at": Wanted(
        (
            r"(data|dt|dta)_?(incasso|pagamento|pag|inc|accredito|versamento|riscossione)",
            r"(payment|received|paid|posting|created)_?(date|at|on)(_utc)?|budat",
            r"(data|dt)_?(registrazione|reg|operazione|movimento|contabile|valuta)|data|date",
        ),
        "time",
        catch_all=(r".*(data|date).*",),
        never=_UNPAID,
    ),
    "id": Wanted(
        (
            r"(id|num|numero|nr|n)_?(incasso|pagamento|movimento|mov|reg|registrazione|operazione)",
            r"(payment|transaction|document|doc)_?(id|no|number)|id|belnr|cro|trn|numero",
        ),
        is_unique=True,
        catch_all=(r".*(protocollo|riferimento).*",),
        never=rf"progressiv|{_UNPAID}",
    ),
}
CANCELLATION: Final[Mapping[str, Wanted]] = {
    "customer_id": _CUSTOMER,
    "contract_id": Wanted(
        (
            r"(cod|codice|id|num|numero|nr|n)_?(contratto|contr|fornitura|utenza|pod|pdr)",
            r"contract_?(id|no|number)?|contratto|pod|pdr|fornitura|utenza",
        ),
        catch_all=(r".*(contratt|contract|fornitura|utenza|pod|pdr).*",),
        never=r"tipo|type|nome|name|stato|status|data|date",
    ),
    "cancelled_at": Wanted(
        (
            r"(data|dt)_?(efficacia|decorrenza)",
            r"(data|dt)_?(cessazione|recesso|disdetta|chiusura|fine|disattivazione|switch)(_.*)?",
            r".*(cessa|recess|disdett|chius|disattiv|annullat|annullam).*",
            r".*(cancel|terminat|end|clos|churn).*(date|at|on)(_.*)?",
            r"(date|data).*(cancel|terminat|end|clos|churn).*",
        ),
        "time",
        catch_all=(r"data|date|.*(data|date).*",),
        never=_UNPAID,
    ),
    "ended_by": Wanted(
        (
            r"(causale|motivo|motivazione)_?(cessazione|recesso|chiusura|disdetta)?",
            r".*(reason|ended_by|causale|motiv|tipo_cess).*",
        ),
        "word",
        catch_all=(r".*(stato|status|tipo).*",),
        never=_UNPAID,
    ),
    "id": Wanted(
        (r"(id|num|numero|nr)_?(pratica|cessazione|richiesta|case|caso)?|case_?number",),
        is_unique=True,
        never=rf"progressiv|{_UNPAID}",
    ),
}
CALL: Final[Mapping[str, Wanted]] = {
    "started_at": Wanted(
        (
            r"(data_ora_)?inizio(_chiamata)?|start(_?time|ed_at|_date)?|call_?(time|date|start)",
            r"(data|date)_?(e_)?(ora|time)?(_chiamata|_call)?|timestamp|quando",
        ),
        "time",
        catch_all=(r".*(inizio|start|data|date|time).*",),
    ),
    "ended_at": Wanted((r".*(fine|end|termine|hangup|disconnect).*",), "time"),
    "duration": Wanted(
        (r"durata(_chiamata|_totale|_sec(ondi)?)?|duration(_s(ec(onds)?)?)?|length",),
        "duration",
        catch_all=(r".*(durat|duration|length|talk|conversaz|secondi|seconds).*",),
    ),
    "phone": Wanted(
        (
            r".*(cliente|customer|debitore).*(tel|phone|num|address).*",
            r".*(numero|num|tel|telefono).*(cliente|chiamato|destinatario|debitore).*",
            r"(chiamato|called|callee|destination|destinazione|dst|to|a|numero|number|telefono|phone)"
            r"(_?(number|numero|no|id))?",
            r".*(chiamato|called|callee|dest|numero|telefono|phone|address|dnis|remote).*",
            r"da|.*(caller|chiamante|from|src|ani|mittente|source).*",
        ),
        "phone",
    ),
    "operator_id": Wanted(
        (
            r"(operatore|operator|agent|agente|interno|extension)(_?(id|name|nome))?",
            r"da|from|src|chiamante|caller",
        ),
        catch_all=(r".*(operat|agent|intern|exten|user|utente|chiamante|caller|from|src).*",),
    ),
    "answered": Wanted(
        (r"esito|risposta|risposto|stato|status|disposition|outcome|result",),
        "word",
        catch_all=(r".*(esito|rispost|stato|status|disposition|answer).*",),
        never=r"(^|_)(by|da)(_|$)",
    ),
    "recording": Wanted(
        (
            r"(nome_)?file(_?(audio|wav|name))?|registrazione|recording(_?(file|name|ur[il]))?|audio",
        ),
        catch_all=(r".*(registrazion|recording|audio|wav|file).*",),
    ),
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


def plain(name: str) -> str:
    """A column's name in lower case, `_` between its words; camel case is words, too."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:_LONGEST_NAME])
    return re.sub(r"[\W_]+", "_", spaced.casefold()).strip("_")
