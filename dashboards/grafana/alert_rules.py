"""Grafana's alert rules as code: open alerts, data at a standstill, workers that do not work.

In the shape of Grafana's provisioning API (`/api/v1/provisioning/alert-rules`). A rule has one
instance an alert, named by labels that never change while it is open; figures that do change are
values. Quoted sentences change, so they are not among them: messages link to the page.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.grafana.fields import DATASOURCE_TYPE, DATASOURCE_UID
from dashboards.queries import query
from dashboards.texts import DEFAULT_LANGUAGE, texts
from infra.alerting.targets import page_link
from schemas.derived import AlertKind

RULE_GROUP = "Ascolto"
EVERY_SECONDS = 60
WORKING_HOURS_WITHOUT_CALLS = 11
"""A working day, 9 to 20: after more of them without a scored conversation data stand still."""
SECONDS_WITHOUT_REPORT = 180
"""Workers report every 30 s; with the two minutes for which it must last, five in all."""
OWNER_LABEL = "ascolto_client"
"""The label by which policies find the contact points of a client company."""

_EXPRESSION = "__expr__"
_FIRES = "FIRES"
_FIGURES: Mapping[str, str] = {
    "OPEN": "is_open",
    "SINCE": "since_local",
    "LEVEL": "present",
    "USUAL": "usual",
    "CHANGE": "change",
    "COUNT": "observations",
}
"""The values of a rule's instance, by the column that each query reads."""
_FINE_CHANGE = 0.05
"""Changes of aggression below it are written with three decimals, others with two."""
_LOOK_BACK = {"from": 600, "to": 0}


@dataclass(frozen=True)
class RuleOptions:
    """Where rules are put, and how they speak."""

    language: str = DEFAULT_LANGUAGE
    zone: str = "Europe/Rome"
    page: str | None = None
    """Address that messages link to, as `ASCOLTO_PAGE_URL` has it."""
    org_id: int = 1
    folder_uid: str = "ascolto"
    datasource_uid: str = DATASOURCE_UID
    hours_without_calls: int = WORKING_HOURS_WITHOUT_CALLS
    paused: bool = False


def alert_rules(
    client_id: str, client_name: str, options: RuleOptions = RuleOptions()
) -> list[dict[str, Any]]:
    """The rules of one client company: one a kind of alert, and one for its data as a whole.

    Repeating it gives the same uids, so that rules are replaced and not added.
    """
    words = texts(options.language)
    rules = [_of_kind(client_id, kind, words, options) for kind in AlertKind]
    return [*rules, _of_pipeline(client_id, client_name, words, options)]


def worker_rules(options: RuleOptions = RuleOptions()) -> list[dict[str, Any]]:
    """The rules about the workers, for the team that runs Ascolto.

    They have no client company's label: Grafana sends them to its default contact point.
    """
    words = texts(options.language)
    said = {"worker": "{{ $labels.worker }}", "topic": "{{ $labels.topic }}"}
    limits = {"silent_workers": (SECONDS_WITHOUT_REPORT, "2m"), "lag": (0, "0s")}
    return [
        {
            **_named(f"ascolto-{name.replace('_', '-')}", RULE_GROUP, name, words, options),
            "data": [_query("OPEN", rule_sql(name, None, {}), options), _above(limit, "OPEN")],
            "annotations": dict(_annotations(name, said | {"count": _count("OPEN")}, words)),
            "for": lasting,
        }
        for name, (limit, lasting) in limits.items()
    ]


def rule_uid(client_id: str, name: str) -> str:
    """The uid of a client company's rule or contact point, of at most 40 characters."""
    digest = hashlib.sha256(client_id.encode()).hexdigest()[:12]
    return f"ascolto-{name.replace('_', '-')[:18]}-{digest}"


def rule_sql(name: str, figure: str | None, places: Mapping[str, str]) -> str:
    """A rule's query, its places filled in: rules know no dashboard variables."""
    sql = query(f"rules/{name}", figure, named=True)
    for place, value in places.items():
        sql = sql.replace(f"${{{place}:singlequote}}", _quoted(value))
    return sql


def _of_kind(
    client_id: str, kind: AlertKind, words: Mapping[str, str], options: RuleOptions
) -> dict[str, Any]:
    places = {"client": client_id, "kind": kind.value, "zone": options.zone}
    queries = [
        _query(name, rule_sql("open_alerts", column, places), options)
        for name, column in _FIGURES.items()
    ]
    said = {
        "agency": "{{ $labels.agency }}",
        "since": _since(words["grafana_rule.since"]),
        "level": _figure("LEVEL", kind, options.language),
        "usual": _figure("USUAL", kind, options.language),
        "change": _figure("CHANGE", kind, options.language),
        "count": _count("COUNT"),
    }
    annotations = dict(_annotations(kind.value, said, words))
    if options.page is not None:
        annotations["link"] = _link(options.page, client_id)
    rule = _rule(client_id, kind.value, words, options)
    condition = _above(0, "OPEN")
    return {**rule, "data": [*queries, condition], "annotations": annotations}


