"""The syntax trees of the project's own files, for tests of its structure."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def syntax_tree(path: Path) -> ast.Module:
    """The tree of a file."""
    return parsed(path.read_text(encoding="utf-8"))


@cache
def parsed(source: str) -> ast.Module:
    """The tree of `source`, parsed while no garbage is collected.

    A future that ends as garbage, with an error nobody asked for, is logged with its traceback,
    and for its carets Python 3.11 parses: a parse within a parse, which it takes for an error of
    its own before 3.11.8 ('AST constructor recursion depth mismatch', CPython issue 106905).
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        if collects:
            gc.enable()


def imported(tree: ast.AST, where: str) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, those inside functions and of submodules too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = where.removesuffix(".py").split("/")[: -node.level]
                base = ".".join([*parts, base] if base else parts)
            yield node.lineno, base
            for alias in node.names:
                if f"{base}.{alias.name}" == "infra.cli":
                    yield node.lineno, "infra.cli"
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            (first, *_) = [*node.args, ast.Constant("")]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value
