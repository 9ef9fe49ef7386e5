"""Rises of an agency's scores against its own baseline: a CUSUM over hourly sums.

The scores are whatever should not rise: aggression, or the displeasure of ratings (`nps_falls`).
Rises are a function of the closed hours' sums in order of event time, and of nothing else: what
came late, twice or out of order changes an hour's sums, and the hours are folded again from a
state kept before it. Page's one-sided CUSUM (Biometrika 41, 1954) on standardised scores, summed
by hour; a second one, downwards, ends the alert. Only + - * / and square roots are used, which
IEEE 754 rounds exactly, so the same hours give the same alerts to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from processors.alerts.baseline import Baseline, Day, RiseSettings, baseline, recent
from processors.event_time import DAY_US, HOUR_US
from schemas.figures import SCORE_UNIT


class HourScores(NamedTuple):
    """The scores of one agency and hour, as exact sums."""

    hour: int
    """Beginning of the hour, microseconds since 1970-01-01 (UTC)."""
    n: int
    total: int
    """Their sum in 1/10^4."""
    squares: int
    """Sum of their squares in 1/10^8."""


class Rise(NamedTuple):
    """One alert's rise: it holds the hours [since, opened_at), and goes on until resolved."""

    since: int
    """First hour after the sum was last zero (the change, as CUSUM estimates it)."""
    opened_at: int
    """End of the hour whose calls opened the alert; microseconds, as all times here."""
    resolved_at: int | None
    """End of the hour whose calls resolved it; None while open."""
    mean: float
    """The baseline's mean of a score."""
    sd: float
    """The baseline's standard deviation of a score."""
    n: int
    """Scores since `since`; once resolved, those until the level fell back."""
    total: int
    """Their sum in 1/10^4."""

    @property
    def level(self) -> float:
        """Mean of the rise's scores."""
        return self.total / (SCORE_UNIT * self.n)

    @property
    def rise_sd(self) -> float:
        """Level minus baseline in standard deviations of a score."""
        return (self.level - self.mean) / self.sd


class _Doubt(NamedTuple):
    """The sum above zero, before it is either an alert or nothing."""

    since: int
    height: float
    n: int
    total: int


class _Open(NamedTuple):
    """An open alert, and the sum that would resolve it."""

    rise: Rise
    fall: float
    n_risen: int
    """Calls until `fall` was last zero: those of the rise, if it has ended."""
    total_risen: int


@dataclass(frozen=True, slots=True)
class RiseState:
    """State of a fold: a checkpoint to go on from, of some ninety small tuples at most.

    A new agency starts from `RiseState()`.
    """

    last_hour: int | None = None
    """The last hour folded that had calls (its start, microseconds)."""
    today: Day | None = None
    usable: bool = True
    """False where an alert was open in some hour of today."""
    settled: tuple[Day, ...] = ()
    """Whole days the baseline may learn from."""
    pending: tuple[Day, ...] = ()
    """Whole days since the sum left zero: learnt if it returns, dropped if it alarms."""
    baseline: Baseline | None = None
    doubt: _Doubt | None = None
    open: _Open | None = None
    resolved: tuple[Rise, ...] = ()


def fold(state: RiseState, hours: Iterable[HourScores], settings: RiseSettings) -> RiseState:
    """Return the state after `hours`: closed ones, in order, each later than `state.last_hour`.

    Hours without scored calls may be given or left out, to the same result. Folding some hours
    and then the others equals folding all at once. Raises ValueError where hours are not in
    order: an hour that changed is folded again from a state before it.
    """
    for hour in hours:
        if hour.n:
            state = _fold_hour(state, hour, settings)
    return state


def rises(state: RiseState) -> tuple[Rise, ...]:
    """Return all rises found, oldest first; only the last can be open."""
    return state.resolved if state.open is None else (*state.resolved, state.open.rise)


