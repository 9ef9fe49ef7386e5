"""What is in an organisation of the tests' Grafana, and the part of its API that is about it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SECRET_SETTINGS = {"slack": ["url", "token"], "teams": ["url"], "webhook": ["password"]}
"""What Grafana hides of a contact point, by its type."""


@dataclass
class Organisation:
    """An organisation and all that is in it."""

    id: int
    name: str
    users: dict[int, str] = field(default_factory=dict)
    invites: list[dict[str, Any]] = field(default_factory=list)
    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    dashboards: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By uid: `json`, `folder`, `versions`, `provisioned`."""
    data_sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    contact_points: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: dict[str, Any] = field(
        default_factory=lambda: {"receiver": "grafana-default-email", "group_by": ["alertname"]}
    )


class Refused(Exception):
    """An answer with an error's status, as Grafana gives it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Contents:
    """The part of the API that is about one organisation."""

    orgs: dict[int, Organisation]
    clickhouse: Callable[[dict[str, Any], str], str]
    versions_as_list: bool
    port: int
    path: str
    _next = 100

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    def _number(self) -> int:
        self._next += 1
        return self._next

    def _organisation(
        self, method: str, parts: list[str], body: Any, org: Organisation, _: web.Request
    ) -> tuple[int, Any]:
        match (method, *parts):
            case ("GET", "org"):
                return 200, {"id": org.id, "name": org.name, "address": {}}
            case ("GET", "org", "invites"):
                return 200, org.invites
            case ("POST", "org", "invites"):
                number = self._number()
                org.invites.append(
                    {
                        "id": number,
                        "orgId": org.id,
                        "email": body["loginOrEmail"],
                        "name": body.get("name", ""),
                        "role": body["role"],
                        "code": f"code{number}",
                        "status": "InvitePending",
                        "url": f"{self.url}/invite/code{number}",
                        "emailSent": False,
                    }
                )
                return 200, {"message": f"Created invite for {body['loginOrEmail']}"}
        raise Refused(404, "Not found")

    def _folders(
        self, method: str, parts: list[str], body: Any, org: Organisation, _: web.Request
    ) -> tuple[int, Any]:
        match (method, *parts):
            case ("GET", "folders"):
                return 200, list(org.folders.values())
            case ("GET", "folders", uid):
                if uid not in org.folders:
                    raise Refused(404, "folder not found")
                return 200, org.folders[uid]
            case ("POST", "folders"):
                if body["uid"] in org.folders:
                    raise Refused(412, "The folder has been changed by someone else")
                folder = {"id": self._number(), "uid": body["uid"], "title": body["title"]}
                org.folders[body["uid"]] = {
                    **folder,
                    "url": f"/dashboards/f/{body['uid']}/x",
                    "hasAcl": False,
                    "canSave": True,
                    "version": 1,
                }
                return 200, org.folders[body["uid"]]
        raise Refused(404, "Not found")

    def _dashboards(
        self, method: str, parts: list[str], body: Any, org: Organisation, _: web.Request
    ) -> tuple[int, Any]:
        match (method, *parts):
            case ("GET", "dashboards", "uid", uid):
                found = self._dashboard(org, uid)
                version = len(found["versions"])
                meta = {
                    "folderUid": found["folder"],
                    "provisioned": found.get("provisioned", False),
                    "version": version,
                    "slug": "x",
                    "url": f"/d/{uid}/x",
                }
                shown = copy.deepcopy(found["json"]) | {"id": 7, "version": version}
                return 200, {"dashboard": shown, "meta": meta}
            case ("GET", "dashboards", "uid", uid, "versions"):
                versions = [
                    {"id": number, "uid": uid, "version": number, "message": message}
                    for number, message in enumerate(self._dashboard(org, uid)["versions"], 1)
                ]
                newest_first = versions[::-1]
                if self.versions_as_list:
                    return 200, newest_first
                return 200, {"continueToken": "", "versions": newest_first}
            case ("DELETE", "dashboards", "uid", uid):
                self._dashboard(org, uid)
                del org.dashboards[uid]
                return 200, {"title": "x", "message": "Dashboard x deleted", "id": 7}
            case ("POST", "dashboards", "db"):
                return self._save(org, body)
        raise Refused(404, "Not found")

    def _save(self, org: Organisation, body: Any) -> tuple[int, Any]:
        given = body["dashboard"]
        if body["folderUid"] not in org.folders:
            raise Refused(400, "folder not found")
        found = org.dashboards.get(given["uid"])
        if found is not None and found.get("provisioned"):
            raise Refused(400, "Cannot save provisioned dashboard")
        if found is not None and not body.get("overwrite"):
            raise Refused(412, "A dashboard with the same uid already exists")
        kept = {name: value for name, value in given.items() if name not in ("id", "version")}
        org.dashboards[given["uid"]] = {
            "json": copy.deepcopy(kept),
            "folder": body["folderUid"],
            "versions": [*(found or {}).get("versions", []), body.get("message", "")],
        }
        return 200, {
            "id": 7,
            "uid": given["uid"],
            "title": kept.get("title", ""),
            "url": f"/d/{given['uid']}/x",
            "status": "success",
            "version": len(org.dashboards[given["uid"]]["versions"]),
        }

    def edit(self, org: int, uid: str, **changes: Any) -> None:
        """Somebody changes a dashboard in Grafana's pages."""
        found = self.orgs[org].dashboards[uid]
        found["json"] |= changes
        found["versions"].append("")

    def upgrade(self, org: int, uid: str) -> None:
        """A newer Grafana shows a dashboard in its own form, without anybody having saved it."""
        self.orgs[org].dashboards[uid]["json"]["schemaVersion"] = 9999

    def _dashboard(self, org: Organisation, uid: str) -> dict[str, Any]:
        if uid not in org.dashboards:
            raise Refused(404, "Dashboard not found")
        return org.dashboards[uid]

    def _search(
        self, _: str, __: list[str], ___: Any, org: Organisation, request: web.Request
    ) -> tuple[int, Any]:
        tag = request.query.get("tag")
        return 200, [
            {"uid": uid, "title": found["json"].get("title"), "folderUid": found["folder"]}
            for uid, found in org.dashboards.items()
            if tag in (None, *found["json"].get("tags", []))
        ]

    def _data_sources(
        self, method: str, parts: list[str], body: Any, org: Organisation, _: web.Request
    ) -> tuple[int, Any]:
        match (method, *parts):
            case ("GET", "datasources"):
                return 200, [_shown(each) for each in org.data_sources.values()]
            case ("POST", "datasources"):
                if any(body["name"] == each["name"] for each in org.data_sources.values()):
                    raise Refused(409, "data source with the same name already exists")
                org.data_sources[body["uid"]] = {"id": self._number(), "readOnly": False, **body}
                added = _shown(org.data_sources[body["uid"]])
                return 200, {
                    "message": "Datasource added",
                    "id": added["id"],
                    "name": added["name"],
                    "datasource": added,
                }
            case ("GET", "datasources", "uid", uid, "health"):
                found = self._source(org, uid)
                secret = found.get("secureJsonData", {}).get("password", "")
                fault = self.clickhouse(found["jsonData"], secret)
                if fault:
                    return 400, {"status": "ERROR", "message": fault}
                return 200, {"status": "OK", "message": "Data source is working"}
            case ("GET", "datasources", "uid", uid):
                return 200, _shown(self._source(org, uid))
            case ("PUT", "datasources", "uid", uid):
                found = self._source(org, uid)
                if found["readOnly"]:
                    raise Refused(403, "Cannot update read-only data source")
                secrets = found.get("secureJsonData", {}) | body.get("secureJsonData", {})
                org.data_sources[uid] = found | body | {"secureJsonData": secrets}
                changed = _shown(org.data_sources[uid])
                return 200, {
                    "message": "Datasource updated",
                    "id": changed["id"],
                    "name": changed["name"],
                    "datasource": changed,
                }
            case ("DELETE", "datasources", "uid", uid):
                self._source(org, uid)
                del org.data_sources[uid]
                return 200, {"message": "Data source deleted"}
        raise Refused(404, "Not found")

    def _source(self, org: Organisation, uid: str) -> dict[str, Any]:
        if uid not in org.data_sources:
            raise Refused(404, "Data source not found")
        return org.data_sources[uid]

    # Alerting

    def _provisioning(
        self, method: str, parts: list[str], body: Any, org: Organisation, request: web.Request
    ) -> tuple[int, Any]:
        provenance = "" if request.headers.get("X-Disable-Provenance") else "api"
        match (method, *parts[2:]):
            case ("GET", "alert-rules"):
                return 200, list(org.rules.values())
            case ("POST", "alert-rules"):
                if body["folderUID"] not in org.folders:
                    raise Refused(400, "folder does not exist")
                org.rules[body["uid"]] = _rule(self._number(), org.id, body, provenance)
                return 201, org.rules[body["uid"]]
            case ("PUT", "alert-rules", uid):
                self._changeable(org.rules, uid)
                org.rules[uid] = _rule(org.rules[uid]["id"], org.id, body, provenance)
                return 200, org.rules[uid]
            case ("DELETE", "alert-rules", uid):
                self._changeable(org.rules, uid)
                del org.rules[uid]
                return 204, None
            case ("GET", "contact-points"):
                return 200, [_point(each) for each in org.contact_points.values()]
            case ("POST", "contact-points"):
                org.contact_points[body["uid"]] = {**body, "provenance": provenance}
                return 202, _point(org.contact_points[body["uid"]])
            case ("PUT", "contact-points", uid):
                self._changeable(org.contact_points, uid)
                org.contact_points[uid] = {**body, "provenance": provenance}
                return 202, {"message": "contactpoint updated"}
            case ("DELETE", "contact-points", uid):
                self._changeable(org.contact_points, uid)
                name = org.contact_points[uid]["name"]
                named = [each for each in org.contact_points.values() if each["name"] == name]
                if len(named) == 1 and name in _receivers(org.policies):
                    raise Refused(409, "contact point is currently used by a notification policy")
                del org.contact_points[uid]
                return 202, {"message": "contactpoint deleted"}
            case ("GET", "templates"):
                if not org.templates:
                    raise Refused(404, "templates not found")
                return 200, list(org.templates.values())
            case ("PUT", "templates", name):
                org.templates[name] = {
                    "name": name,
                    "template": body["template"],
                    "provenance": provenance,
                    "version": "a1",
                }
                return 202, org.templates[name]
            case ("GET", "policies"):
                return 200, org.policies
            case ("PUT", "policies"):
                before = org.policies.get("provenance", "")
                if before not in ("", provenance):
                    raise Refused(
                        400, f"cannot change provenance from '{before}' to '{provenance}'"
                    )
                known = {each["name"] for each in org.contact_points.values()}
                unknown = set(_receivers(body)) - known - {"grafana-default-email"}
                if unknown:
                    raise Refused(400, f"receiver {unknown} does not exist")
                org.policies = json.loads(json.dumps(body))
                if provenance:
                    org.policies["provenance"] = provenance
                return 202, {"message": "policies updated"}
        raise Refused(404, "Not found")

    def _changeable(self, things: dict[str, dict[str, Any]], uid: str) -> None:
        if uid not in things:
            raise Refused(404, "not found")
        if things[uid].get("provenance") == "file":
            raise Refused(409, "cannot change provenance from 'file' to 'api'")


