"""Records of JSON: a document, one object a line, or one after another."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

import jmespath

from infra.importing.formats.json_stream import JsonStream, NotJson
from infra.importing.formats.texts import UnreadableExport, open_text
from processors.mapping.model import Input

_NAME: Final = re.compile(r"[A-Za-z_]\w*")
"""A path that is the name of a list in the document, which is read record by record."""

_ALIKE: Final = 2
"""Names that a document shares with records if it is one."""


def json_records(path: Path, form: Input, names: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """The records of a file, of each document in it those that `records` finds.

    A document without that list is a record itself if it has two of `names`, which records have.

    Documents may stand in lines, one after another, or in an array. Lists are read record by
    record; a document is read whole only where `records` is more than the name of a list.

    Raises:
        UnreadableExport: it is no JSON, or holds no records.
    """
    listed = form.records if form.records and _NAME.fullmatch(form.records) else None
    with open_text(path, form.encodings) as file:
        stream = JsonStream(file)
        try:
            while stream.has_more():
                if listed is not None or form.records is None:
                    yield from _streamed(stream, listed, names, path)
                else:
                    document = stream.value()
                    yield from _records_in(jmespath.search(form.records, document), path, form)
        except NotJson as error:
            raise UnreadableExport(f"{path}, line {stream.line}: {error}") from error


def _streamed(
    stream: JsonStream, listed: str | None, names: Collection[str], path: Path
) -> Iterator[dict[str, Any]]:
    """The records of the document that comes next, or of the list in it that is named so.

    An array is a list of records, or of documents: pages of an answer that were put together.
    """
    if listed is None:
        documents = stream.elements() if stream.comes("[") else iter([stream.value()])
        for each in documents:
            yield from _records_in(each, path, None)
    elif stream.comes("["):
        for each in stream.elements():
            is_page = isinstance(each, dict) and listed in each
            found = each[listed] if is_page else _alone(each, listed, names, path)
            yield from _records_in(found, path, listed)
    elif stream.comes("{"):
        yield from _listed_in(stream, listed, names, path)
    else:
        raise _without_records(path, listed)


def _listed_in(
    stream: JsonStream, listed: str, names: Collection[str], path: Path
) -> Iterator[dict[str, Any]]:
    found = False
    beside: dict[str, Any] = {}
    for name in stream.members():
        if name == listed and stream.comes("["):
            found = True
            for each in stream.elements():
                yield from _records_in(each, path, listed)
        else:
            beside[name] = stream.value()
    if not found:
        yield _alone(beside, listed, names, path)


def _alone(document: Any, listed: str, names: Collection[str], path: Path) -> dict[str, Any]:
    """A document that is a record itself."""
    if not isinstance(document, dict) or len(document.keys() & set(names)) < _ALIKE:
        raise _without_records(path, listed)
    return document


def _records_in(found: Any, path: Path, form: Input | str | None) -> Iterator[dict[str, Any]]:
    """What was found as records: an object, or a list of them."""
    records = [found] if isinstance(found, dict) else found
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise _without_records(path, form.records if isinstance(form, Input) else form)
    yield from records


def _without_records(path: Path, where: str | None) -> UnreadableExport:
    place = f"at {where!r}" if where else "in it"
    return UnreadableExport(
        f"{path}: {place} is no list of records: set input: records; ascolto import "
        "presets suggest FILE says which preset reads the file"
    )
