"""How the JSON Schemas of what others send say that null means absent."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core.core_schema import CoreSchema

_NULL = {"type": "null"}
_ABOUT = ("default", "description", "title")


def null_for_absent(
    handler: GetJsonSchemaHandler, core_schema: CoreSchema, needed: Iterable[str] = ()
) -> JsonSchemaValue:
    """A model's schema in which every field that is not required may be null.

    Args:
        handler: pydantic's, of the model.
        core_schema: pydantic's, of the model.
        needed: fields that are required although the model has a default for them.
    """
    schema = handler(core_schema)
    form = handler.resolve_ref_schema(schema)
    fields = form["properties"]
    form["required"] = [
        name for name in fields if name in form.get("required", ()) or name in needed
    ]
    for name, field in fields.items():
        if name not in form["required"] and _NULL not in field.get("anyOf", ()):
            about = {word: field[word] for word in _ABOUT if word in field}
            rest = {word: said for word, said in field.items() if word not in _ABOUT}
            fields[name] = {"anyOf": [*rest.pop("anyOf", [rest]), _NULL], **about}
    return schema
