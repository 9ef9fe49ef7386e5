"""Mapping files (YAML): presets that ship with the package, and a user's own on top of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from infra.errors import InfraError
from infra.yaml_documents import Document, YamlError, parse_document, read_document
from processors.mapping.model import DATA_OF, Mapping, WrongField
from processors.mapping.records import check_path

_MERGED: Final = ("tables", "data", "input")
"""Parts of a mapping of which a user's own replaces single entries; it replaces others whole."""


class MappingError(InfraError):
    """A mapping file that cannot be used; the message names the file, the line and the fix."""


@dataclass(frozen=True)
class MappingFile:
    """A mapping, and the folder its tables' paths are relative to."""

    mapping: Mapping
    folder: Path


def preset_names() -> list[str]:
    """The presets that ship with the package."""
    files = resources.files("infra.importing") / "presets"
    names = [each.name for each in files.iterdir()]
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def preset_text(name: str) -> str:
    """A preset as it is written.

    Raises:
        MappingError: there is none of that name.
    """
    if name not in preset_names():
        raise MappingError(f"there is no preset {name}; there are {', '.join(preset_names())}")
    file = resources.files("infra.importing") / "presets" / f"{name}.yaml"
    return file.read_text(encoding="utf-8")


def preset_title(name: str) -> str:
    """What a preset is for."""
    return str(_parsed(preset_text(name), name).content.get("title", ""))


def load(preset: str, own: Path | None = None) -> MappingFile:
    """A preset, with what a user's own file says in place of its parts.

    Raises:
        MappingError: there is no such preset, or the two together are no mapping.
    """
    base = _parsed(preset_text(preset), f"preset {preset}")
    if own is None:
        return MappingFile(_checked(base, [(f"preset {preset}", base)]), Path())
    mine = _read(own)
    whole = _on_top(base.content, mine.content)
    document = Document(str(own), whole, base.lines | mine.lines)
    return MappingFile(
        _checked(document, [(str(own), mine), (f"preset {preset}", base)]), own.parent
    )


def load_with(preset: str, mine: dict[str, Any], folder: Path) -> MappingFile:
    """A preset, with what `mine` says in place of its parts.

    Raises:
        MappingError: there is no such preset, or the two together are no mapping.
    """
    base = _parsed(preset_text(preset), f"preset {preset}")
    document = Document(f"preset {preset}", _on_top(base.content, mine), base.lines)
    return MappingFile(_checked(document, [(document.name, document)]), folder)


def load_own(own: Path) -> MappingFile:
    """A mapping file that stands alone, on top of no preset.

    Raises:
        MappingError: it cannot be read, or is no mapping.
    """
    document = _read(own)
    return MappingFile(_checked(document, [(str(own), document)]), own.parent)


def _read(own: Path) -> Document:
    try:
        return read_document(own)
    except YamlError as error:
        raise MappingError(str(error)) from error


def _parsed(text: str, name: str) -> Document:
    try:
        return parse_document(text, name)
    except YamlError as error:
        raise MappingError(str(error)) from error


def _on_top(base: dict[str, Any], mine: dict[str, Any]) -> dict[str, Any]:
    merged = {**base, **mine}
    for part in _MERGED:
        if isinstance(base.get(part), dict) and isinstance(mine.get(part), dict):
            merged[part] = {**base[part], **mine[part]}
            # An entry taken out by `null`.
            merged[part] = {name: each for name, each in merged[part].items() if each is not None}
    return merged


def _checked(document: Document, sources: Sequence[tuple[str, Document]]) -> Mapping:
    try:
        mapping = Mapping.model_validate(document.content)
        if mapping.input.format != "csv":
            _check_paths(mapping, document.content)
    except ValidationError as error:
        lines = [_sentence(detail, sources) for detail in error.errors()[:5]]
        raise MappingError("\n".join(lines)) from None
    except ValueError as error:
        raise MappingError(f"{document.name}: {error}") from None
    _check_complete(mapping, document.name)
    return mapping


def _check_complete(mapping: Mapping, name: str) -> None:
    """Raise MappingError for fields that an event needs and the mapping does not give."""
    fields = DATA_OF[mapping.event].model_fields
    missing = [each for each, field in fields.items() if field.is_required()]
    missing = [each for each in missing if each not in mapping.data]
    if missing:
        lines = "\n".join(f"  {each}: {{value: ...}}" for each in missing)
        raise MappingError(
            f"{name}: every {mapping.event} event needs {', '.join(missing)}. Write a file with\n\n"
            f"data:\n{lines}\n\n(or column: or lookup: in place of value:) and give it as "
            "--mapping FILE; docs/connect.md shows whole ones"
        )


def _sentence(detail: Any, sources: Sequence[tuple[str, Document]]) -> str:
    """An error with the file and line it is about, as near as a line is known."""
    # Names of the models that a field may be stand in the path beside its own.
    path = [str(part) for part in detail["loc"]]
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "this name means nothing here; ascolto import presets schema says which do"
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, WrongField):
        path = list(cause.path)
    for name, document in sources:
        at = document.nearest(path)
        if at is not None:
            return f"{name}, line {document.lines[at]}: {'.'.join(at)}: {message}"
    name = sources[0][0]
    return f"{name}: {'.'.join(path)}: {message}" if path else f"{name}: {message}"


def _check_paths(mapping: Mapping, content: Any) -> None:
    for expression in [mapping.input.records, mapping.group_by, *_columns(content)]:
        if expression is not None:
            check_path(expression)


def _columns(content: Any) -> Iterator[str]:
    """Every `column` of a mapping as it is written."""
    if isinstance(content, list):
        for each in content:
            yield from _columns(each)
    elif isinstance(content, dict):
        for name, inner in content.items():
            if name == "column":
                yield from inner if isinstance(inner, list) else [inner]
            else:
                yield from _columns(inner)
