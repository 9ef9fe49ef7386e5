"""Older stores hold names that are markup, colours or mirrored: every output shows them as text."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.cli.failures import say
from infra.cli.operate.emit import emit_file
from infra.cli.run.meter import Meter
from infra.escaping import escaped, json_line
from tests.figures.histories import AGENCIES, BEGIN
from tests.infra.outcome_child import HORIZON
from tests.infra.stored import child as store_child

AS_OF = (BEGIN + timedelta(days=40)).isoformat()
AGENCY = "[/x][red]:smile:\x1b[31m\u202eevil</script><b>&'\"{0}"
CLIENT = "[/acqua]\x1b]0;title\x07\x9b31m"
SHOWN = "[/x][red]:smile:\\x1b[31m\\u202eevil</script><b>&'\"{0}"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
COLOURS = re.compile("\x1b\\[[0-9;]*m")
"""What rich writes on a terminal by itself."""


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@pytest.fixture(scope="module")
def data_dir(filled_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which one agency, or all of a client's, have hostile names."""
    directory = tmp_path_factory.mktemp("hostile") / "[/data]"
    shutil.copytree(filled_store, directory, symlinks=True)
    hour = (BEGIN + timedelta(days=39)).strftime("%Y-%m-%d %H:00:00")
    agency, client = quoted(AGENCY), quoted(CLIENT)
    statements = [
        f"INSERT INTO {table} SELECT * REPLACE ({client} AS client_id, "
        f"if(agency_id = '{AGENCIES[0]}', {agency}, toString(agency_id)) AS agency_id) "
        f"FROM {table}"
        for table in ("calls", "engagements")
    ]
    statements += [
        f"INSERT INTO events SELECT * REPLACE ({client} AS client_id) FROM events",
        "INSERT INTO agency_hours (client_id, agency_id, segment, hour, calls, version) "
        f"VALUES ({client}, {agency}, 'all', '{hour}', 3, 1)",
        "INSERT INTO dead_letters (letter_id, topic, origin, reason, error_class, original, "
        "written_at) VALUES ('l1', 'file', 'a\x1b[2J.jsonl:1', 'not JSON', 'json_invalid', "
        "'G1syShtbcmVkXXg=', now64())",
    ]
    store_child("sql", directory, stdin=json.dumps(statements))
    return directory


def ascolto(*arguments: object, terminal: bool) -> str:
    """What a command prints, to a terminal or a pipe; it must not fail for the names."""
    environment = {**os.environ, "ASCOLTO_HORIZON_DAYS": str(HORIZON.days), "COLUMNS": "220"}
    command = [sys.executable, "-m", "infra.cli.main", *map(str, arguments)]
    if not terminal:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(theirs)
        chunks = []
        while chunk := _read(ours):
            chunks.append(chunk)
        process.wait(120)
    os.close(ours)
    return b"".join(chunks).decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def seen(printed: str) -> str:
    """What the screen shows; nothing of it was obeyed."""
    text = COLOURS.sub("", printed).replace("\r\n", "\n")
    assert UNSEEN.search(text) is None
    return text


VIEWS = [
    *([], ["--by", "channel"]),
    *(["--survival"], ["--quarters"], ["--sensitivity"], ["--last-touch"]),
]


@pytest.mark.parametrize("view", VIEWS, ids=" ".join)
def test_figures_show_hostile_names_as_text(data_dir: Path, view: list[str]) -> None:
    asked = ("figures", "--data-dir", data_dir, "--window", "90d", "--as-of", AS_OF, *view)
    text = seen(ascolto(*asked, terminal=True))
    if view != ["--by", "channel"]:
        assert "[/x][red]:smile:\\x1b[31m" in "".join(text.split())
        assert "[/acqua]\\x1b]0;title\\x07\\x9b31m" in text


@pytest.mark.parametrize("view", [[], ["--survival"]], ids=" ".join)
def test_figures_as_json_have_no_invisible_characters(data_dir: Path, view: list[str]) -> None:
    asked = ("figures", "--data-dir", data_dir, "--window", "90d", "--as-of", AS_OF, *view)
    written = json.loads(seen(ascolto(*asked, "--json", terminal=False)))
    rows = written["groups"] if view else written
    assert AGENCY in {row.get("agency_id", row.get("group")) for row in rows}


def test_the_survival_report_shows_hostile_names_as_text(data_dir: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    window = ("--window", "90d", "--as-of", AS_OF)
    asked = ("figures", "--data-dir", data_dir, *window, "--survival", "--report", page)
    ascolto(*asked, terminal=False)
    html = page.read_text()
    body, script = html.split("<script>", 1)
    assert "[/x][red]:smile:\\x1b[31m\\u202eevil&lt;/script&gt;&lt;b&gt;" in body
    assert UNSEEN.search(body) is None
    assert script.rsplit("const charts = ")[-1].count("</script>") == 1
    assert "evil</script>" not in html


def test_reconcile_and_dead_letters_show_hostile_names_as_text(data_dir: Path) -> None:
    for command in (["reconcile"], ["dead-letters", "list"], ["doctor"]):
        printed = seen(ascolto(*command, "--data-dir", data_dir, terminal=True))
        if command == ["reconcile"]:
            assert SHOWN in printed
        if command == ["dead-letters", "list"]:
            assert "a\\x1b[2J.jsonl:1" in printed
        if command == ["doctor"]:
            assert "[/data]" in "".join(printed.split())


def test_a_dead_letter_is_shown_on_a_terminal_and_given_whole_to_a_pipe(data_dir: Path) -> None:
    asked = ("dead-letters", "show", "l1", "--data-dir", data_dir)
    assert seen(ascolto(*asked, terminal=True)).strip() == "\\x1b[2J\\x1b[red]x"
    assert ascolto(*asked, terminal=False) == "\x1b[2J\x1b[red]x\n"


def test_files_with_hostile_names_are_printed_as_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert emit_file(tmp_path / "[/x]\x1b[31m.jsonl", "127.0.0.1:1") == 2
    say("sending [/x]\x1b[31m.jsonl")
    with Meter("events processed [/x]", 10) as meter:
        meter.at(1)
    printed = capsys.readouterr().err
    assert printed.count("[/x]\\x1b[31m.jsonl") == 2
    seen(printed)


@given(st.text())
def test_escaped_text_has_no_invisible_characters_and_the_rest_unchanged(text: str) -> None:
    shown = escaped(text)
    assert UNSEEN.search(shown) is None
    assert "\n" not in shown
    shown.encode()
    if UNSEEN.search(text) is None and text.isprintable():
        assert shown == text


@given(st.recursive(st.text() | st.none(), lambda inner: st.lists(inner), max_leaves=5))
def test_a_line_of_json_says_the_same_without_invisible_characters(value: object) -> None:
    line = json_line(value)
    assert UNSEEN.search(line) is None
    assert json.loads(line) == value
