"""Alert rules, contact points, message templates and policies, in the provisioning API's JSON.

Ours are found by their uids, which begin with `ascolto-`, templates by names that begin with
`ascolto.`; of the one tree of policies, ours are the routes to our contact points. What is made
here is provisioned: Grafana's pages show it read-only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards.publishing.comparison import differences, has_secrets, shown
from dashboards.publishing.connection import Connection
from dashboards.publishing.saved_dashboards import FOLDER_UID
from dashboards.publishing.steps import MADE_BY_US, Outcome, Step, refused

JsonObject = dict[str, Any]

PREFIX = f"{MADE_BY_US}-"
_FROM_FILE = "file"
"""The provenance of what Grafana reads from a file; only the file can change it."""
_LEFT = "Grafana reads it from a file"


@dataclass(frozen=True)
class Alerting:
    """What alerts when, and who is notified; each as the API takes it."""

    rules: Sequence[JsonObject] = ()
    contact_points: Sequence[JsonObject] = field(default=(), repr=False)
    routes: Sequence[JsonObject] = ()
    """Children of the tree of policies."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """Texts of messages by their names, which begin with `ascolto.`."""


def plan_alerting(connection: Connection, wanted: Alerting, *, adopt: bool) -> Iterator[Step]:
    """Steps in an order that Grafana accepts: a receiver before, and after, what leads to it."""
    points = connection.call(
        "read its contact points", lambda api: api.alertingprovisioning.get_contactpoints()
    )
    yield from _plan_templates(connection, wanted.templates)
    for point in wanted.contact_points:
        yield _plan_point(connection, point, points, adopt=adopt)
    yield from _plan_rules(connection, wanted.rules, adopt=adopt)
    yield from _plan_policies(connection, wanted, points)
    kept = {point["uid"] for point in wanted.contact_points}
    for point in _ours(points, kept):
        yield Step(
            "contact point",
            point["uid"],
            Outcome.DELETED,
            "nobody is to be notified by it any more",
            _deletion(connection, "contact point", point["uid"]),
        )


def _plan_templates(connection: Connection, templates: Mapping[str, str]) -> Iterator[Step]:
    """None is taken away: a template that nothing uses any more says nothing to anybody."""
    if not templates:
        return
    found = connection.find(
        "read its message templates", lambda api: api.client.GET("/v1/provisioning/templates")
    )
    by_name = {each["name"]: each for each in found or []}
    for name, text in templates.items():
        there = by_name.get(name)
        if there is not None and there.get("provenance") == _FROM_FILE:
            yield Step("message template", name, Outcome.LEFT, _LEFT)
        elif there is not None and there["template"].strip() == text.strip():
            yield Step("message template", name, Outcome.UNCHANGED)
        else:
            yield Step(
                "message template",
                name,
                Outcome.CREATED if there is None else Outcome.UPDATED,
                "" if there is None else "its text differs",
                _write_template(connection, name, text),
            )


def _write_template(connection: Connection, name: str, text: str) -> Any:
    return lambda: connection.call(
        f"write the message template {name}",
        lambda api: api.client.PUT(f"/v1/provisioning/templates/{name}", json={"template": text}),
    )


def _plan_rules(
    connection: Connection, rules: Sequence[JsonObject], *, adopt: bool
) -> Iterator[Step]:
    found = connection.call(
        "read its alert rules", lambda api: api.alertingprovisioning.get_alertrules_all()
    )
    by_uid = {rule["uid"]: rule for rule in found}
    for rule in rules:
        yield _plan_rule(connection, rule, by_uid.get(rule["uid"]), adopt=adopt)
    kept = {rule["uid"] for rule in rules}
    for rule in _ours(found, kept):
        if rule.get("folderUID") == FOLDER_UID:
            yield Step(
                "alert rule",
                rule["uid"],
                Outcome.DELETED,
                "it is no longer among them",
                _deletion(connection, "alert rule", rule["uid"]),
            )


def _plan_rule(
    connection: Connection, rule: JsonObject, found: JsonObject | None, *, adopt: bool
) -> Step:
    uid, kind = rule["uid"], "alert rule"

    def create() -> object:
        return connection.call(
            f"make the alert rule {uid}",
            lambda api: api.alertingprovisioning.create_alertrule(_addressed(connection, rule)),
        )

    def update() -> object:
        return connection.call(
            f"change the alert rule {uid}",
            lambda api: api.alertingprovisioning.update_alertrule(
                uid, _addressed(connection, rule)
            ),
        )

    if found is None:
        return Step(kind, uid, Outcome.CREATED, action=create)
    if found.get("provenance") == _FROM_FILE:
        return Step(kind, uid, Outcome.LEFT, _LEFT)
    if found.get("folderUID") != FOLDER_UID and not adopt:
        return refused(kind, uid)
    wanted = {name: value for name, value in rule.items() if name not in ("orgID", "id")}
    if differing := shown(differences(found, wanted)):
        return Step(kind, uid, Outcome.UPDATED, f"it differs in {differing}", update)
    return Step(kind, uid, Outcome.UNCHANGED)


def _addressed(connection: Connection, rule: JsonObject) -> JsonObject:
    """The rule with the id of the organisation, which the API wants in it."""
    org = connection.call(
        "say which organisation this is", lambda api: api.organization.get_current_organization()
    )
    return {"folderUID": FOLDER_UID, **rule, "orgID": org["id"]}


def _plan_point(
    connection: Connection, point: JsonObject, points: Sequence[JsonObject], *, adopt: bool
) -> Step:
    uid, kind = point["uid"], "contact point"

    def update() -> object:
        return connection.call(
            f"change the contact point {uid}",
            lambda api: api.alertingprovisioning.update_contactpoint(uid, point),
        )

    found = next((each for each in points if each["uid"] == uid), None)
    if found is None:
        return Step(
            kind,
            uid,
            Outcome.CREATED,
            action=lambda: connection.call(
                f"make the contact point {uid}",
                lambda api: api.alertingprovisioning.create_contactpoint(point),
            ),
        )
    if found.get("provenance") == _FROM_FILE:
        return Step(kind, uid, Outcome.LEFT, _LEFT)
    if not uid.startswith(PREFIX) and not adopt:
        return refused(kind, uid)
    if differing := shown(differences(found, point)):
        return Step(kind, uid, Outcome.UPDATED, f"it differs in {differing}", update)
    if has_secrets(found):
        # Nobody can see whether a secret is another one: it is written each time.
        return Step(kind, uid, Outcome.UNCHANGED, "its secrets are written again", update)
    return Step(kind, uid, Outcome.UNCHANGED)


def _plan_policies(
    connection: Connection, wanted: Alerting, points: Sequence[JsonObject]
) -> Iterator[Step]:
    kind, name = "notification policies", "routes to our contact points"
    tree = connection.call(
        "read its notification policies",
        lambda api: api.alertingprovisioning.get_notification_policy_tree(),
    )
    receivers = {
        each["name"]
        for each in (*points, *wanted.contact_points)
        if str(each.get("uid", "")).startswith(PREFIX)
    }
    routes = tree.get("routes") or []
    ours = [route for route in routes if route.get("receiver") in receivers]
    others = [route for route in routes if route.get("receiver") not in receivers]
    if not ours and not wanted.routes:
        return
    differing = shown(differences(ours, list(wanted.routes), "routes"))
    if not differing:
        yield Step(kind, name, Outcome.UNCHANGED)
        return
    if tree.get("provenance") == _FROM_FILE:
        yield Step(kind, name, Outcome.LEFT, _LEFT)
        return
    changed = {each: value for each, value in tree.items() if each != "provenance"}
    changed["routes"] = [*wanted.routes, *others]
    # Without provenance, people go on changing their own routes in Grafana's pages.
    free = not tree.get("provenance")
    yield Step(
        kind,
        name,
        Outcome.UPDATED if ours else Outcome.CREATED,
        f"they differ in {differing}" if ours else "",
        lambda: connection.call(
            "change its notification policies",
            lambda api: api.alertingprovisioning.set_notification_policy_tree(
                changed, disable_provenance=free
            ),
        ),
    )


def _ours(found: Sequence[JsonObject], kept: set[str]) -> list[JsonObject]:
    """Those that we made and that are no longer wanted."""
    return [
        each
        for each in found
        if str(each.get("uid", "")).startswith(PREFIX)
        and each["uid"] not in kept
        and each.get("provenance") != _FROM_FILE
    ]


def _deletion(connection: Connection, kind: str, uid: str) -> Any:
    def delete(api: Any) -> Any:
        alerting = api.alertingprovisioning
        remove = alerting.delete_alertrule if kind == "alert rule" else alerting.delete_contactpoint
        return remove(uid)

    return lambda: connection.call(f"delete the {kind} {uid}", delete)
