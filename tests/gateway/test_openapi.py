"""The description: complete, its references lead somewhere, and its examples are taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from infra.gateway.openapi import document
from tests.gateway.served import Served

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
DOCUMENT = document(1000)


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 20
    for reference in found:
        target: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def test_events_of_every_type_fit_their_schema() -> None:
    schemas = {"components": DOCUMENT["components"], "$ref": "#/components/schemas/Event"}
    validator = Draft202012Validator(schemas)
    files = sorted(EXAMPLES.glob("*/*.json"))
    assert len({file.parent.name for file in files}) == 5
    for file in files:
        errors = list(validator.iter_errors(json.loads(file.read_text(encoding="utf-8"))))
        assert not errors, file


async def test_every_path_and_method_is_served(served: Served) -> None:
    for path, operations in DOCUMENT["paths"].items():
        filled = path.replace("{name}", "x").replace("{preset}", "generic")
        for method, operation in operations.items():
            answer = await served.client.request(method.upper(), filled, content=b"")
            assert str(answer.status_code) in operation["responses"], (method, path)
            assert answer.status_code != 404
