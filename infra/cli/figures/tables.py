"""The further views of `ascolto figures` as tables on a terminal, a table for each client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from dashboards.survival_report import p_value, shown_days
from infra.escaping import console, escaped
from infra.registry_model import Registry

if TYPE_CHECKING:
    from rich.table import Table

Row = Mapping[str, Any]

TOGETHER = "(all agencies)"
NOBODY = "(no agency)"


def print_view(view: str, shown: Any, names: Registry) -> None:
    """Print what a view read.

    Args:
        view: survival, quarters, sensitivity or last-touch.
        shown: its JSON.
        names: display names of client companies and agencies.
    """
    for table in _TABLES[view](shown, names):
        console().print(table)


def _table(title: str, headings: Sequence[str], caption: str) -> Table:
    from rich.table import Table

    table = Table(
        title=escaped(title), caption=caption, title_justify="left", caption_justify="left"
    )
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left", no_wrap=not index)
    return table


def _by_client(rows: Sequence[Row]) -> Iterable[tuple[str, Iterator[Row]]]:
    return groupby(rows, key=lambda row: str(row["client_id"]))


def _survival(shown: Mapping[str, Any], names: Registry) -> Iterator[Table]:
    days = shown_days(shown["horizon_days"]) if shown["groups"] else ()
    for test in shown["logrank"]:
        kind = test["group_kind"]
        statistic = "-" if test["statistic"] is None else f"{test['statistic']:.1f}"
        table = _table(
            f"{names.client(test['client_id'])}: customers staying by {kind.replace('_', ' ')}, "
            f"{shown['window']} as of {shown['as_of']}",
            ("", "n", "left", *(f"day {day}" for day in days)),
            f"Kaplan-Meier [95 % interval]. Log-rank test of no difference: χ² {statistic}, "
            f"p {p_value(test['p'])}, n {test['n']}",
        )
        for group in shown["groups"]:
            if (group["client_id"], group["group_kind"]) == (test["client_id"], kind):
                table.add_row(*_curve_cells(group, days, names))
        yield table


def _curve_cells(group: Row, days: Sequence[int], names: Registry) -> Iterator[str]:
    points = {point["day"]: point for point in group["curve"]}
    name = group["group"]
    if group["group_kind"] == "agency":
        name = names.agency(group["client_id"], name)
    yield from (escaped(name), str(group["n"]), str(group["events"]))
    for day in days:
        point = points.get(day)
        if point is None:
            yield "-"
        elif day != days[-1] or point["low"] is None:
            yield f"{point['staying']:.1%}"
        else:
            yield f"{point['staying']:.1%} [{point['low']:.1%}, {point['high']:.1%}]"


def _quarters(rows: Sequence[Row], names: Registry) -> Iterator[Table]:
    for client, own in _by_client(rows):
        table = _table(
            f"{names.client(client)}: customers lost by how aggressively they were treated"
            f"{_when(rows)}",
            ("", "n", "least aggressive quarter", "most aggressive quarter"),
            "churn rate [95 % interval] and n; a dash: fewer than 40 in all, or too many ties",
        )
        for row in own:
            quarters = (_rate_of_n(row["least"]), _rate_of_n(row["most"]))
            agency = _agency(row, names) if row["agency_id"] else TOGETHER
            table.add_row(agency, str(row["n"]), *quarters)
        yield table


def _sensitivity(rows: Sequence[Row], names: Registry) -> Iterator[Table]:
    for client, own in _by_client(rows):
        table = _table(
            f"{names.client(client)}: figures by horizon H{_when(rows)}",
            ("", "H", "matured", "churn", "recovery", "r churn", "r payment"),
            "95 % intervals; engagements derived again for each H",
        )
        for _, horizons in groupby(own, key=lambda row: str(row["agency_id"])):
            for index, row in enumerate(horizons):
                table.add_row(
                    "" if index else _agency(row, names),
                    str(row["horizon_days"]),
                    str(row["matured"]),
                    _interval(row["churn_rate"], ".1%"),
                    _interval(row["recovery_rate"], ".1%"),
                    _interval(row["churn_correlation"], "+.2f"),
                    _interval(row["payment_correlation"], "+.2f"),
                )
            table.add_section()
        yield table


def _last_touch(rows: Sequence[Row], names: Registry) -> Iterator[Table]:
    for client, of_client in _by_client(rows):
        own = list(of_client)
        table = _table(
            f"{names.client(client)}: events put down to agencies{_when(rows)}",
            ("", "view", "cancelled", "paid", "amount"),
            "every touch: each agency whose engagement was open (as in all other figures); "
            "last touch: only the last agency to talk before",
        )
        for row in own:
            agency = _agency(row, names) if row["agency_id"] else NOBODY
            for view, label in (("every_touch", agency), ("last_touch", "")):
                counts = (_share(own, row, view, name) for name in ("cancellations", "payments"))
                amount = f"{row[view]['amount']:,.2f}"
                table.add_row(label, view.replace("_", " "), *counts, amount)
            table.add_section()
        yield table


def _conduct(rows: Sequence[Row], names: Registry) -> Iterator[Table]:
    for client, own in _by_client(rows):
        table = _table(
            f"{names.client(client)}: breaches of conduct{_when(rows)}",
            ("", "rule", "conversations", "of all [95 % interval]"),
            "found in the words, by the hour, or by the number of conversations; not proven",
        )
        for _, rules in groupby(own, key=lambda row: str(row["agency_id"])):
            for index, row in enumerate(rules):
                agency = "" if index else _agency(row, names)
                share = _rate_of_n(row["share"])
                table.add_row(
                    agency, row["rule"].replace("_", " "), str(row["conversations"]), share
                )
            table.add_section()
        yield table


def _agency(row: Row, names: Registry) -> str:
    return escaped(names.agency(row["client_id"], row["agency_id"]))


def _share(rows: Sequence[Row], row: Row, view: str, name: str) -> str:
    """A count, with its share of the client's events where each counts once."""
    count = row[view][name]
    total = sum(each["last_touch"][name] for each in rows)
    return f"{count} ({count / total:.1%})" if total and view == "last_touch" else str(count)


def _when(rows: Sequence[Row]) -> str:
    return f", {rows[0]['window']} as of {rows[0]['as_of']}"


def _interval(figure: Row, form: str) -> str:
    if figure["value"] is None:
        return f"- (n {figure['n']})"
    low, high = format(figure["low"], form), format(figure["high"], form)
    return f"{figure['value']:{form}} [{low}, {high}]"


def _rate_of_n(figure: Row | None) -> str:
    return "-" if figure is None else f"{_interval(figure, '.1%')}, n {figure['n']}"


_TABLES: Mapping[str, Callable[[Any, Registry], Iterator[Table]]] = {
    "survival": _survival,
    "quarters": _quarters,
    "sensitivity": _sensitivity,
    "last-touch": _last_touch,
    "conduct": _conduct,
}
