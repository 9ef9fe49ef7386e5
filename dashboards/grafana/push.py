"""Pushes the dashboards to a running Grafana over its HTTP API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaClientError

FOLDER_UID = "ascolto"
_NOT_FOUND = 404


def push(
    api: GrafanaApi, dashboards: Iterable[dict[str, Any]], *, folder_title: str = "Ascolto"
) -> list[str]:
    """Create or replace the dashboards in the folder `ascolto`, which is created when missing.

    Dashboards are found again by their uid, so pushing twice leaves one of each. Returns their
    paths on that Grafana. Raises grafana_client's GrafanaClientError when Grafana refuses.
    """
    grafana: Any = api
    _ensure_folder(grafana, folder_title)
    return [
        grafana.dashboard.update_dashboard(
            {"dashboard": {**each, "id": None}, "folderUid": FOLDER_UID, "overwrite": True}
        )["url"]
        for each in dashboards
    ]


def _ensure_folder(grafana: Any, title: str) -> None:
    try:
        grafana.folder.get_folder(FOLDER_UID)
    except GrafanaClientError as error:
        if error.status_code != _NOT_FOUND:
            raise
        grafana.folder.create_folder(title, uid=FOLDER_UID)
