"""Records of JSON: a document, one object a line, or one after another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jmespath

from infra.importing.texts import UnreadableExport, open_text
from processors.mapping.model import Input

_BLANK = re.compile(r"\s*")


def json_records(path: Path, form: Input) -> Iterator[dict[str, Any]]:
    """The records of a file, of each document in it those that `records` finds.

    Raises:
        UnreadableExport: it is no JSON, or holds no records.
    """
    for document in _documents(path, form):
        found = jmespath.search(form.records, document) if form.records else document
        if isinstance(found, dict):
            found = [found]
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            where = f"at {form.records!r}" if form.records else "in it"
            raise UnreadableExport(f"{path}: {where} is no list of records: set input: records")
        yield from found


def _documents(path: Path, form: Input) -> Iterator[Any]:
    """Line by line, where each is whole; otherwise the file is read at once."""
    with open_text(path, form.encodings) as file:
        if form.format == "json":
            yield from _each_in(file.read(), str(path))
            return
        for number, line in enumerate(file, start=1):
            where = f"{path}, line {number}"
            if number == 1 and not _is_whole(line):
                yield from _each_in(line + file.read(), str(path))
                return
            yield from _each_in(line, where)


def _is_whole(line: str) -> bool:
    try:
        list(_each_in(line, ""))
    except UnreadableExport:
        return False
    return True


def _each_in(text: str, where: str) -> Iterator[Any]:
    """The documents that stand one after another in a text, with or without blanks between."""
    decoder = json.JSONDecoder()
    at = _after_blanks(text, 0)
    while at < len(text):
        try:
            document, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise UnreadableExport(
                f"{where}: it is no JSON: {error}; CSV is read with "
                "input: {format: csv} and its columns in place of the paths"
            ) from error
        yield document
        at = _after_blanks(text, at)


def _after_blanks(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
