"""HTML and SVG from Python: every text is escaped, only what these functions made is markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_EMPTY = frozenset({"circle", "img", "line", "meta", "path", "rect"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(element: str, /, *children: object, **attributes: object) -> Html:
    """An element. Of an attribute's name `_` is `-` and a last `_` is left out.

    >>> tag("p", "a < b", tag("b", 1), None, class_="x", data_of=None)
    '<p class="x">a &lt; b<b>1</b></p>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if element in _EMPTY:
        return Html(f"<{element}{written}/>")
    return Html(f"<{element}{written}>{joined(children)}</{element}>")


def joined(children: Iterable[object]) -> Html:
    """Children one after the other; lists among them in place."""
    return Html("".join(map(_written, children)))


def _written(child: object) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return escape(child)
    if isinstance(child, Iterable):
        return joined(child)
    return escape(str(child))
