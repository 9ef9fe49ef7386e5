"""Lists of words in text files: sections under `[a name]`, words separated by blanks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_SECTION = re.compile(r"\[(\w+)\]")


@cache
def word_lists(folder: str, name: str) -> Mapping[str, str]:
    """The sections of `lexicons/<folder>/<name>.txt`, each as its text.

    Raises FileNotFoundError for a file that the package does not have.
    """
    path = files("processors") / "lexicons" / folder / f"{name}.txt"
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        heading = _SECTION.fullmatch(line)
        if heading:
            lines = sections.setdefault(heading[1], [])
        else:
            lines.append(line)
    return {section: " ".join(lines) for section, lines in sections.items()}


def words_of(folder: str, name: str, section: str) -> frozenset[str]:
    """The words of one section; none where the file has no such section."""
    return frozenset(word_lists(folder, name).get(section, "").split())
