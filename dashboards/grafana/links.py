"""Where a click leads: to another board, with the reader's choices and time."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.builders import dashboard

from dashboards.boards.tiles import Target
from dashboards.boards.uids import AGENCY_UID, VOICES_UID

_KEPT = "${client:queryparam}&${window:queryparam}&${segment:queryparam}&${__url_time_range}"


_CHOSEN = f"/d/{VOICES_UID}?${{agency:queryparam}}&{_KEPT}"


_CLICKED = "${__value.raw:percentencode}"
"""The value that is clicked, without the text that it is shown as."""


def _cell(column: str) -> str:
    """Another value of the row; Grafana gives the text that it is shown as."""
    return f"${{__data.fields.{column}:percentencode}}"


def _label(name: str) -> str:
    return f"${{__field.labels.{name}:percentencode}}"


def from_row(target: Target, words: Mapping[str, str]) -> dict[str, object]:
    """The link of a table's cell; the row has the columns that it names."""
    agency = f"var-agency={_cell('agency_id')}"
    places = {
        Target.AGENCY: (AGENCY_UID, agency),
        Target.DRIVER: (VOICES_UID, f"{agency}&var-driver={_CLICKED}"),
        Target.CONVERSATIONS: (VOICES_UID, agency),
        Target.STORY: (VOICES_UID, f"{agency}&var-conversation={_cell('conversation')}"),
    }
    uid, chosen = places[target]
    return {
        "title": words[f"link.{target}"],
        "url": f"/d/{uid}?{chosen}&{_KEPT}",
        "targetBlank": False,
    }


def from_series(words: Mapping[str, str]) -> dict[str, object]:
    """The link of a point or a line: to its agency's board."""
    return {
        "title": words["link.agency"],
        "url": f"/d/{AGENCY_UID}?var-agency={_label('agency_id')}&{_KEPT}",
        "targetBlank": False,
    }


def from_one_agency(words: Mapping[str, str]) -> dict[str, object]:
    """The link of a chart of the chosen agency: to the conversations behind it."""
    return {"title": words["link.conversations"], "url": _CHOSEN, "targetBlank": False}


def from_choices(words: Mapping[str, str]) -> dashboard.DashboardLink:
    """The link of bars of the chosen agencies: to the reasons and the conversations behind them."""
    return dashboard.DashboardLink(words["link.reasons"]).url(_CHOSEN)