def _fold_hour(state: RiseState, hour: HourScores, settings: RiseSettings) -> RiseState:
    if state.last_hour is not None and hour.hour <= state.last_hour:
        raise ValueError("hours must be in order, each later than the last one folded")
    day = hour.hour // DAY_US
    if state.today is None or day != state.today.day:
        state = _turn_day(state, day, settings)
    state = _counted(state, hour)
    if state.baseline is None:
        return state
    if state.open is None:
        return _rising(state, hour, state.baseline, settings)
    return _falling(state, hour, state.open, state.baseline, settings)


def _gain(hour: HourScores, base: Baseline, settings: RiseSettings) -> float:
    """What an hour adds to the sum, in standard deviations of a call."""
    gain = (hour.total / SCORE_UNIT - hour.n * base.mean) / base.sd - hour.n * base.allowance
    return min(gain, hour.n * settings.hour_cap_sd)


def _turn_day(state: RiseState, day: int, settings: RiseSettings) -> RiseState:
    """Close the last day with calls, and take a new baseline unless the test is in doubt."""
    settled, pending = state.settled, state.pending
    if state.today is not None and state.usable:
        if state.doubt is None:
            settled = (*settled, state.today)
        else:
            pending = recent((*pending, state.today), settings)
    first_kept_out = day - settings.lag_days
    learnt = recent([old for old in settled if old.day < first_kept_out], settings)
    held = tuple(old for old in settled if old.day >= first_kept_out)
    undecided = state.doubt is not None or state.open is not None
    return replace(
        state,
        today=Day(day, 0, 0, 0),
        usable=state.open is None,
        settled=(*learnt, *held),
        pending=pending,
        baseline=state.baseline if undecided else baseline(learnt, settings),
    )


def _counted(state: RiseState, hour: HourScores) -> RiseState:
    """Add the hour to its day."""
    day, n, total, squares = state.today or Day(hour.hour // DAY_US, 0, 0, 0)
    today = Day(day, n + hour.n, total + hour.total, squares + hour.squares)
    return replace(state, last_hour=hour.hour, today=today)


def _rising(
    state: RiseState, hour: HourScores, base: Baseline, settings: RiseSettings
) -> RiseState:
    """Carry the rising sum on: back to zero, in doubt, or up to an alert."""
    before = state.doubt or _Doubt(since=hour.hour, height=0.0, n=0, total=0)
    doubt = _Doubt(
        since=before.since,
        height=before.height + _gain(hour, base, settings),
        n=before.n + hour.n,
        total=before.total + hour.total,
    )
    if doubt.height <= 0:
        return replace(state, doubt=None, settled=(*state.settled, *state.pending), pending=())
    if doubt.height <= base.threshold or doubt.n < settings.alert_calls:
        return replace(state, doubt=doubt)
    rise = Rise(
        since=doubt.since,
        opened_at=hour.hour + HOUR_US,
        resolved_at=None,
        mean=base.mean,
        sd=base.sd,
        n=doubt.n,
        total=doubt.total,
    )
    opened = _Open(rise, fall=0.0, n_risen=rise.n, total_risen=rise.total)
    return replace(state, doubt=None, open=opened, pending=(), usable=False)


def _falling(
    state: RiseState, hour: HourScores, opened: _Open, base: Baseline, settings: RiseSettings
) -> RiseState:
    """Carry an open alert on: it resolves once the opposite sum crosses the threshold."""
    rise = opened.rise._replace(n=opened.rise.n + hour.n, total=opened.rise.total + hour.total)
    fall = max(0.0, opened.fall - _gain(hour, base, settings))
    if fall == 0:
        return replace(state, open=_Open(rise, fall, rise.n, rise.total))
    since_fall = rise.n - opened.n_risen
    if fall <= base.resolve_threshold or since_fall < settings.alert_calls:
        return replace(state, open=opened._replace(rise=rise, fall=fall))
    ended = rise._replace(
        resolved_at=hour.hour + HOUR_US, n=opened.n_risen, total=opened.total_risen
    )
    return replace(state, open=None, resolved=(*state.resolved, ended))
