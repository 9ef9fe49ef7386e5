"""Grafana's own description of its HTTP API, where there is a copy; the requests it knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

ROOT = Path(__file__).parents[2]
NAME = Path("shared/grafana/openapi3-9.4.json")
"""Beside the project, or beside a folder that holds it."""

SINCE = {
    "forError": "removed again",
    "keep_firing_for": "10.4",
    "record": "11.2",
    "notification_settings": "10.4",
    "isPaused": "9.5",
    "version": "11.2",
    "authLabels": "9.5",
    "isExternallySynced": "9.5",
    "userId": "documented, if not described",
}
"""Entries of what Grafana answers that it has only since a later version."""


_MISDESCRIBED = [
    re.compile(r"(^|\.)for: .* is not of type 'integer'"),
    re.compile(r"object_matchers\.\d+: .* is not of type 'object'"),
    re.compile(r"type: '(\w+)' is not one of .*' \1'"),
    re.compile(r"^id: \d+ is not of type 'string'"),
    re.compile(r"execErrState: 'KeepLast'"),
]
"""Where the description differs from what Grafana takes and gives: durations are text, matchers
lists of three, types have no blank before them, ids are numbers, `KeepLast` came with 10.4."""


def described_in() -> Path | None:
    """The copy; None where there is none."""
    found = (folder / NAME for folder in ROOT.parents)
    return next((path for path in found if path.is_file()), None)


@cache
def description() -> dict[str, Any]:
    """The description itself."""
    path = described_in()
    assert path is not None
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def operation(method: str, path: str) -> dict[str, Any]:
    """The description of a request; raises AssertionError where there is none."""
    plain = path.partition("?")[0]
    # The provisioning API is described with its whole path.
    for asked in (plain, f"/api{plain}"):
        exact = description()["paths"].get(asked, {}).get(method.lower())
        if exact:
            return dict(exact)
        for template, methods in description()["paths"].items():
            if method.lower() in methods and _pattern(template).fullmatch(asked):
                return dict(methods[method.lower()])
    raise AssertionError(f"Grafana describes no {method} {path}")


def body_faults(method: str, path: str, body: Any) -> Iterator[str]:
    """What is wrong with a request's body, unknown entries among it."""
    asked = _resolved(operation(method, path).get("requestBody"))
    if asked is None:
        if body not in (None, {}):
            yield "a body is sent where none is described"
        return
    yield from _faults(_content(asked), body)


def answer_faults(method: str, path: str, status: int, body: Any) -> Iterator[str]:
    """What is wrong with an answer, by its status."""
    responses = operation(method, path)["responses"]
    described = _resolved(responses.get(str(status)))
    if described is None:
        yield f"status {status} is not described, only {sorted(responses)}"
    elif described.get("content"):
        yield from _faults(_content(described), body)


def _content(described: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = next(iter(described["content"].values()))["schema"]
    return schema


def _faults(schema: dict[str, Any], body: Any) -> Iterator[str]:
    whole = {**schema, "components": description()["components"]}
    for error in jsonschema.Draft7Validator(whole).iter_errors(body):
        where = ".".join(map(str, error.absolute_path))
        if not any(known.search(f"{where}: {error.message}") for known in _MISDESCRIBED):
            yield f"{where}: {error.message[:200]}"
    schema = _resolved(schema) or {}
    bodies = body if isinstance(body, list) else [body]
    known = (_resolved(schema.get("items")) or schema).get("properties")
    for each in bodies if known else []:
        if isinstance(each, dict):
            yield from (
                f"unknown entry {name}" for name in each.keys() - known.keys() - SINCE.keys()
            )


def _resolved(described: Any) -> Any:
    while isinstance(described, dict) and "$ref" in described:
        target: Any = description()
        for part in described["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        described = target
    return described


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(template)))
