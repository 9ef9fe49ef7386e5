"""An HTML mail as plain text: a line a block, quoted parts after `> `, without signatures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

_MARKUP = re.compile(
    r"</(?:p|div|html|body|blockquote|table|span|font|pre|b|i|a)\s{0,9}>|<(?:html|body|!doctype)\b",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\s{0,9}/?>\n?", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")
_HIDDEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
_LINES = frozenset(
    {"div", "tr", "li", "dt", "dd", "table", "section", "article", "address", "form"}
)
_PARAGRAPHS = frozenset({"p", "ul", "ol", "dl", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5"})
_SIGNATURES = frozenset(
    {"gmail_signature", "gmail_signature_prefix", "moz-signature", "protonmail_signature_block"}
)
_QUOTES = frozenset({"yahoo_quoted", "protonmail_quote", "tutanota_quote", "moz-forward-container"})
_RULE = "_" * 32


def plain_text(text: str) -> str:
    """`text` without markup where it is HTML, else as it is.

    Nothing of it is run or fetched. Time is proportional to the length.
    """
    if _MARKUP.search(text):
        return _Lines().read(text)
    return _BREAK.sub("\n", text)


class _Lines:
    """The lines of a document, as its elements are visited in order."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quoted = 0
        self._verbatim = 0

    def read(self, markup: str) -> str:
        for node, leaving in _walk(LexborHTMLParser(markup).root):
            self._leave(node) if leaving else self._enter(node)
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip()

    def _enter(self, node: LexborNode) -> None:
        tag = node.tag
        if tag == "-text":
            self._add(node.text_content or "")
        elif tag == "br":
            self._end_line(blank=True)
        elif tag == "hr":
            self._end_line()
            self._lines.append(_RULE)
        else:
            self._end_block(tag)
            self._quoted += _is_quote(node)
            self._verbatim += tag == "pre"

    def _leave(self, node: LexborNode) -> None:
        if node.tag not in ("-text", "br", "hr"):
            self._end_block(node.tag)
            self._quoted -= _is_quote(node)
            self._verbatim -= node.tag == "pre"

    def _add(self, text: str) -> None:
        if not self._verbatim:
            self._line.append(_BLANKS.sub(" ", text))
            return
        *whole, rest = text.split("\n")
        for line in whole:
            self._line.append(line)
            self._end_line(blank=True)
        self._line.append(rest)

    def _end_block(self, tag: str | None) -> None:
        if tag in _LINES or tag in _PARAGRAPHS:
            self._end_line()
            if tag in _PARAGRAPHS and self._lines and self._lines[-1].strip("> "):
                self._lines.append("> " * self._quoted)

    def _end_line(self, *, blank: bool = False) -> None:
        line = "".join(self._line).strip()
        self._line.clear()
        if line or blank:
            self._lines.append("> " * self._quoted + line)


def _walk(root: LexborNode | None) -> Iterator[tuple[LexborNode, bool]]:
    """Every element and text in order, entered and left; hidden parts and signatures skipped."""
    node = root
    while node is not None:
        skipped = node.tag in _HIDDEN or bool(_classes(node) & _SIGNATURES)
        if not skipped:
            yield node, False
            if node.child is not None:
                node = node.child
                continue
            yield node, True
        while node is not None and node.next is None:
            node = node.parent
            if node is not None:
                yield node, True
        node = None if node is None else node.next


def _classes(node: LexborNode) -> set[str]:
    if node.tag in ("-text", "-comment"):
        return set()
    return set((node.attributes.get("class") or "").split())


def _is_quote(node: LexborNode) -> bool:
    return node.tag == "blockquote" or bool(_classes(node) & _QUOTES)
