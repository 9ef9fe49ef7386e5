"""The structure of the tree: folders import one way, stay small, and every import is declared."""

from __future__ import annotations

import ast
import builtins
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.syntax import imported, syntax_tree
from tests.test_imports import OURS, ROOT, files

MOST_MODULES = 12
"""Modules a folder may hold, `__init__.py` and `__main__.py` apart."""

TOP_LEVEL = {
    *(".ci", ".gitignore", ".pre-commit-config.yaml"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"),
    *("Makefile", "docker-compose.yml", "pyproject.toml"),
    *("requirements-dev.lock", "requirements.lock"),
    *("dashboards", "docs", "infra", "processors", "schemas", "streams", "tests"),
}
"""What is committed at the top of the tree; what commands write belongs elsewhere."""

FOLDERS_MAY_IMPORT = {
    "processors.text": set(),
    "processors.mail": set(),
    "processors.mapping": set(),
    "processors.names": {"text"},
    "processors.redaction": {"names", "text"},
    "processors.transcript": {"redaction", "text"},
    "processors.identity": {"transcript"},
    "processors.ratings": {"text"},
    "processors.attempts": {"ratings", "text"},
    "processors.conduct": {"text"},
    "processors.pooling": set(),
    "processors.scoring": {"attempts", "conduct", "pooling", "ratings", "text", "transcript"},
    "processors.encoder": {"conduct", "pooling", "scoring", "text"},
    "processors.speakers": {"attempts", "encoder", "scoring", "text", "transcript"},
    "processors.engagements": {"identity"},
    "processors.metrics": {"engagements"},
    "processors.alerts": {"metrics"},
    "infra.alerting": {"clickhouse"},
    "infra.clickhouse": {"data_directory"},
    "infra.data_directory": set(),
    "infra.embedded": {"clickhouse", "data_directory", "kafka"},
    "infra.gateway": {"data_directory", "importing", "kafka"},
    "infra.importing": {"kafka", "places"},
    "infra.kafka": set(),
    "infra.places": set(),
    "infra.recordings": {"data_directory", "places"},
    "infra.scoring": set(),
    "infra.simulation": set(),
    "infra.transcription": {"data_directory", "recordings", "scoring"},
    "infra.lab": {
        "clickhouse",
        "data_directory",
        "embedded",
        "kafka",
        "recordings",
        "scoring",
        "simulation",
        "transcription",
    },
    "streams.transport": set(),
    "streams.runtime": {"transport"},
    "streams.state": {"runtime", "transport"},
    "streams.facts": {"runtime", "state", "transport"},
    "streams.agents": {"facts", "runtime", "state", "transport"},
}
"""Folders beside it that a folder may import; modules that lie loose above it are free to all."""


@cache
def modules() -> dict[str, set[str]]:
    """Every module of the tree, and the modules of the tree that it imports."""
    names = {_name(path): path for path in files()}
    return {name: set(_targets(syntax_tree(path), names)) - {name} for name, path in names.items()}


def _name(path: Path) -> str:
    dotted = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    return dotted.removesuffix(".__init__")


def _targets(tree: ast.AST, names: Mapping[str, Path]) -> Iterator[str]:
    """The modules of the tree that are imported; of a package, the one named from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module in names:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (each for each in inner if each in names)
            if names[node.module].name != "__init__.py":
                yield node.module


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle of a graph, empty where there is none."""
    done: set[str] = set()
    path: list[str] = []

    def visit(node: str) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        path.append(node)
        for target in sorted(graph.get(node, ())):
            if found := visit(target):
                return found
        path.pop()
        done.add(node)
        return []

    for node in sorted(graph):
        if found := visit(node):
            return found
    return []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circle(modules()) == []


def test_folders_import_one_another_only_where_it_is_allowed() -> None:
    breaches = []
    used: dict[str, set[str]] = defaultdict(set)
    for name, targets in modules().items():
        folder = ".".join(name.split(".")[:2])
        for target in targets:
            top, *rest = target.split(".")
            if folder not in FOLDERS_MAY_IMPORT or top != name.split(".")[0] or len(rest) < 2:
                continue
            used[folder].add(rest[0])
            if rest[0] not in FOLDERS_MAY_IMPORT[folder] | {folder.split(".")[1]}:
                breaches.append(f"{name} imports {target}")
    assert not breaches
    by_folder = {
        folder: {f"{folder.split('.')[0]}.{to}" for to in tos} - {folder}
        for folder, tos in FOLDERS_MAY_IMPORT.items()
    }
    assert circle(by_folder) == []
    folders = {".".join(name.split(".")[:2]) for name in modules() if name.count(".") >= 2}
    of_parts = {f for f in folders if f.split(".")[0] in {"processors", "infra", "streams"}}
    assert of_parts - set(FOLDERS_MAY_IMPORT) <= {"infra.cli"}, "a new folder needs its rule"


@pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="NOT RUN: what is committed is known in a clone only"
)
def test_the_top_of_the_tree_holds_only_what_belongs_there() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {path.split("/")[0] for path in listed.split("\0") if path} - TOP_LEVEL == set()


def test_a_folder_holds_about_a_dozen_modules() -> None:
    held: dict[str, int] = defaultdict(int)
    for path in files():
        if not path.name.startswith("__"):
            held[path.parent.relative_to(ROOT).as_posix()] += 1
    assert {folder: n for folder, n in held.items() if n > MOST_MODULES} == {}


def test_no_module_repeats_the_name_of_its_folder() -> None:
    alike = [
        path.relative_to(ROOT).as_posix()
        for path in files()
        if path.stem.rstrip("s") == path.parent.name.rstrip("s")
    ]
    assert alike == []


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        _normal(re.split(r"[\[<>=;! ]", line, maxsplit=1)[0]) for line in project["dependencies"]
    }
    providers = packages_distributions()
    missing = set()
    for path in files():
        where = path.relative_to(ROOT).as_posix()
        for _, module in imported(syntax_tree(path), where):
            top = module.split(".", maxsplit=1)[0]
            if top in OURS or top in sys.stdlib_module_names or where in ONLY_FOR_DEVELOPERS:
                continue
            if not declared & {_normal(name) for name in providers.get(top, [])}:
                missing.add(f"{where}: {top}")
    assert not missing


def test_every_exception_of_ours_has_the_one_root() -> None:
    """Also in modules that are not imported here: by their source."""
    classes = {
        node.name: {base.id if isinstance(base, ast.Name) else "" for base in node.bases}
        for path in files()
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.ClassDef)
    }

    def bases(name: str) -> set[str]:
        own = classes.get(name, set())
        return own.union(*(bases(base) for base in own))

    raised = {
        name
        for name in classes
        for base in bases(name)
        if base.endswith(("Error", "Exception"))
        or issubclass(getattr(builtins, base, object), BaseException)
    }
    assert len(raised) > 20
    rootless = {name for name in raised if "AscoltoError" not in bases(name)}
    assert rootless == {"AscoltoError"}


ONLY_FOR_DEVELOPERS = {
    "infra/lab/numbers/voices.py",
    "infra/lab/training/conduct.py",
    "infra/lab/training/course.py",
    "infra/lab/training/fitting.py",
    "infra/lab/training/learning.py",
    "infra/lab/training/speakers/fitting.py",
    "infra/lab/training/whole_calls.py",
}
"""Modules that need a package of the dev group, or one that their docstring names: they make what
ships, and do not ship work."""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, ["b", "c", "b"]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}}, ["a", "b", "c", "a"]),
    ],
)
def test_a_planted_circle_is_found(graph: dict[str, set[str]], found: list[str]) -> None:
    assert circle(graph) == found
