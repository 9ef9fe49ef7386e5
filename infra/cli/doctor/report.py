"""`ascolto doctor`: checks the environment, and says how to fix what is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from infra.cli.doctor.findings import Finding
from infra.escaping import escaped, json_line
from infra.settings import Settings


def run_checks(settings: Settings, importer: Path | None = None, *, as_json: bool = False) -> int:
    """Print every finding; returns 0 if all is well, else 1."""
    findings = list(findings_of(settings, importer))
    if as_json:
        print(json_line([finding.as_object() for finding in findings]))
    else:
        _print(findings)
    return 0 if all(finding.well for finding in findings) else 1


def findings_of(settings: Settings, importer: Path | None = None) -> Iterator[Finding]:
    """Check Python, the packages, the settings, the data directory and the services."""
    from infra.cli.doctor.kafka import kafka
    from infra.cli.doctor.machine import here
    from infra.cli.doctor.notifications import notifications
    from infra.cli.doctor.sources import sources
    from infra.cli.doctor.store import server, store

    yield from here(settings)
    yield from sources(settings, importer)
    yield from notifications(settings)
    if "ASCOLTO_KAFKA" in os.environ:
        yield from kafka(settings)
    if settings.clickhouse_url is not None:
        yield from server(settings)
    else:
        yield from store(settings)


def _print(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True)
    for finding in findings:
        label = ("ok  ", "green") if finding.well else ("fix ", "red")
        console.print(Text.assemble(label, escaped(f" {finding.what}: {finding.seen}", lines=True)))
        if not finding.well:
            console.print(Text(escaped(f"     -> {finding.todo}", lines=True)))
