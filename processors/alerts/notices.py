"""Which message about an alert a target is to get next, from what it was sent before."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from schemas.derived import AgencyAlert, AlertKind, AlertStatus

MOVED_AT_MOST = timedelta(days=7)
"""How far a late event may move the beginning of what is still the same alert to its readers."""


@dataclass(frozen=True)
class Reported:
    """What was reported to a target about an alert."""

    number: int
    """How many messages."""
    alert: AgencyAlert
    """As the last message said."""
    thread: str
    """The id of the alert as first reported: late events may have moved its opening since."""


Sent = Mapping[str, Reported]
"""What was reported to a target, by the alert's id."""


@dataclass(frozen=True)
class Quiet:
    """Hours of the day in which nothing is sent; over midnight where `end` is before `begin`."""

    begin: time
    end: time

    def covers(self, moment: time) -> bool:
        """Whether a time of the day, in the client company's time zone, is one of them.

        >>> Quiet(time(20), time(8)).covers(time(23)), Quiet(time(20), time(8)).covers(time(8))
        (True, False)
        """
        if self.begin <= self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end


@dataclass(frozen=True)
class Wishes:
    """Which alerts a target wants; what it was sent about is also followed to its end."""

    kinds: Collection[AlertKind] = tuple(AlertKind)
    least_rise: float = 0.0
    """Points of 100 by which aggression has risen at least."""
    least_fall: float = 0.0
    """Points by which the NPS has fallen at least."""


@dataclass(frozen=True)
class Notice:
    """One message to be sent to one target about one alert."""

    alert: AgencyAlert
    number: int
    """1 for the first message about this alert to this target, then 2 and so on."""
    before: AlertStatus | None
    """What the last message said; None where there was none."""
    thread: str
    """The id of the alert as it was first reported."""
    replaces: AgencyAlert | None = None
    """The retracted alert in whose place this one stands, its opening moved by late events."""

    @property
    def silent(self) -> bool:
        """Whether readers know already: it is only to be noted."""
        return self.alert.status is self.before

    @property
    def reopens(self) -> bool:
        """Whether an alert that was said to be over is open again."""
        return self.before is not None and self.alert.status is AlertStatus.OPEN

    @property
    def brief(self) -> bool:
        """Whether an alert opened and resolved before the first message."""
        return self.before is None and self.alert.status is AlertStatus.RESOLVED

    def message_id(self, target: str) -> str:
        """The same for the same message to `target`, also where it is sent again."""
        parts = [self.alert.client_id, target, self.alert.alert_id, self.number]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def notices(
    alerts: Iterable[AgencyAlert], sent: Sent, wishes: Wishes, not_before: datetime
) -> list[Notice]:
    """The messages that a target is to get now, retractions first, then in order of opening.

    An alert whose opening late events have moved is retracted and opened again under another id.
    To its readers it stays the same: both are only noted, unless its status differs, too.

    Args:
        alerts: those of the target's client company as they are now, all that there are: one
            that was sent and is not among them any more has been retracted.
        sent: what the target was sent before.
        wishes: which alerts it wants.
        not_before: alerts that opened earlier are not begun to be reported.
    """
    current = {alert.alert_id: alert for alert in alerts}
    lost = [
        reported.alert.model_copy(update={"status": AlertStatus.RETRACTED})
        for alert_id, reported in sent.items()
        if reported.alert.status is not AlertStatus.RETRACTED
        and (alert_id not in current or current[alert_id].status is AlertStatus.RETRACTED)
    ]
    standing = [each for each in current.values() if each.status is not AlertStatus.RETRACTED]
    moved = _moved(lost, [each for each in standing if each.alert_id not in sent])
    settled = {*moved, *(each.alert_id for each in moved.values())}
    found = []
    for alert in (*standing, *lost):
        reported = sent.get(alert.alert_id)
        begins = alert.opened_at >= not_before and _wanted(alert, wishes)
        if alert.alert_id not in settled and (begins or reported is not None):
            found.append(_notice(alert, reported))
    found = [each for each in found if not each.silent]
    found += [
        _notice(current[alert_id], sent[old.alert_id], old) for alert_id, old in moved.items()
    ]
    return sorted(found, key=_order)


def _notice(
    alert: AgencyAlert, reported: Reported | None, replaces: AgencyAlert | None = None
) -> Notice:
    if reported is None:
        return Notice(alert, 1, None, alert.alert_id)
    return Notice(alert, reported.number + 1, reported.alert.status, reported.thread, replaces)


def _moved(lost: Iterable[AgencyAlert], fresh: Sequence[AgencyAlert]) -> dict[str, AgencyAlert]:
    """By the id of an alert that is new, the lost one that it is: the nearest, each once."""
    pairs = sorted(
        (abs(new.since - old.since), new.alert_id, old.alert_id, old)
        for old in lost
        for new in fresh
        if (new.agency_id, new.kind) == (old.agency_id, old.kind)
        if abs(new.since - old.since) <= MOVED_AT_MOST
    )
    found: dict[str, AgencyAlert] = {}
    for _, new_id, _, old in pairs:
        if new_id not in found and old not in found.values():
            found[new_id] = old
    return found


def standing_places(alerts: Iterable[AgencyAlert]) -> dict[tuple[str, str], str]:
    """By client company and id of a retracted alert, the id of the one that is in its place now."""
    by_subject: dict[tuple[str, str, str], list[AgencyAlert]] = defaultdict(list)
    for alert in alerts:
        by_subject[alert.client_id, alert.agency_id, alert.kind].append(alert)
    found = {}
    for (client_id, _, _), group in by_subject.items():
        standing = [each for each in group if each.status is not AlertStatus.RETRACTED]
        for old in group:
            near = [each for each in standing if abs(each.since - old.since) <= MOVED_AT_MOST]
            if old.status is AlertStatus.RETRACTED and near:
                nearest = min(near, key=lambda each: (abs(each.since - old.since), each.alert_id))
                found[client_id, old.alert_id] = nearest.alert_id
    return found


def _wanted(alert: AgencyAlert, wishes: Wishes) -> bool:
    if alert.kind not in wishes.kinds:
        return False
    if alert.kind is AlertKind.AGGRESSION_RISE:
        return alert.rise_points >= wishes.least_rise
    if alert.kind is AlertKind.NPS_FALL:
        return -alert.rise_points >= wishes.least_fall
    return True


def _order(notice: Notice) -> tuple[bool, datetime, str]:
    alert = notice.alert
    return alert.status is not AlertStatus.RETRACTED, alert.opened_at, alert.alert_id
