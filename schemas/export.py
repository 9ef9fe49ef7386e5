"""JSON Schemas and the AsyncAPI 3 document, generated from the models (`make schemas`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from schemas.topics import TOPICS, Topic

GENERATED = Path(__file__).parent / "generated"
_OURS_TO_RECEIVE = (
    "call-ended",
    "payment-received",
    "contract-cancelled",
    "payment-returned",
    "survey-answered",
)
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def documents() -> dict[str, str]:
    """Every generated document by its file name, as text that ends in a newline."""
    files = {
        f"{topic.name}.schema.json": {
            "$schema": _DIALECT,
            **_contract(topic).model_json_schema(mode="validation"),
        }
        for topic in TOPICS
        if not topic.private
    }
    files["asyncapi.json"] = asyncapi()
    return {
        name: json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        for name, content in files.items()
    }


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of all public topics."""
    public = [topic for topic in TOPICS if not topic.private]
    _, definitions = models_json_schema(
        [(_contract(topic), "validation") for topic in public],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ascolto",
            "version": "1.0.0",
            "description": (
                "What collection agencies say to a company's customers, what followed, "
                "and the figures per agency. All times are UTC with offset."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in public},
        "operations": {_operation_id(topic): _operation(topic) for topic in public},
        "components": {
            "messages": {topic.name: _message(topic) for topic in public},
            "schemas": definitions["$defs"],
        },
    }


def _contract(topic: Topic) -> type[BaseModel]:
    assert issubclass(topic.payload, BaseModel), "what others may read is a contract"
    return topic.payload


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": f"{topic.about} Key: {topic.key}.",
        "messages": {topic.name: {"$ref": f"#/components/messages/{topic.name}"}},
        "bindings": {"kafka": {"topic": topic.name, "topicConfiguration": _bound(topic)}},
    }


def _bound(topic: Topic) -> dict[str, Any]:
    return {
        "cleanup.policy": [topic.config["cleanup.policy"]],
        "retention.ms": int(topic.config["retention.ms"]),
    }


def _operation_id(topic: Topic) -> str:
    return f"{_action(topic)}-{topic.name}"


def _action(topic: Topic) -> str:
    return "receive" if topic.name in _OURS_TO_RECEIVE else "send"


def _operation(topic: Topic) -> dict[str, Any]:
    return {
        "action": _action(topic),
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{topic.name}"}],
    }


def _message(topic: Topic) -> dict[str, Any]:
    return {
        "name": topic.name,
        "title": topic.about,
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{topic.payload.__name__}"},
    }


def write(directory: Path = GENERATED) -> list[Path]:
    """Write all documents below `directory`; returns their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in documents().items():
        path = directory / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


if __name__ == "__main__":
    for written in write():
        print(written)
