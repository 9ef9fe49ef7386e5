"""The gateway's description as an OpenAPI 3.1 document; events as in `schemas/generated`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.metadata import version
from typing import Any

from infra.gateway.event_requests import BATCH, JSON, MOST_EVENTS, STRUCTURED
from infra.gateway.keys import EVENT_KINDS
from infra.gateway.received_files import MOST_NAME, NAME
from infra.gateway.webhooks.reading import FORM
from infra.gateway.webhooks.receiving import PRESETS

_REFUSALS: dict[str, str] = {
    "400": "An event, a name or a body is wrong; the reasons name fields, never values.",
    "401": "No known key, or a signature that is not valid.",
    "403": "The key is for another client company, or not for this type of event.",
    "408": "Nothing came of the body for 30 seconds.",
    "409": "The same source and id, or the same name, was sent with other content.",
    "413": "Too large; not all of it was read.",
    "415": "A media type, charset or content encoding that is not read.",
    "429": "The key sends too many requests; Retry-After says when to send again.",
    "503": "Kafka did not confirm in time, or the gateway is busy; send the same again later.",
    "507": "There is no space left for recordings.",
}
_LATER = ("429", "503")
_DEFS = "#/$defs/"
_SCHEMAS = "#/components/schemas/"


def document(most_recording_bytes: int) -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ascolto gateway",
            "version": version("ascolto"),
            "description": "Takes events, webhooks and recordings in by HTTP. docs/gateway.md",
        },
        "security": [{"key": []}],
        "paths": {
            "/v1/events": {"post": _events()},
            "/v1/recordings/{name}": {"put": _recordings(most_recording_bytes)},
            "/v1/webhooks/{preset}": {"post": _webhooks()},
            "/healthz": {"get": _health()},
            "/openapi.json": {"get": _open("This document.", {"type": "object"})},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "headers": {
                "Retry-After": {
                    "description": "Seconds after which to send the same again.",
                    "schema": {"type": "integer", "minimum": 1},
                }
            },
            "schemas": {"Errors": _errors(), **_event_schemas()},
        },
    }


def _events() -> dict[str, Any]:
    event = _ref("Event")
    return {
        "operationId": "sendEvents",
        "summary": "Send events, by the CloudEvents HTTP binding.",
        "description": "Structured, batch, or binary: attributes in ce- headers, the event's data "
        "as the body in application/json. Of a batch all events are taken, or none.",
        "requestBody": {
            "required": True,
            "content": {
                STRUCTURED: {"schema": event},
                BATCH: {"schema": {"type": "array", "items": event, "maxItems": MOST_EVENTS}},
                JSON: {"schema": event},
            },
        },
        "responses": {
            "202": _answer("Kafka has confirmed all.", _counts("accepted")),
            **_refusals("400", "401", "403", "408", "409", "413", "415", "429", "503"),
        },
    }


def _recordings(most_bytes: int) -> dict[str, Any]:
    stored = {
        "type": "object",
        "required": ["uri", "sha256"],
        "properties": {
            "uri": {"type": "string", "description": "for recording.uri of the event"},
            "sha256": {"type": "string", "description": "for recording.sha256 of the event"},
        },
    }
    digest = {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"}
    return {
        "operationId": "sendRecording",
        "summary": "Send a call's recording, before the event that names it.",
        "parameters": [
            _parameter("name", "path", {"type": "string", "maxLength": MOST_NAME, "pattern": NAME}),
            _parameter("Content-Digest", "header", digest, "of RFC 9530"),
        ],
        "requestBody": {
            "required": True,
            "description": f"The file, {most_bytes} bytes at most.",
            "content": {"application/octet-stream": {}},
        },
        "responses": {
            "200": _answer("It is there already.", stored),
            "201": _answer("It is stored.", stored),
            **_refusals("400", "401", "404", "408", "409", "413", "415", "429", "503", "507"),
        },
    }


def _webhooks() -> dict[str, Any]:
    record = {"type": "object"}
    content: dict[str, Any] = {
        JSON: {"schema": {"anyOf": [record, {"type": "array", "items": record}]}},
        FORM: {"schema": record},
        "text/csv": {"schema": {"type": "string"}},
    }
    return {
        "operationId": "receiveWebhook",
        "summary": "Receive a webhook, read by the mapping file of its key.",
        "security": [{"key": []}, {}],
        "parameters": [
            _parameter("preset", "path", {"enum": list(PRESETS)}),
            _parameter("key", "query", {"type": "string"}, "name of a key with a signature"),
            _parameter("X-Twilio-Signature", "header", {"type": "string"}),
            _parameter("X-Signature", "header", {"type": "string"}, "sha256=HEX"),
            _parameter("X-Timestamp", "header", {"type": "string"}, "seconds since 1970"),
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "202": _answer(
                "Kafka has confirmed all.", _counts("accepted", "passed_over", "dead_letters")
            ),
            **_refusals("400", "401", "403", "404", "408", "413", "415", "429", "503"),
        },
    }


def _health() -> dict[str, Any]:
    health = {"type": "object", "properties": {"status": {"type": "string"}}}
    operation = _open("Kafka is reached.", health)
    operation["responses"]["503"] = _answer("Kafka is not reached.", health)
    return operation


def _open(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"security": [], "responses": {"200": _answer(description, schema)}}


def _parameter(
    name: str, where: str, schema: dict[str, Any], description: str = ""
) -> dict[str, Any]:
    described = {"description": description} if description else {}
    return {"name": name, "in": where, "required": where == "path", "schema": schema, **described}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": schema}}}


def _refusals(*statuses: str) -> dict[str, Any]:
    answers = {}
    for status in statuses:
        answers[status] = _answer(_REFUSALS.get(status, "No such path."), _ref("Errors"))
        if status in _LATER:
            answers[status]["headers"] = {
                "Retry-After": {"$ref": "#/components/headers/Retry-After"}
            }
    return answers


def _counts(*names: str) -> dict[str, Any]:
    number = {"type": "integer", "minimum": 0}
    return {"type": "object", "required": [*names], "properties": dict.fromkeys(names, number)}


def _errors() -> dict[str, Any]:
    properties = {
        "index": {"type": "integer", "description": "of the event in the request, from 0"},
        "reason": {"type": "string"},
    }
    error = {"type": "object", "required": ["reason"], "properties": properties}
    return {
        "type": "object",
        "required": ["errors"],
        "properties": {"errors": {"type": "array", "items": error}},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"{_SCHEMAS}{name}"}


def _event_schemas() -> dict[str, Any]:
    """The events' schemas, whose own definitions get a place among the components."""
    schemas: dict[str, Any] = {"Event": {"oneOf": [_ref(kind) for kind in EVENT_KINDS]}}
    for kind in EVENT_KINDS:
        file = resources.files("schemas") / "generated" / f"{kind}.schema.json"
        schema = json.loads(file.read_text(encoding="utf-8"))
        schema.pop("$schema", None)
        for name, definition in schema.pop("$defs", {}).items():
            schemas[f"{kind}.{name}"] = _moved(definition, kind)
        schemas[kind] = _moved(schema, kind)
    return schemas


def _moved(part: Any, kind: str) -> Any:
    if isinstance(part, Mapping):
        return {
            name: f"{_SCHEMAS}{kind}.{value.removeprefix(_DEFS)}"
            if name == "$ref" and isinstance(value, str)
            else _moved(value, kind)
            for name, value in part.items()
        }
    if isinstance(part, Sequence) and not isinstance(part, str):
        return [_moved(each, kind) for each in part]
    return part
