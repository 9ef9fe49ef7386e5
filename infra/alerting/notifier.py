"""The notifier: brings alerts to their targets, each message once, each target by itself.

It compares the alerts in the store with the messages that were accepted. Order of effects: 1. the
target accepts a message, 2. the store notes it. A process that dies in between sends that message
again, with the same message id. A message that a target does not accept is tried again ever less
often, and delays no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from infra.alerting.deliveries import Deliveries, History, noted
from infra.alerting.sending import ANSWER_SECONDS, Envelope, Sender
from infra.alerting.targets import page_link
from infra.alerting.targets_file import Addressee, NoUrl
from infra.registry_model import Registry
from infra.retry import delays
from processors.alerts.messages import REFERENCE, Readers, alert_message
from processors.alerts.notices import Notice, notices
from schemas.derived import AgencyAlert, AlertStatus

log = logging.getLogger(__name__)

EVERY_SECONDS = 30.0
"""How often the store is compared with what was sent."""
FIRST_DELAY = 30.0
LONGEST_DELAY = 3600.0
_STOP_SECONDS = ANSWER_SECONDS + 10
"""How long a message that is being sent is waited for when the notifier stops."""

_Due = tuple[str, str, str, int, AlertStatus]


@dataclass(frozen=True)
class Defaults:
    """What holds where the file of targets, or the registry, does not say."""

    language: str = "it"
    page: str | None = None
    zone: str = "Europe/Rome"


class _Backoff:
    """When a message that was not accepted is tried again."""

    def __init__(self) -> None:
        self._delays: Iterator[float] = delays(FIRST_DELAY, LONGEST_DELAY)
        self._until: datetime | None = None

    def put_off(self, now: datetime) -> float:
        """Wait from now on, longer than the last time; returns the seconds."""
        delay = next(self._delays)
        self._until = now + timedelta(seconds=delay)
        return delay

    def is_over(self, now: datetime) -> bool:
        """Whether the message may be tried."""
        return self._until is None or now >= self._until


@dataclass
class _Line:
    """What is remembered of one target while the notifier runs."""

    accepted: History = field(default_factory=History)
    """What it was sent by this process: a replica of the store may not have it yet."""
    backoffs: dict[_Due, _Backoff] = field(default_factory=dict)
    """Of the messages that it did not accept."""
    task: asyncio.Task[None] | None = None


class Notifier:
    """Sends what is due to each target."""

    def __init__(
        self,
        addressees: Sequence[Addressee],
        deliveries: Deliveries,
        sender: Sender,
        *,
        names: Callable[[], Registry],
        now: Callable[[], datetime],
        defaults: Defaults,
        complete: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        Args:
            addressees: all targets, as `read_targets` gives them.
            deliveries: the store.
            sender: takes messages to targets.
            names: the display names.
            now: the clock.
            defaults: language and page where the targets' file has none.
            complete: whether the store's alerts can be relied on: not while they are made again.
        """
        self._addressees = addressees
        self._clients = {each.client_id for each in addressees}
        self._deliveries = deliveries
        self._sender = sender
        self._names = names
        self._now = now
        self._defaults = defaults
        self._complete = complete
        self._lines = {each.key: _Line() for each in addressees}
        self._due_before: set[_Due] = set()
        self._stopping = False

    async def run(self) -> None:
        """Send what is due, again and again, until cancelled; then end what is being sent."""
        try:
            while True:
                try:
                    await self.look()
                except Exception as error:
                    log.warning("notifications: the store did not answer: %s", type(error).__name__)
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            self._stopping = True
            with suppress(TimeoutError):
                await asyncio.wait_for(self.settled(), _STOP_SECONDS)

    async def look(self) -> None:
        """Begin to send what is due now and was due at the last look, too.

        An alert that late events open and retract within moments is not reported.
        """
        if not self._complete():
            self._due_before.clear()
            return
        now = self._now()
        histories = await self._deliveries.histories(self._clients)
        alerts = await self._deliveries.alerts(self._clients)
        if not self._complete():
            return
        due: set[_Due] = set()
        for each in self._addressees:
            history = histories.get(each.key, History())
            found = await self._notices(each, history, alerts.get(each.client_id, []), now)
            wanted = {_due(each, notice) for notice in found}
            backoffs = self._lines[each.key].backoffs
            for key in backoffs.keys() - wanted:
                del backoffs[key]
            due |= wanted
            self._start(each, [n for n in found if _due(each, n) in self._due_before], now)
        self._due_before = due

    async def settled(self) -> None:
        """Return when nothing is being sent."""
        tasks = [line.task for line in self._lines.values() if line.task is not None]
        if tasks:
            await asyncio.wait(tasks)

    async def _notices(
        self, each: Addressee, history: History, alerts: Iterable[AgencyAlert], now: datetime
    ) -> list[Notice]:
        own = self._lines[each.key].accepted
        since = history.since or own.since
        if since is None:
            await self._deliveries.begin(each, now)
            since = own.since = now
        for reported in own.sent.values():
            history.add(reported)
        alerts = list(alerts)
        if not alerts:
            # Rather a table that is being filled than a company whose every alert is undone.
            return []
        not_before = since - timedelta(hours=each.client.look_back_hours)
        return notices(alerts, history.sent, each.target.wishes, not_before)

    def _start(self, each: Addressee, due: list[Notice], now: datetime) -> None:
        line = self._lines[each.key]
        busy = line.task is not None and not line.task.done()
        quiet = each.target.silent
        waiting = {key for key, backoff in line.backoffs.items() if not backoff.is_over(now)}
        ready = [notice for notice in due if _due(each, notice) not in waiting]
        if not ready or busy:
            return
        zone = _zone(each, self._names(), self._defaults)
        if quiet is not None and quiet.covers(now.astimezone(zone).time()):
            return
        line.task = asyncio.create_task(self._send_all(each, line, ready))

    async def _send_all(self, each: Addressee, line: _Line, due: list[Notice]) -> None:
        refused: list[tuple[Notice, str]] = []
        any_accepted = False
        for position, notice in enumerate(due):
            if self._stopping:
                return
            try:
                if not notice.silent:
                    await self._send(each, notice)
                    any_accepted = True
            except NoUrl as error:
                refused += [(later, type(error).__name__) for later in due[position:]]
                break
            except Exception as error:
                refused.append((notice, type(error).__name__))
                continue
            line.backoffs.pop(_due(each, notice), None)
            for reported in noted(notice):
                line.accepted.add(reported)
            await self._record(each, notice)
        self._put_off(each, line, refused, one_line=not any_accepted)

    async def _record(self, each: Addressee, notice: Notice) -> None:
        try:
            await self._deliveries.record(each, notice, self._now())
        except Exception as error:
            log.error(
                "notifications: the store does not note what %s accepted (%s): it would be sent "
                "again after a restart",
                each,
                type(error).__name__,
            )

    async def _send(self, each: Addressee, notice: Notice) -> None:
        alert = notice.alert
        readers = readers_of(each, self._names(), self._defaults, alert)
        envelope = Envelope(notice.message_id(each.name), notice.thread, _fields(notice, readers))
        await self._sender.send(each.url(), alert_message(notice, readers), envelope)

    def _put_off(
        self, each: Addressee, line: _Line, refused: list[tuple[Notice, str]], *, one_line: bool
    ) -> None:
        """Have each of the refused messages wait, and say so: in one line where none went out."""
        now = self._now()
        waits = [
            line.backoffs.setdefault(_due(each, notice), _Backoff()).put_off(now)
            for notice, _ in refused
        ]
        shown = refused[:1] if one_line else refused
        more = len(refused) - len(shown)
        for (notice, why), wait in zip(shown, waits, strict=False):
            log.warning(
                "notifications: %s did not accept a message (%s): %s, alert %s%s; trying again in "
                "%.0f s; ascolto notify test says more",
                each,
                why,
                notice.alert.kind.value,
                notice.alert.alert_id[:REFERENCE],
                f", and {more} more" if more else "",
                wait,
            )


