"""Reads JSON value by value, so that no more than the largest value is in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

from infra.errors import InfraError
from processors.mapping.records import is_too_deep

_CHUNK: Final = 1 << 16
MOST_CHARACTERS: Final = 64 << 20
"""Of one value that is read whole: a record, or what stands beside the list of records."""
_LONGEST_TOKEN: Final = 16
"""More than the characters of what is cut short at the end, but for strings: -Infinity, \\u0000."""
_TOO_DEEP: Final = "it is no JSON of a usual depth"
_BLANK: Final = " \t\r\n"


class NotJson(InfraError):
    """What comes next is no JSON, or is too large; the message does not show it."""


class JsonStream:
    """A text of JSON values one after another, with or without blanks between them.

    Raises:
        NotJson: from every method, where the text is not what the method reads.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._ended = False
        self._lines_before = 0
        self._decoder = json.JSONDecoder()

    @property
    def line(self) -> int:
        """The line that is read, from 1."""
        return self._lines_before + self._text.count("\n", 0, self._at) + 1

    def has_more(self) -> bool:
        """Whether anything but blanks follows."""
        return self._next() != ""

    def comes(self, character: str) -> bool:
        """Whether the next character that is not blank is this one."""
        return self._next() == character

    def value(self) -> Any:
        """The next value, whole."""
        self._next()
        size = _CHUNK
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError:
                raise NotJson(_TOO_DEEP) from None
            except ValueError as error:
                if self._ended or not self._may_go_on(error):
                    raise NotJson(_no_json(error)) from None
            else:
                # A number may go on: 12 of 123, or of 12.5.
                is_whole = end < len(self._text) and self._text[end] not in ".eE"
                if is_whole or self._ended:
                    if is_too_deep(self._text[self._at : end], value):
                        raise NotJson(_TOO_DEEP)
                    self._at = end
                    return value
            if len(self._text) - self._at >= MOST_CHARACTERS:
                raise NotJson(
                    f"it is no JSON, or one value of more than {MOST_CHARACTERS >> 20} MiB: "
                    "input: {records: NAME} names the list of records in it, or split the file"
                )
            self._read(size)
            size *= 2  # So that a large value is not decoded again and again.

    def elements(self) -> Iterator[Any]:
        """The values of the array that comes next, each before the following one is read."""
        self._take("[")
        if self.comes("]"):
            self._take("]")
            return
        while True:
            yield self.value()
            if self._take(",", "]") == "]":
                return

    def members(self) -> Iterator[str]:
        """The names in the object that comes next; read its value before going on to the next."""
        self._take("{")
        if self.comes("}"):
            self._take("}")
            return
        while True:
            name = self.value() if self.comes('"') else None
            if not isinstance(name, str):
                raise NotJson("it is no JSON: a name in quotes is missing")
            self._take(":")
            yield name
            if self._take(",", "}") == "}":
                return

    def _may_go_on(self, error: ValueError) -> bool:
        """Whether a value may be whole once more is read: it fails near the end of the text."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        near_end = error.pos >= len(self._text) - _LONGEST_TOKEN
        return near_end or error.msg.startswith("Unterminated string")

    def _take(self, *expected: str) -> str:
        found = self._next()
        if found not in expected or not found:
            raise NotJson(f"it is no JSON: {' or '.join(map(repr, expected))} is missing")
        self._at += 1
        return found

    def _next(self) -> str:
        """The next character that is not blank, '' at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if self._ended:
                return ""
            self._read(_CHUNK)

    def _read(self, size: int) -> None:
        """Read on, and drop what has been read already."""
        self._lines_before += self._text.count("\n", 0, self._at)
        more = self._file.read(size)
        self._ended = not more
        self._text = self._text[self._at :] + more
        self._at = 0


def _no_json(error: ValueError) -> str:
    """The decoder's message without its place, which is one in our buffer."""
    why = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
    return (
        f"it is no JSON: {why}; CSV is read with input: {{format: csv}} and its columns in place "
        "of the paths"
    )
