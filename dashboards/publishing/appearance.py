"""In which language and time zone a Grafana's dashboards are, so that they can stay so."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.boards.uids import OVERVIEW_UID
from dashboards.grafana.dashboard import DEFAULT_TIMEZONE
from dashboards.publishing.connection import Connection
from dashboards.texts import DEFAULT_LANGUAGE, LANGUAGES, texts
from infra.alerting.targets import require_zone


@dataclass(frozen=True)
class Appearance:
    """A language there are texts in, and the IANA name of a time zone."""

    language: str = DEFAULT_LANGUAGE
    timezone: str = DEFAULT_TIMEZONE


def appearance_of(inside: Connection, default: Appearance) -> Appearance:
    """That of the overview there; of what it does not show, the default.

    Grafana's own 'browser' and 'utc' are no time zones that SQL can name: the default, too.
    """
    answer = inside.find(
        f"read the dashboard {OVERVIEW_UID}", lambda api: api.dashboard.get_dashboard(OVERVIEW_UID)
    )
    found = {} if answer is None else answer["dashboard"]
    title = found.get("title")
    spoken = (each for each in LANGUAGES if texts(each)["board.overview.title"] == title)
    try:
        zone = require_zone(str(found.get("timezone")))
    except ValueError:
        zone = default.timezone
    return Appearance(next(spoken, default.language), zone)