def _of_pipeline(
    client_id: str, client_name: str, words: Mapping[str, str], options: RuleOptions
) -> dict[str, Any]:
    sql = rule_sql("hours_without_calls", None, {"client": client_id, "zone": options.zone})
    said = {"client": _literal(client_name), "hours": _count("OPEN")}
    rule = _rule(client_id, "pipeline", words, options)
    return {
        **rule,
        "data": [_query("OPEN", sql, options), _above(options.hours_without_calls, "OPEN")],
        "annotations": dict(_annotations("pipeline", said, words)),
        # A store that does not answer is as silent as one without new rows.
        "execErrState": "Alerting",
        "for": "5m",
    }


def _rule(
    client_id: str, name: str, words: Mapping[str, str], options: RuleOptions
) -> dict[str, Any]:
    rule = _named(rule_uid(client_id, name), f"{RULE_GROUP} {client_id}", name, words, options)
    return {
        **rule,
        "title": f"{rule['title']} ({client_id})",
        "labels": {OWNER_LABEL: client_id, **rule["labels"]},
    }


def _named(
    uid: str, group: str, name: str, words: Mapping[str, str], options: RuleOptions
) -> dict[str, Any]:
    """What all rules have, and no more."""
    return {
        "uid": uid,
        "orgID": options.org_id,
        "folderUID": options.folder_uid,
        "ruleGroup": group,
        "title": words[f"grafana_rule.{name}.title"],
        "condition": _FIRES,
        # No open alert is no row.
        "noDataState": "OK",
        "execErrState": "KeepLast",
        "for": "0s",
        "labels": {"ascolto_rule": name},
        "isPaused": options.paused,
    }


def _query(name: str, sql: str, options: RuleOptions) -> dict[str, Any]:
    return {
        "refId": name,
        "queryType": "",
        "relativeTimeRange": _LOOK_BACK,
        "datasourceUid": options.datasource_uid,
        "model": {
            "refId": name,
            "datasource": {"type": DATASOURCE_TYPE, "uid": options.datasource_uid},
            "editorType": "sql",
            "rawSql": sql,
            "format": 1,
            "queryType": "table",
            "intervalMs": 1000,
            "maxDataPoints": 43200,
        },
    }


def _above(limit: int, name: str) -> dict[str, Any]:
    """The condition that a value is greater than `limit`."""
    return {
        "refId": _FIRES,
        "queryType": "",
        "relativeTimeRange": {"from": 0, "to": 0},
        "datasourceUid": _EXPRESSION,
        "model": {
            "refId": _FIRES,
            "type": "threshold",
            "datasource": {"type": _EXPRESSION, "uid": _EXPRESSION},
            "expression": name,
            "conditions": [{"type": "query", "evaluator": {"type": "gt", "params": [limit]}}],
            "intervalMs": 1000,
            "maxDataPoints": 43200,
        },
    }


def _annotations(
    name: str, said: Mapping[str, str], words: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for part, key in (("summary", "summary"), ("resolved", "resolved"), ("description", "detail")):
        yield part, words[f"grafana_rule.{name}.{key}"].format(**said)


def _count(name: str) -> str:
    """A template that writes a value as a whole number."""
    return f'{{{{ printf "%.0f" $values.{name}.Value }}}}'


def _figure(name: str, kind: AlertKind, language: str) -> str:
    """A template that writes a kind's value; aggression with digits that show its change."""
    if kind is not AlertKind.AGGRESSION_RISE:
        return _number(name, language, "%g")
    fine, coarse = (_number(name, language, form) for form in ("%.3f", "%.2f"))
    is_fine = f"if lt $values.CHANGE.Value {_FINE_CHANGE}"
    return f"{{{{ {is_fine} }}}}{fine}{{{{ else }}}}{coarse}{{{{ end }}}}"


def _number(name: str, language: str, form: str) -> str:
    """A template that writes a value below a million as the language writes numbers."""
    number = f'printf "{form}" $values.{name}.Value'
    if language != "it":
        return f"{{{{ {number} }}}}"
    return f'{{{{ reReplaceAll "[.]" "," ({number}) }}}}'


def _since(pattern: str) -> str:
    """A template that writes the time in SINCE, twelve digits, as `pattern` says."""
    digits = 'printf "%.0f" $values.SINCE.Value'
    return f'{{{{ reReplaceAll "^(....)(..)(..)(..)(..)$" {json.dumps(pattern)} ({digits}) }}}}'


def _link(page: str, client_id: str) -> str:
    """The page's address, its choice filled in by Grafana."""
    link = page_link(page, client_id, "AGENCY-ID", "ALERT-ID")
    filled = link.replace("AGENCY-ID", "{{ $labels.agency_id }}")
    return filled.replace("ALERT-ID", "{{ $labels.alert_id }}")


def _literal(text: str) -> str:
    """Text that a template writes as it is."""
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}"


def _quoted(value: str) -> str:
    """A value as a literal of ClickHouse's SQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
