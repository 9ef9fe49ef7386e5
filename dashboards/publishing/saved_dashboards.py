"""The folder and the dashboards in it: found by their uids, ours by their tag."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from dashboards.publishing.connection import Connection
from dashboards.publishing.steps import MADE_BY_US, Outcome, Step, refused

FOLDER_UID = "ascolto"
FOLDER_TITLE = "Ascolto"
_SERVERS_OWN = ("id", "version")
"""What Grafana itself numbers."""


def plan_folder(connection: Connection) -> Step:
    """The folder of all we make. Its title is whatever people make of it."""
    name = FOLDER_UID
    found = connection.find("read its folders", lambda api: api.folder.get_folder(FOLDER_UID))
    if found is not None:
        return Step("folder", name, Outcome.UNCHANGED)
    return Step(
        "folder",
        name,
        Outcome.CREATED,
        action=lambda: connection.call(
            "make the folder ascolto",
            lambda api: api.folder.create_folder(FOLDER_TITLE, uid=FOLDER_UID),
        ),
    )


def plan_dashboards(
    connection: Connection, dashboards: Sequence[dict[str, Any]], *, adopt: bool
) -> Iterator[Step]:
    """A step for each dashboard, and for each of ours that is no longer among them.

    Grafana may show a dashboard in another form than it was given, as a newer version of its model.
    So each save has a message with a digest of what was given: a dashboard whose latest version
    has it is unchanged.
    """
    for dashboard in dashboards:
        yield _plan(connection, _tagged(dashboard), adopt=adopt)
    wanted = {dashboard["uid"] for dashboard in dashboards}
    for uid in _ours(connection) - wanted:
        yield Step(
            "dashboard",
            uid,
            Outcome.DELETED,
            "it is no longer among them",
            _deletion(connection, uid),
        )


def digest(dashboard: dict[str, Any]) -> str:
    """The message of a save, which says what was saved."""
    plain = json.dumps(_given(dashboard), sort_keys=True, ensure_ascii=False)
    return f"ascolto {hashlib.sha256(plain.encode()).hexdigest()[:16]}"


def _plan(connection: Connection, dashboard: dict[str, Any], *, adopt: bool) -> Step:
    uid = dashboard["uid"]
    answer = connection.find(
        f"read the dashboard {uid}", lambda api: api.dashboard.get_dashboard(uid)
    )
    if answer is None:
        return Step("dashboard", uid, Outcome.CREATED, action=_save(connection, dashboard))
    found, meta = answer["dashboard"], answer.get("meta", {})
    if meta.get("provisioned"):
        return Step("dashboard", uid, Outcome.LEFT, "Grafana reads it from a file")
    if MADE_BY_US not in (found.get("tags") or []) and not adopt:
        return refused("dashboard", uid)
    moved = meta.get("folderUid", FOLDER_UID) != FOLDER_UID
    if not moved and _given(found) == _given(dashboard):
        return Step("dashboard", uid, Outcome.UNCHANGED)
    if not moved and _latest_message(connection, uid) == digest(dashboard):
        return Step("dashboard", uid, Outcome.UNCHANGED)
    why = "it is in another folder" if moved else "its content differs"
    return Step("dashboard", uid, Outcome.UPDATED, why, _save(connection, dashboard))


def _tagged(dashboard: dict[str, Any]) -> dict[str, Any]:
    tags = dashboard.get("tags") or []
    return dashboard if MADE_BY_US in tags else {**dashboard, "tags": [*tags, MADE_BY_US]}


def _given(dashboard: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in dashboard.items() if name not in _SERVERS_OWN}


def _save(connection: Connection, dashboard: dict[str, Any]) -> Any:
    body = {
        "dashboard": {**_given(dashboard), "id": None},
        "folderUid": FOLDER_UID,
        "overwrite": True,
        "message": digest(dashboard),
    }
    return lambda: connection.call(
        f"save the dashboard {dashboard['uid']}", lambda api: api.dashboard.update_dashboard(body)
    )


def _deletion(connection: Connection, uid: str) -> Any:
    return lambda: connection.call(
        f"delete the dashboard {uid}", lambda api: api.dashboard.delete_dashboard(uid)
    )


def _latest_message(connection: Connection, uid: str) -> str:
    """What the latest save said; Grafana 11 and later put the list of versions into an object."""
    answer = connection.find(
        f"list the versions of the dashboard {uid}",
        lambda api: api.client.GET(f"/dashboards/uid/{uid}/versions", params={"limit": 10}),
    )
    versions = answer.get("versions", []) if isinstance(answer, dict) else answer
    newest: dict[str, Any] = max(versions or [], key=lambda each: each["version"], default={})
    return str(newest.get("message", ""))


def _ours(connection: Connection) -> set[str]:
    """The uids of the dashboards that we made: a copy that somebody made has a uid of Grafana's."""
    found = connection.call(
        "search its dashboards",
        lambda api: api.client.GET("/search", params={"type": "dash-db", "tag": MADE_BY_US}),
    )
    return {
        each["uid"]
        for each in found
        if each["uid"].startswith(f"{MADE_BY_US}-") and each.get("folderUid") == FOLDER_UID
    }
