"""In which language and time zone a Grafana's dashboards are, so that they can stay so."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.boards.uids import OVERVIEW_UID
from dashboards.grafana.dashboard import DEFAULT_TIMEZONE
from dashboards.publishing.connection import Connection
from dashboards.texts import DEFAULT_LANGUAGE, LANGUAGES, texts


@dataclass(frozen=True)
class Appearance:
    """A language there are texts in, and the IANA name of a time zone."""

    language: str = DEFAULT_LANGUAGE
    timezone: str = DEFAULT_TIMEZONE


def appearance_of(inside: Connection, default: Appearance) -> Appearance:
    """That of the overview there; of what it does not show, the default."""
    answer = inside.find(
        f"read the dashboard {OVERVIEW_UID}", lambda api: api.dashboard.get_dashboard(OVERVIEW_UID)
    )
    found = {} if answer is None else answer["dashboard"]
    title = found.get("title")
    spoken = (each for each in LANGUAGES if texts(each)["board.overview.title"] == title)
    return Appearance(next(spoken, default.language), found.get("timezone") or default.timezone)
