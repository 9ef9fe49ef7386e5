"""How long customers stay after an agency's first conversation, by agency and by aggression.

Time zero is the engagement's opening t0; the event is the customer's first cancellation in
[t0, t0 + H). Who has not left is observed, and staying, until t0 + H, or until the end of the
data for engagements that have not matured. The supplier's cancellation is a competing risk:
the customer is observed until then, and not counted as having left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from processors.engagements.facts import Cancellation, Fact
from processors.engagements.history import HORIZON_HOURS, engagements_of
from processors.engagements.horizons import matures_at
from processors.engagements.kaplan_meier import CurvePoint, kaplan_meier, log_rank
from processors.event_time import DAY_US, HOUR_US
from schemas.changes import Engagement
from schemas.figures import SCORE_UNIT


class GroupKind(StrEnum):
    """What the curves are compared by."""

    AGENCY = "agency"
    AGGRESSION_TERCILE = "aggression_tercile"


class Tercile(StrEnum):
    """A third of a client company's scored engagements, by their mean aggression."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


class Stay(NamedTuple):
    """One engagement's customer: how long observed, and whether that ended with leaving."""

    client_id: str
    agency_id: str
    aggression: float | None
    """Mean over the engagement's scored conversations, 0-1; null if none has a score."""
    days: float
    left: bool


@dataclass(frozen=True)
class SurvivalGroup:
    """The curve of one agency, or of one tercile over all agencies."""

    client_id: str
    group_kind: GroupKind
    group: str
    n: int
    events: int
    """How many left."""
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class LogRankTest:
    """Whether the groups of one kind differ; statistic and p are null where undefined."""

    client_id: str
    group_kind: GroupKind
    statistic: float | None
    p: float | None
    n: int


@dataclass(frozen=True)
class Survival:
    """All curves, by client, kind and group, and a test a client and kind."""

    groups: tuple[SurvivalGroup, ...]
    logrank: tuple[LogRankTest, ...]


def stays_of(
    facts: Sequence[Fact], begin: int, end: int, horizon_hours: int = HORIZON_HOURS
) -> list[Stay]:
    """One customer's stays: of engagements that matured in [begin, end) or had not matured at end.

    Args:
        facts: the customer's facts before `end`, each once, in any order.
        begin: beginning of the window, us.
        end: end of the data, us.
        horizon_hours: the horizon H.
    """
    cancellations = sorted(
        (fact.at, fact.ended_by) for fact in facts if isinstance(fact, Cancellation)
    )
    return [
        _stay(facts[0].client_id, agency_id, engagement, cancellations, end, horizon_hours)
        for agency_id, engagements in engagements_of(facts, horizon_hours).items()
        for engagement in engagements
        if matures_at(engagement, horizon_hours) >= begin
    ]


def _stay(
    client_id: str,
    agency_id: str,
    engagement: Engagement,
    cancellations: Sequence[tuple[int, str]],
    end: int,
    horizon_hours: int,
) -> Stay:
    """The stay of an engagement; `cancellations` (time, who) are sorted, the customer's first."""
    begin = engagement.opened_at
    until = min(begin + horizon_hours * HOUR_US, end)
    first = next(((at, by) for at, by in cancellations if begin <= at < until), (until, ""))
    scored = engagement.aggression_n
    return Stay(
        client_id,
        agency_id,
        engagement.aggression_sum / (scored * SCORE_UNIT) if scored else None,
        (first[0] - begin) / DAY_US,
        first[1] == "customer",
    )


def survival(stays: Iterable[Stay]) -> Survival:
    """Curves and tests of all stays, each client apart."""
    by_client: dict[str, list[Stay]] = defaultdict(list)
    for stay in stays:
        by_client[stay.client_id].append(stay)
    groups: list[SurvivalGroup] = []
    tests: list[LogRankTest] = []
    for client_id, own in sorted(by_client.items()):
        for kind, members in _grouped(own).items():
            groups += [_group(client_id, kind, name, of) for name, of in members.items() if of]
            tests.append(_test(client_id, kind, members))
    return Survival(tuple(groups), tuple(tests))


def _grouped(stays: Sequence[Stay]) -> dict[GroupKind, dict[str, list[Stay]]]:
    agencies: dict[str, list[Stay]] = {name: [] for name in sorted({s.agency_id for s in stays})}
    terciles: dict[str, list[Stay]] = {name: [] for name in Tercile}
    cuts = tercile_cuts([s.aggression for s in stays if s.aggression is not None])
    for stay in stays:
        agencies[stay.agency_id].append(stay)
        if stay.aggression is not None:
            terciles[_tercile(stay.aggression, cuts)].append(stay)
    return {GroupKind.AGENCY: agencies, GroupKind.AGGRESSION_TERCILE: terciles}


def tercile_cuts(scores: Sequence[float]) -> tuple[float, float]:
    """The highest score of the low and of the middle third; (0, 0) when there are no scores.

    They are the scores in place ceil(n / 3) and ceil(2 n / 3). Equal scores are never separated:
    they go to the lower third, so thirds may be unequal, and one may be empty.

    >>> tercile_cuts([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    (0.2, 0.4)
    """
    if not scores:
        return 0.0, 0.0
    ordered, n = sorted(scores), len(scores)
    return ordered[-(-n // 3) - 1], ordered[-(-2 * n // 3) - 1]


def _tercile(aggression: float, cuts: tuple[float, float]) -> Tercile:
    if aggression <= cuts[0]:
        return Tercile.LOW
    return Tercile.MIDDLE if aggression <= cuts[1] else Tercile.HIGH


def _group(client_id: str, kind: GroupKind, name: str, stays: Sequence[Stay]) -> SurvivalGroup:
    curve = kaplan_meier([s.days for s in stays], [s.left for s in stays])
    return SurvivalGroup(client_id, kind, str(name), len(stays), sum(s.left for s in stays), curve)


def _test(client_id: str, kind: GroupKind, members: Mapping[str, Sequence[Stay]]) -> LogRankTest:
    named = [(str(name), stay) for name, stays in members.items() for stay in stays]
    found = log_rank(
        [stay.days for _, stay in named],
        [name for name, _ in named],
        [stay.left for _, stay in named],
    )
    if found is None:
        return LogRankTest(client_id, kind, None, None, len(named))
    return LogRankTest(client_id, kind, found.statistic, found.p, len(named))
