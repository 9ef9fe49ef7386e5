"""YAML files that people write: what they hold, and the line of each entry for messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.errors import InfraError

_MERGE = "tag:yaml.org,2002:merge"

EntryPath = tuple[str, ...]
"""The names of an entry and of those it stands in, from the outside in; of a list, the index."""


class YamlError(InfraError):
    """A file cannot be read, or is no YAML; the message names the file and the line."""

    def __init__(self, name: str, line: int | None, problem: str) -> None:
        where = name if line is None else f"{name}, line {line}"
        super().__init__(f"{where}: {problem}")
        self.line = line
        self.problem = problem


@dataclass(frozen=True)
class Document:
    """A YAML document, and the line of each of its entries."""

    name: str
    content: dict[str, Any]
    lines: dict[EntryPath, int]

    def nearest(self, path: Sequence[str]) -> EntryPath | None:
        """The entry that `path` leads to; names in it that no entry has are passed over."""
        found: EntryPath = ()
        for part in path:
            if (*found, part) in self.lines:
                found = (*found, part)
        return found or None


def read_document(path: Path) -> Document:
    """A file's document.

    Raises:
        YamlError: it cannot be read, is no YAML, or no mapping of names to values.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise YamlError(str(path), None, f"cannot be read: {error}") from error
    return parse_document(text, str(path))


def parse_document(text: str, name: str) -> Document:
    """The document of a text; `name` says in messages whose it is.

    Raises:
        YamlError: it is no YAML, no mapping of names to values, or has a name twice in one place.
    """
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        lines = {} if node is None else _lines(node, name)
        content = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it is no YAML"
        raise YamlError(name, mark.line + 1 if mark else None, problem) from error
    if not isinstance(content, dict):
        raise YamlError(name, None, "a mapping of names to values is needed, as name: value")
    return Document(name, content, lines)


def _lines(node: yaml.Node, name: str) -> dict[EntryPath, int]:
    """The line of every entry that is written out; constructing would mix in what `<<` merges."""
    _take_names_as_text(node, set())
    lines: dict[EntryPath, int] = {}
    for path, line in _entries(node, (), set()):
        if path in lines:
            problem = f"{'.'.join(path)} is already in line {lines[path]}: remove one of the two"
            raise YamlError(name, line, problem)
        lines[path] = line
    return lines


def _take_names_as_text(node: yaml.Node, visited: set[int]) -> None:
    """Have names read as they are written: `0123` and `no` are no number and no boolean."""
    if id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                key.tag = "tag:yaml.org,2002:str"
            _take_names_as_text(value, visited)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _take_names_as_text(value, visited)


def _entries(
    node: yaml.Node, path: EntryPath, visited: set[int]
) -> Iterator[tuple[EntryPath, int]]:
    """Every entry's path, and the line on which it stands; what an alias repeats only once."""
    if id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.tag == _MERGE:
                continue
            here = (*path, str(key.value))
            yield here, key.start_mark.line + 1
            yield from _entries(value, here, visited)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here = (*path, str(index))
            yield here, value.start_mark.line + 1
            yield from _entries(value, here, visited)
