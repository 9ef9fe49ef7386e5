"""What others build against: JSON Schemas and the AsyncAPI document, as committed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import schemas
from schemas.codec import decode, encode
from schemas.export import GENERATED, documents
from schemas.topics import TOPICS

EXAMPLES = sorted((Path(schemas.__file__).parent / "examples").glob("*/*.json"))
PUBLIC = [topic for topic in TOPICS if not topic.private]


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((GENERATED / "asyncapi.json").read_text(encoding="utf-8"))
    return loaded


def test_the_committed_documents_are_those_of_the_models() -> None:
    generated = documents()
    committed = {path.name: path.read_text(encoding="utf-8") for path in GENERATED.iterdir()}
    assert set(committed) == set(generated), "run: make schemas"
    stale = [name for name, text in generated.items() if committed[name] != text]
    assert not stale, "run: make schemas"


@pytest.mark.parametrize("topic", PUBLIC, ids=lambda topic: topic.name)
def test_every_schema_is_a_json_schema(topic: Any) -> None:
    schema = json.loads((GENERATED / f"{topic.name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["type"] == "object"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_example_is_valid_by_its_schema_as_it_is_and_as_we_write_it(path: Path) -> None:
    name = path.parent.name
    schema = json.loads((GENERATED / f"{name}.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(json.loads(path.read_bytes()))
    (model,) = (topic.payload for topic in PUBLIC if topic.name == name)
    event = decode(path.read_bytes(), model)
    validator.validate(json.loads(encode(event)))


def test_the_schema_refuses_what_is_no_example() -> None:
    schema = json.loads((GENERATED / "call-ended.schema.json").read_text(encoding="utf-8"))
    for broken in ({}, [], {"type": "it.ascolto.call-ended.v1"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from refs(inner)


def resolve(document: dict[str, Any], ref: str) -> Any:
    found: Any = document
    for part in ref.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def test_the_asyncapi_document_has_what_version_3_requires(asyncapi: dict[str, Any]) -> None:
    assert asyncapi["asyncapi"] == "3.0.0"
    assert asyncapi["info"]["title"]
    assert asyncapi["info"]["version"]
    names = {topic.name for topic in PUBLIC}
    assert {channel["address"] for channel in asyncapi["channels"].values()} == names
    for operation in asyncapi["operations"].values():
        assert operation["action"] in ("send", "receive")
        channel = operation["channel"]["$ref"]
        assert channel.startswith("#/channels/")
        assert operation["messages"]
        for message in operation["messages"]:
            assert message["$ref"].startswith(f"{channel}/messages/"), "of its own channel"
    for channel in asyncapi["channels"].values():
        assert channel["messages"]
    for message in asyncapi["components"]["messages"].values():
        assert message["contentType"] == "application/json"
        assert resolve(asyncapi, message["payload"]["$ref"])["type"] == "object"
    for kind in asyncapi["components"].values():
        assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in kind)


def test_every_reference_leads_somewhere(asyncapi: dict[str, Any]) -> None:
    found = set(refs(asyncapi))
    assert len(found) > 20
    for ref in found:
        assert ref.startswith("#/")
        assert isinstance(resolve(asyncapi, ref), dict), ref


def test_the_channels_say_how_long_kafka_keeps_their_events(asyncapi: dict[str, Any]) -> None:
    for topic in PUBLIC:
        bound = asyncapi["channels"][topic.name]["bindings"]["kafka"]
        assert bound["topic"] == topic.name
        assert bound["topicConfiguration"]["retention.ms"] == int(topic.config["retention.ms"]) > 0


def test_we_receive_what_others_send_and_send_the_rest(asyncapi: dict[str, Any]) -> None:
    actions = {
        operation["channel"]["$ref"].removeprefix("#/channels/"): operation["action"]
        for operation in asyncapi["operations"].values()
    }
    received = {name for name, action in actions.items() if action == "receive"}
    assert received == {
        "call-ended",
        "payment-received",
        "contract-cancelled",
        "payment-returned",
        "survey-answered",
    }


def test_the_topics_of_the_catalogue_have_names_of_their_own() -> None:
    names = [topic.name for topic in TOPICS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)
    for topic in TOPICS:
        assert topic.config["cleanup.policy"] == "delete"
        assert int(topic.config["retention.ms"]) == topic.retention.total_seconds() * 1000
