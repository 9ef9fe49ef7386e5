"""The docs: lines that fit a screen, and links, paths, modules and commands that exist."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from typer.main import get_command

from infra.cli.main import app

ROOT = Path(__file__).parents[1]
TOP = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
PAGES = [*(ROOT / each for each in TOP), *sorted(ROOT.glob("docs/**/*.md"))]
WIDEST = 120
PACKAGES = "schemas|processors|infra|streams|dashboards|tests"
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
UNBROKEN = re.compile(r"`[^`]+`|\S+")
MODULE = re.compile(r"python -m ([\w.]+)")
COMMAND = re.compile(r"(?:^|[^\w./-])ascolto +([a-z][^|`#\n]*)")
DOTTED = re.compile(rf"(?:{PACKAGES})(?:\.\w+)+")
FILE = re.compile(rf"(?:{PACKAGES}|docs)/[\w./-]+")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> list[str]:
    """The lines of a page without tables, images, addresses and blocks of code."""
    text = re.sub(r"^(```|~~~).*?^\1", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines = re.sub(r"^ {4,}.*$", "", text, flags=re.MULTILINE).split("\n")
    return [
        line for line in lines if not line.startswith(("|", "![", "#")) and "](http" not in line
    ]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def command_errors(words: list[str]) -> list[str]:
    """What of a command line, without `ascolto`, does not exist."""
    command: Any = get_command(app)
    while words and re.fullmatch(r"[a-z-]+", words[0]) and hasattr(command, "commands"):
        if words[0] in command.commands:
            command, words = command.commands[words[0]], words[1:]
        elif hasattr(command, "default"):
            break
        else:
            return [words[0]]
    if words and hasattr(command, "default"):
        command = command.commands[command.default]
    known = {option for each in command.params for option in each.opts} | {"--help"}
    options = {word.strip("[]().,;:'").partition("=")[0] for word in words}
    return sorted(each for each in options if each.startswith("--") and each not in known)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name)
def test_prose_fits_a_screen(page: Path) -> None:
    wide = (line for line in prose(page) if len(line) > WIDEST)
    assert [line for line in wide if max(map(len, UNBROKEN.findall(line))) < WIDEST // 2] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for link in LINK.findall(page.read_text("utf-8")):
        if "://" in link:
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert not heading or heading in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_modules_and_names_in_code_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    for module in MODULE.findall(text):
        assert find_spec(module.rstrip(".")), module
    for code in CODE.findall(text):
        if FILE.fullmatch(code):
            assert (ROOT / code).exists(), code
        elif DOTTED.fullmatch(code):
            resolve_name(code)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_exist_with_their_options(page: Path) -> None:
    wrong = [
        f"ascolto {line}"
        for line in COMMAND.findall(page.read_text("utf-8"))
        if command_errors(line.split())
    ]
    assert wrong == []
