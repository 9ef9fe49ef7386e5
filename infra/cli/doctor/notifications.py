"""What `ascolto doctor` checks of who is notified of alerts."""

from __future__ import annotations

from collections.abc import Iterator

from infra.cli.doctor.findings import Finding
from infra.cli.failures import counted
from infra.settings import Settings


def notifications(settings: Settings) -> Iterator[Finding]:
    """The file of targets and the URLs that it names; nothing is sent."""
    if settings.notify is None:
        return
    from infra.alerting.checking import check_targets

    found, faults = check_targets(settings.notify)
    for fault in faults:
        todo = f"correct it, then: ascolto notify check {settings.notify}"
        yield Finding("notifications", False, fault, todo)
    if not faults:
        seen = f"{settings.notify}: {counted(len(found), 'target')}"
        yield Finding("notifications", True, f"{seen}; ascolto notify test tries them")