def _shown(data_source: dict[str, Any]) -> dict[str, Any]:
    """A data source as Grafana shows it: of secrets only that there are some."""
    shown = {name: value for name, value in data_source.items() if name != "secureJsonData"}
    return shown | {"secureJsonFields": dict.fromkeys(data_source.get("secureJsonData", {}), True)}


def _rule(number: int, org_id: int, given: dict[str, Any], provenance: str) -> dict[str, Any]:
    """A rule as Grafana stores it, with what it adds."""
    rule = copy.deepcopy(given) | {
        "id": number,
        "orgID": org_id,
        "updated": "2026-01-01T00:00:00Z",
        "provenance": provenance,
        "keep_firing_for": "0s",
        "notification_settings": None,
        "record": None,
    }
    rule.setdefault("isPaused", False)
    if rule.get("for") == "300s":
        rule["for"] = "5m"
    for query in rule.get("data", []):
        query["model"].setdefault("intervalMs", 1000)
    return rule


def _point(point: dict[str, Any]) -> dict[str, Any]:
    """A contact point as Grafana shows it."""
    shown = copy.deepcopy(point)
    for name in SECRET_SETTINGS.get(point["type"], []):
        if name in shown["settings"]:
            shown["settings"][name] = "[REDACTED]"
    return shown


def _receivers(tree: dict[str, Any]) -> list[str]:
    found = [tree["receiver"]] if tree.get("receiver") else []
    for route in tree.get("routes") or []:
        found += _receivers(route)
    return found
