"""What `ascolto dashboards push` and `check` do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.failures import FAILED, counted, say
from infra.cli.grafana.alerting import alerting_of
from infra.cli.grafana.credentials import (
    clickhouse_for_grafana,
    prepare,
    read_secret,
    wait_for,
)
from infra.cli.options import failure, read_settings, wrong_usage
from infra.errors import InfraError

if TYPE_CHECKING:
    from dashboards.publishing.data_sources import DataSource
    from dashboards.publishing.plan import Content
    from dashboards.publishing.steps import Step
    from infra.settings import Settings


@dataclass(frozen=True)
class Request:
    """Which Grafana, and what it is to have."""

    url: str
    token_file: Path
    language: str
    timezone: str
    clickhouse: str | None = None
    clickhouse_user: str | None = None
    clickhouse_password_file: Path | None = None
    targets: Path | None = None
    adopt: bool = False


def push(request: Request, *, dry_run: bool, as_json: bool) -> int:
    """Plan, and carry out unless something is in the way; returns the exit code."""
    from dashboards.publishing.steps import CHANGES, Outcome, carry_out

    steps = _planned(request)
    blocked = any(step.outcome is Outcome.REFUSED for step in steps)
    if not blocked and not dry_run:
        try:
            carry_out(steps)
        except InfraError as error:
            raise failure(f"{error}\nwhat was done before that stays; push again") from error
    show(steps, as_json=as_json, words=PLANNED if blocked or dry_run else None)
    changes = sum(step.outcome in CHANGES for step in steps)
    if blocked:
        say("nothing was done")
        return FAILED
    done = "would be changed" if dry_run else "changed"
    say(f"{counted(changes, 'thing')} {done}" if changes else "nothing to do")
    return 0


def check(request: Request, *, as_json: bool) -> int:
    """Plan only; exit code 1 if anything is not as it should be."""
    from dashboards.publishing.steps import Outcome

    steps = _planned(request)
    differing = [step for step in steps if step.outcome not in (Outcome.UNCHANGED, Outcome.LEFT)]
    show(steps if as_json else differing, as_json=as_json, words=DRIFT)
    if differing:
        say(f"{counted(len(differing), 'thing')} not as pushed: ascolto dashboards push")
        return FAILED
    say("everything is as pushed")
    return 0


PLANNED = {"created": "create", "updated": "update", "deleted": "delete"}
"""What an outcome is called that was not brought about."""
DRIFT = {"created": "missing", "updated": "changed", "deleted": "left over", "refused": "foreign"}
"""What an outcome says about what is there."""


def show(steps: Sequence[Step], *, as_json: bool, words: dict[str, str] | None = None) -> None:
    """Print a line on each step, or all as JSON."""
    if as_json:
        print(json.dumps([step.as_json() for step in steps], ensure_ascii=False))
        return
    for step in steps:
        outcome = (words or {}).get(step.outcome.value, step.outcome.value)
        detail = f": {step.detail}" if step.detail else ""
        print(f"{outcome:9} {step.kind} {step.name}{detail}")


def data_source_of(request: Request, settings: Settings) -> DataSource | None:
    """The data source that is asked for; None where no user is named.

    Raises:
        typer.Exit: it is asked for wrongly.
    """
    from dashboards.publishing.data_sources import DataSource

    user, password_file = request.clickhouse_user, request.clickhouse_password_file
    if (user is None) != (password_file is None):
        raise wrong_usage("--clickhouse-user and --clickhouse-password-file go together")
    if user is None or password_file is None:
        if request.clickhouse is not None:
            clickhouse_for_grafana(settings, request.clickhouse, "")
            raise wrong_usage("--clickhouse needs --clickhouse-user and --clickhouse-password-file")
        return None
    address = clickhouse_for_grafana(settings, request.clickhouse, "ascolto")
    try:
        return DataSource(*address, user, read_secret(password_file))
    except InfraError as error:
        raise wrong_usage(str(error)) from error


def _planned(request: Request) -> list[Step]:
    from dashboards.publishing.plan import plan

    connection = prepare(request.url, request.token_file)
    content = _content(request)
    wait_for(connection)
    try:
        return plan(connection, content, adopt=request.adopt)
    except InfraError as error:
        raise failure(str(error)) from error


def _content(request: Request) -> Content:
    from dashboards.grafana.dashboard import all_dashboards
    from dashboards.publishing.plan import Content

    settings, targets = read_settings(None), request.targets
    try:
        alerting = None if targets is None else alerting_of(targets, settings, request.language)
    except InfraError as error:
        raise failure(str(error)) from error
    boards = all_dashboards(request.language, request.timezone)
    return Content(boards, data_source_of(request, settings), alerting)
