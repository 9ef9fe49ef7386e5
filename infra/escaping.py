"""Text from outside, escaped so that a terminal or a page shows it and does not obey it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""Control, direction and joining characters: all invisible."""


def escaped(text: object, *, lines: bool = False) -> str:
    r"""`text` with its invisible characters escaped, as `\x1b` or `\u202e`.

    Args:
        text: a text, or what is shown by its `str`.
        lines: leave line ends and tabs as they are.

    >>> print(escaped("[/x]\x1b[31m"))
    [/x]\x1b[31m
    """

    def escape(found: re.Match[str]) -> str:
        character = found[0]
        if lines and character in "\n\t":
            return character
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"

    return _INVISIBLE.sub(escape, str(text))


def json_line(value: Any) -> str:
    """`value` as JSON on one line; invisible characters are JSON escapes."""
    written = json.dumps(value, ensure_ascii=False)
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def console(*, stderr: bool = False) -> Console:
    """A terminal to print to that takes no text for markup, and adds no colours of its own."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
