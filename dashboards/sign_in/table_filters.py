"""The engine's own filters: a query made for somebody reads only the rows that they may see.

They hold for every table of a query, in whatever subquery it stands, so that no query has to be
trusted to name the right client company. A view has a filter of its own: those of its tables do not
reach into one that runs with the rights of who made it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from dashboards.sign_in.identities import EVERYTHING, Scope
from infra.clickhouse.tenants.access import READABLE, quoted
from schemas.rows import TABLES, VIEWS, Table

ResultT = TypeVar("ResultT")
Ask = Callable[[str, Mapping[str, Any]], Awaitable[ResultT]]
"""Runs SQL with parameters."""

_asking: ContextVar[Scope] = ContextVar("asking", default=EVERYTHING)

_NOTHING = "0"
_AGENCY_ROWS = {each.table.name: each.agency_rows for each in READABLE}
"""By table the rows of one agency, as a tenant of ClickHouse reads them; of other tables none."""


@contextmanager
def asked_by(scope: Scope) -> Iterator[None]:
    """Queries made in the block are for somebody of that scope."""
    token = _asking.set(scope)
    try:
        yield
    finally:
        _asking.reset(token)


def current_scope() -> Scope:
    """Whom queries are made for now."""
    return _asking.get()


def filtered(run_query: Ask[ResultT]) -> Ask[ResultT]:
    """`run_query` with the filters of whom it is asked for."""

    async def run(sql: str, parameters: Mapping[str, Any]) -> ResultT:
        return await run_query(f"{sql}{settings_of(current_scope())}", parameters)

    return run


def settings_of(scope: Scope) -> str:
    """The SQL that ends a query made for somebody of that scope; empty for everything."""
    if scope.everything:
        return ""
    filters = ", ".join(
        f"{quoted(table.name)}: {quoted(condition(table, scope))}" for table in (*TABLES, *VIEWS)
    )
    return f"\nSETTINGS additional_table_filters = {{{filters}}}"


def condition(table: Table, scope: Scope) -> str:
    """The rows of a table that may be seen, as a condition of SQL.

    A table that does not say whose its rows are shows nothing. Who may see single agencies reads
    what an agency may read as a tenant: no table that does not say which agency's its rows are,
    and none of what a client company notes about its agencies.
    """
    if "client_id" not in table.columns:
        return _NOTHING
    parts = []
    for client_id, agencies in sorted(scope.clients.items()):
        own = f"client_id = {quoted(client_id)}"
        if agencies is not None:
            rows = _AGENCY_ROWS.get(table.name, _NOTHING)
            if rows == _NOTHING:
                continue
            among = (rows.replace("{agency}", quoted(each)) for each in sorted(agencies))
            own += f" AND ({' OR '.join(among)})"
        parts.append(f"({own})")
    return " OR ".join(parts) or _NOTHING
