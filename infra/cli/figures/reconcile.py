"""`ascolto reconcile`: every figure recomputed from the journal by SQL alone, and what differs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from infra.cli.failures import say
from infra.cli.store_access import open_store
from infra.escaping import escaped
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.clickhouse.comparison import Difference

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC), datetime(2106, 1, 1, tzinfo=UTC)
_SIDES = "streamed", "recomputed"


def reconcile(
    settings: Settings, begin: datetime | None, end: datetime | None, as_json: bool
) -> int:
    """Print what differs within the hours of [begin, end]; returns 1 if anything does, else 0."""
    from infra.clickhouse.reconcile import reconcile as reconcile_store

    with open_store(settings) as client:
        outcome = reconcile_store(
            client,
            _ALWAYS[0] if begin is None else _hour(begin),
            _ALWAYS[1] if end is None else _hour(end) + timedelta(hours=1),
            settings.horizons,
            settings.currency,
            settings.now() + timedelta(seconds=settings.future_tolerance),
        )
    if outcome.from_the_future:
        say(
            f"{outcome.from_the_future} events of the journal lie in the future and count for "
            "nothing: ascolto rebuild makes the figures without them, and stores them as dead "
            "letters"
        )
    if as_json:
        print(json.dumps(differences_as_json(outcome.compared, outcome.differences, _SIDES)))
    else:
        print_differences(outcome.compared, outcome.differences, _SIDES)
    return 1 if outcome.differences else 0


def differences_as_json(
    compared: Mapping[str, int], differences: Iterable[Difference], sides: tuple[str, str]
) -> dict[str, object]:
    """`{"compared": {table: rows}, "differences": [...]}`; `sides` names the two versions."""
    from infra.clickhouse.comparison import as_object

    return {
        "compared": dict(compared),
        "differences": [as_object(each, *sides) for each in differences],
    }


def print_differences(
    compared: Mapping[str, int], differences: list[Difference], sides: tuple[str, str]
) -> None:
    """Print each difference on a line, then how many there are."""
    from infra.clickhouse.comparison import as_line

    for each in differences:
        print(escaped(as_line(each, *sides)))
    rows = ", ".join(f"{table} {count}" for table, count in compared.items())
    many = "difference" if len(differences) == 1 else "differences"
    outcome = f"{len(differences)} {many}" if differences else "all equal"
    print(f"compared {rows}: {outcome}")


def _hour(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
