"""Survival, quarters, sensitivity and last touch again, from their definitions alone.

As `reference.py`: datetimes, lists and numpy, no code shared with `processors`.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
from scipy import stats

from tests.figures import reference
from tests.figures.reference import Episode, Happening, Left, Paid, Said, whole_hour

Z = 1.959963984540054
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Watched:
    """One engagement, as long as its customer was watched."""

    agency: str
    tone: Fraction | None
    days: float
    left: bool


def watched(
    events: list[Happening], window: timedelta, as_of: datetime, horizon: timedelta
) -> list[Watched]:
    """Every engagement that matured in the window as of T, or had not matured at its end."""
    end = whole_hour(as_of) + timedelta(hours=1)
    known = [e for e in events if moment(e) < end]
    found = []
    for agency, episode in every_episode(known, horizon):
        if whole_hour(episode.opened_at) + horizon < end - window:
            continue
        until, left = min(episode.opened_at + horizon, end), False
        if episode.cancellations:
            until = min(c.at for c in episode.cancellations)
            left = not episode.lost_to_supplier
        days = (until - episode.opened_at) / DAY
        found.append(Watched(agency, episode.mean("aggression"), days, left))
    return found


def moment(event: Happening) -> datetime:
    return event.ended_at if isinstance(event, Said) else event.at


def every_episode(events: list[Happening], horizon: timedelta) -> list[tuple[str, Episode]]:
    pairs = sorted({(e.customer, e.agency) for e in events if isinstance(e, Said)})
    return [
        (agency, episode)
        for customer, agency in pairs
        for episode in reference.episodes(events, customer, agency, horizon)
    ]


def staying(days: list[float], left: list[bool], day: int) -> tuple[float, float, float]:
    """Kaplan-Meier's product at the end of a day, and its interval on the log(-log) scale."""
    share, greenwood = 1.0, 0.0
    for time in sorted({t for t, gone in zip(days, left, strict=True) if gone and t <= day}):
        there = sum(t >= time for t in days)
        gone = sum(g and t == time for t, g in zip(days, left, strict=True))
        share *= 1 - gone / there
        if gone == there:
            return 0.0, math.nan, math.nan
        greenwood += gone / (there * (there - gone))
    if share == 1.0:
        return 1.0, math.nan, math.nan
    spread = Z * math.sqrt(greenwood) / abs(math.log(share))
    return share, share ** math.exp(spread), share ** math.exp(-spread)


def log_rank(days: list[float], groups: list[str], left: list[bool]) -> tuple[float, float]:
    """Mantel's chi-squared of observed against expected, with its hypergeometric covariance."""
    names = sorted(set(groups))
    surplus = np.zeros(len(names))
    covariance = np.zeros((len(names), len(names)))
    for time in sorted({t for t, gone in zip(days, left, strict=True) if gone}):
        there = Counter(g for t, g in zip(days, groups, strict=True) if t >= time)
        gone = Counter(g for t, g, out in zip(days, groups, left, strict=True) if out and t == time)
        n, d = sum(there.values()), sum(gone.values())
        share = np.array([there[name] / n for name in names])
        surplus += np.array([gone[name] for name in names]) - d * share
        if n > 1:
            weight = d * (n - d) / (n - 1)
            covariance += weight * (np.diag(share) - np.outer(share, share))
    statistic = float(surplus @ np.linalg.pinv(covariance) @ surplus)
    return statistic, float(stats.chi2.sf(statistic, len(names) - 1))


def touched(
    events: list[Happening], window: timedelta, as_of: datetime, horizon: timedelta
) -> dict[tuple[str, str | None], Counter[str]]:
    """Events of the window by (view, agency), with their amounts in 1/10^4."""
    end = whole_hour(as_of) + timedelta(hours=1)
    known = [e for e in events if moment(e) < end]
    found: dict[tuple[str, str | None], Counter[str]] = {}
    for event in known:
        if isinstance(event, Said) or event.at < end - window:
            continue
        if isinstance(event, Left) and event.ended_by == "supplier":
            continue
        own = [e for e in known if isinstance(e, Said) and e.customer == event.customer]
        before = [e for e in own if e.ended_at <= event.at < e.ended_at + horizon]
        before.sort(key=lambda e: (e.ended_at, e.event_id))
        views = [("last", before[-1].agency if before else None)]
        open_then = {
            agency
            for agency in {e.agency for e in own}
            for episode in reference.episodes(known, event.customer, agency, horizon)
            if episode.opened_at <= event.at < episode.opened_at + horizon
        }
        views += [("every", agency) for agency in open_then or {None}]
        for view in views:
            counter = found.setdefault(view, Counter())
            if isinstance(event, Paid):
                counter["payments"] += 1
                counter["amount"] += int(event.amount * Decimal(10_000))
            else:
                counter["cancellations"] += 1
    return found
