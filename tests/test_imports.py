"""Imports go one way: schemas <- processors <- infra <- streams; schemas, infra <- dashboards."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.syntax import imported, parsed, syntax_tree

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "schemas": {"schemas"},
    "processors": {"schemas", "processors"},
    "infra": {"schemas", "processors", "infra"},
    "streams": {"schemas", "processors", "infra", "streams"},
    "dashboards": {"schemas", "infra", "dashboards"},
}
OURS = set(MAY_IMPORT)
ONLY_IN = {
    "faust": ("streams",),
    "mode": ("streams",),
    "aiokafka": ("streams",),
    "clickhouse_connect": ("infra",),
    "chdb": ("infra",),
    "faster_whisper": ("infra",),
    "ctranslate2": ("infra",),
    "grafana_client": ("dashboards",),
    "grafana_foundation_sdk": ("dashboards",),
    "plotly": ("dashboards",),
    "kafka": ("infra",),
}
"""Third-party packages, and the folders or files that may import them."""
NOT_PURE = {
    "aiohttp", "asyncio", "ctypes", "glob", "http", "io", "logging", "multiprocessing", "os",
    "pathlib", "queue", "random", "requests", "secrets", "select", "shutil", "signal", "socket",
    "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
"""Modules that would give `processors/` the clock, chance, or the world outside."""
NOT_PURE_FOR_A_REASON = {("processors/text/unused_packages.py", "sys")}
"""It hides packages while TextBlob is imported, and nothing else."""
NOT_PURE_CALLS = {"open", "print", "input", "eval", "exec", "__import__"}
NOT_PURE_METHODS = {"now", "utcnow", "today", "urandom"}
CLI = "infra/cli/"


@dataclass(frozen=True, order=True)
class Breach:
    """One line that breaks a rule."""

    where: str
    what: str


def breaches(where: str, source: str) -> Iterator[Breach]:
    """What breaks a rule in one file; `where` is its path from the project's root."""
    package = where.split("/", maxsplit=1)[0]
    tree = parsed(source)
    for line, module in imported(tree, where):
        top = module.split(".", maxsplit=1)[0]
        at = f"{where}:{line}"
        if where.startswith(CLI) and top in OURS:
            continue
        if top in OURS and top not in MAY_IMPORT[package]:
            yield Breach(at, f"{package} may not import {module}")
        if module == "infra.cli" or module.startswith("infra.cli."):
            yield Breach(at, f"{module} is the composition root: nothing imports it")
        if top in ONLY_IN and not any(where.startswith(allowed) for allowed in ONLY_IN[top]):
            yield Breach(at, f"{module} is for {', '.join(ONLY_IN[top])}")
        allowed = (where, top) in NOT_PURE_FOR_A_REASON
        if package == "processors" and top in NOT_PURE and not allowed:
            yield Breach(at, f"processors are pure: no {module}")
    if package == "processors":
        yield from impure_calls(where, tree)


def impure_calls(where: str, tree: ast.AST) -> Iterator[Breach]:
    """Calls that read the clock or touch the world."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in NOT_PURE_CALLS:
            yield Breach(f"{where}:{node.lineno}", f"processors are pure: no {node.func.id}()")
        if isinstance(node.func, ast.Attribute) and node.func.attr in NOT_PURE_METHODS:
            yield Breach(f"{where}:{node.lineno}", f"processors are pure: no .{node.func.attr}()")


def files() -> list[Path]:
    return sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))


def test_no_file_breaks_the_rules_of_imports() -> None:
    found = [
        breach
        for path in files()
        for breach in breaches(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]
    assert len(files()) > 80
    assert not found, "\n".join(f"{breach.where}: {breach.what}" for breach in sorted(found))


def test_the_rules_name_packages_that_are_used() -> None:
    """A rule about a package nobody imports would be a misspelt one."""
    used = {
        module.split(".", maxsplit=1)[0]
        for path in files()
        for _, module in imported(syntax_tree(path), path.relative_to(ROOT).as_posix())
    }
    assert set(ONLY_IN) - {"ctranslate2"} <= used
    assert sys.stdlib_module_names | {"aiohttp", "requests"} >= NOT_PURE


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("schemas/a.py", "import processors.metrics.nps"),
        ("schemas/a.py", "from infra.settings import Settings"),
        ("processors/a.py", "from infra import backoff"),
        ("processors/a.py", "import streams"),
        ("processors/a.py", "def f():\n    import time"),
        ("processors/a.py", "from os import environ"),
        ("processors/a.py", "from urllib.request import urlopen"),
        ("processors/a.py", "data = open('x')"),
        ("processors/a.py", "from datetime import datetime\nx = datetime.now()"),
        ("processors/a.py", "from datetime import date\nx = date.today()"),
        ("processors/a.py", "import faust"),
        ("infra/a.py", "from streams.runtime.outbox import Outbox"),
        ("infra/a.py", "if True:\n    from dashboards import grafana"),
        ("infra/a.py", "from infra.cli.main import app"),
        ("infra/a.py", "from infra import cli"),
        ("infra/a.py", "import aiokafka"),
        ("infra/clickhouse/a.py", "from ..cli import main"),
        ("infra/cli/a.py", "import faust"),
        ("infra/cli/a.py", "import plotly"),
        ("streams/a.py", "import dashboards"),
        ("streams/a.py", "import clickhouse_connect"),
        ("streams/a.py", "from kafka import KafkaProducer"),
        ("streams/a.py", "import infra.cli.main"),
        ("streams/a.py", "import importlib\nimportlib.import_module('chdb')"),
        ("dashboards/a.py", "from streams import app"),
        ("dashboards/a.py", "import processors"),
        ("dashboards/a.py", "import faster_whisper.vad"),
    ],
)
def test_a_planted_breach_is_found(where: str, source: str) -> None:
    assert list(breaches(where, source))


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("processors/a.py", "from importlib import resources\nimport math, json"),
        ("processors/a.py", "from datetime import datetime\nx = datetime(2026, 1, 1)"),
        (
            "infra/cli/a.py",
            "def f():\n    from streams import workers\n    import dashboards.publishing.plan",
        ),
        ("infra/kafka/emitter.py", "from kafka import KafkaProducer"),
        ("streams/a.py", "from infra.settings import Settings\nimport faust"),
        ("dashboards/a.py", "from infra.status_page import Page\nimport plotly"),
    ],
)
def test_what_is_allowed_is_no_breach(where: str, source: str) -> None:
    assert not list(breaches(where, source))