def readers_of(
    each: Addressee, names: Registry, defaults: Defaults, alert: AgencyAlert | None = None
) -> Readers:
    """For whom a target's messages are written; without an alert, what holds for all of them."""
    template = each.client.page or defaults.page
    agency = "" if alert is None else alert.agency_id
    link = None
    if template is not None and alert is not None:
        link = page_link(template, each.client_id, agency, alert.alert_id)
    return Readers(
        client=names.client(each.client_id),
        agency=names.agency(each.client_id, agency),
        language=each.target.language or each.client.language or defaults.language,
        zone=_zone(each, names, defaults),
        link=link,
        quotes=each.target.quotes,
    )


def _zone(each: Addressee, names: Registry, defaults: Defaults) -> ZoneInfo:
    """Of the times that a target's people read."""
    return ZoneInfo(each.client.zone or names.time_zone(each.client_id, defaults.zone))


def _due(each: Addressee, notice: Notice) -> _Due:
    return *each.key, notice.alert.alert_id, notice.number, notice.alert.status


def _fields(notice: Notice, readers: Readers) -> dict[str, object]:
    """What a program gets about an alert, beside the text."""
    shown = notice.alert.model_dump(mode="json", exclude={"quotes"})
    named = {"agency": readers.agency, "client": readers.client, "link": readers.link}
    return {**shown, **named, "thread": notice.thread}
