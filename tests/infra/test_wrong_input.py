"""Every command with every wrong input of its kind: a sentence, an exit code, nothing started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from infra.cli.main import app, main
from tests.infra.stored import make_store
from tests.waiting import completed, output

_FILES = ("directory", "missing", "empty", "binary", "utf16", "below a file", "name too long")
_KEYS = ("directory", "file", "binary", "utf16", "below a file")
_OUTS = ("directory", "missing parent", "below a file")
_DIRECTORIES = ("missing", "file", "below a file", "without a store")


@dataclass(frozen=True)
class Command:
    """A command, where its input goes, and what it must then leave alone."""

    line: str
    kinds: tuple[str, ...]


EXPORTS = Path(__file__).parents[1] / "importing" / "exports"

READS_FILES = [
    Command("emit {} --kafka 127.0.0.1:1", _FILES),
    Command("run all --exit --events {}", _FILES),
    Command("score {}", _FILES),
    Command("redact {}", _FILES),
    Command("transcribe {}", _FILES),
    Command(f"import twilio {{}} --mapping {EXPORTS}/calls.yaml --dry-run", _FILES),
    Command(f"import twilio {EXPORTS}/twilio.json --mapping {{}} --dry-run", _FILES),
    Command("import presets suggest {}", _FILES),
    Command("run importer --config {}", _FILES),
    Command("registry check {}", _FILES),
    Command("registry apply {}", _FILES),
    Command("notify check {}", _FILES),
    Command("notify test {}", _FILES),
    Command("doctor --importer {}", ("directory", "missing", "below a file")),
    Command("run gateway --keys {}", ("directory",)),
    Command("dashboards push --url http://127.0.0.1:1 --token-file {}", _FILES),
    Command("dashboards check --url http://127.0.0.1:1 --token-file {}", _FILES),
    Command("tenants add acqua --url http://127.0.0.1:1 --token-file {}", _FILES),
    Command("tenants remove acqua --url http://127.0.0.1:1 --token-file {}", _FILES),
    Command("tenants list --url http://127.0.0.1:1 --token-file {}", _FILES),
    Command("tenants refresh --url http://127.0.0.1:1 --token-file {}", _FILES),
    Command("keys list --keys {}", _KEYS),
    Command("keys add billing --client luce --keys {}", _KEYS),
    Command("keys rotate billing --keys {}", _KEYS),
    Command("keys revoke billing --keys {}", _KEYS),
]
WRITES_FILES = [
    Command("simulate --calls 5 --days 3 --out {}", _OUTS),
    Command("simulate --calls 5 --days 3 --truth {}", _OUTS),
    Command("dashboards build --out {}", ("file", "below a file")),
    Command("dashboards build --out . --provisioning {}", ("file", "below a file")),
    Command(
        f"import twilio {EXPORTS}/twilio.json --mapping {EXPORTS}/calls.yaml --out {{}}", _OUTS
    ),
]
READS_STORES = [
    Command("figures --data-dir {}", _DIRECTORIES),
    Command("figures --survival --data-dir {}", _DIRECTORIES),
    Command("figures --quarters --data-dir {}", _DIRECTORIES),
    Command("report --client c --month 2026-01 --out r.html --data-dir {}", _DIRECTORIES),
    Command("reconcile --data-dir {}", _DIRECTORIES),
    Command("rebuild --data-dir {}", _DIRECTORIES),
    Command("calls status --data-dir {}", _DIRECTORIES),
    Command("alerts list --data-dir {}", _DIRECTORIES),
    Command("alerts ack 3f2a9c1b --data-dir {}", _DIRECTORIES),
    Command("alerts note 3f2a9c1b text --data-dir {}", _DIRECTORIES),
    Command("dead-letters list --data-dir {}", _DIRECTORIES),
    Command("dead-letters show abc --data-dir {}", _DIRECTORIES),
    Command("dead-letters replay --all --data-dir {}", _DIRECTORIES),
    Command("admin migrate --data-dir {}", _DIRECTORIES),
    Command(f"registry apply {EXPORTS.parent}/names.yaml --data-dir {{}}", _DIRECTORIES),
    Command("doctor --data-dir {}", ("missing", "file", "below a file")),
]
RUNS_IN = [
    Command("demo --exit --data-dir {}", ("file", "below a file")),
    Command("run all --exit --data-dir {}", ("file", "below a file")),
    Command("run transcriber --data-dir {}", ("file", "below a file")),
    Command("run scorer --data-dir {}", ("file", "below a file")),
    Command("run analytics --data-dir {}", ("file", "below a file")),
    Command("run preview --data-dir {}", ("file", "below a file")),
]
ALL = [*READS_FILES, *WRITES_FILES, *READS_STORES, *RUNS_IN]
CASES = [(command, kind) for command in ALL for kind in command.kinds]
FREE = {
    *("models fetch", "import presets show", "import presets schema", "registry schema"),
    *("notify schema", "run notifier"),
}
"""Commands that take neither a file nor a directory of ours: tests of their own try them."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with something of each wrong kind in it."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "directory").mkdir()
    (folder / "without a store").mkdir()
    (folder / "empty").touch()
    (folder / "file").write_text("a file\n")
    (folder / "binary").write_bytes(bytes(range(256)) * 40)
    (folder / "utf16").write_text('{"id": "x"}\n', encoding="utf-16")
    return folder


def at(place: Path, kind: str) -> Path:
    """A path of that wrong kind."""
    return {
        "missing": place / "nowhere",
        "missing parent": place / "nowhere" / "out",
        "below a file": place / "file" / "below",
        "name too long": place / ("x" * 300),
    }.get(kind, place / kind)


def run(line: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person would, its output apart."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("ASCOLTO_")}
    return completed(
        [sys.executable, "-m", "infra.cli.main", *line.split("\0")],
        env={**environment, "ASCOLTO_HOME": str(home), "COLUMNS": "200", **more},
    )


def called(
    line: str, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> subprocess.CompletedProcess[str]:
    """The same in this process, for commands that leave it as it is: a tenth of the time."""
    for name in [name for name in os.environ if name.startswith("ASCOLTO_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(home)  # "." is no place of the project
    monkeypatch.setenv("ASCOLTO_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["ascolto", *line.split("\0")])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capfd.readouterr()
    return subprocess.CompletedProcess(line, int(ended.value.code or 0), out, err)


def words(command: Command, path: Path) -> str:
    """The command's words, its input among them as one."""
    return "\0".join(str(path) if word == "{}" else word for word in command.line.split())


@pytest.mark.parametrize(
    ("command", "kind"), CASES, ids=lambda value: getattr(value, "line", value)
)
def test_a_wrong_input_is_reported_and_nothing_is_started(
    command: Command,
    kind: str,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = at(place, kind)
    before = sorted(place.rglob("*"))
    if command in RUNS_IN:
        done = run(words(command, path), tmp_path)
    else:
        done = called(words(command, path), tmp_path, monkeypatch, capfd)
    assert done.returncode in (1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert str(path)[:60] in done.stderr.replace("\n", ""), "which"
    assert len(done.stderr.splitlines()) <= 25
    assert sorted(place.rglob("*")) == before
    assert not (tmp_path / "data").exists()


def test_no_command_is_left_out() -> None:
    tried = {" ".join(command.line.split("{}")[0].split(" --")[0].split()) for command in ALL}
    tried |= {"admin topics", "dead-letters show", "dead-letters replay", "import files"} | FREE
    tried |= {"keys add", "keys rotate", "keys revoke", "tenants add", "tenants remove"}
    tried |= {"alerts ack", "alerts note"}
    assert set(_leaves(typer.main.get_command(app))) <= tried


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path)
        return
    for name in inner:
        yield from _leaves(inner[name], (*path, name))


@pytest.mark.parametrize("line", ["figures", "reconcile", "rebuild", "dead-letters list"])
def test_what_to_do_is_said_where_there_is_no_store(
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    asked = "\0".join([*line.split(), "--data-dir", str(tmp_path / "mistyped")])
    done = called(asked, tmp_path, monkeypatch, capfd)
    assert done.returncode == 2
    assert "no directory" in done.stderr
    assert f"ascolto run all --events FILE --data-dir {tmp_path / 'mistyped'}" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_refused_lines_are_named_up_to_a_number_and_then_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text("not json\n" * 500)
    for line in (f"score\0{file}", f"redact\0{file}", f"emit\0{file}\0--kafka\0" + "127.0.0.1:1"):
        done = called(line, tmp_path, monkeypatch, capfd)
        assert done.returncode == 1
        assert "480 more lines refused" in done.stderr
        assert len(done.stderr.splitlines()) <= 22


def test_figures_cannot_be_written_where_a_directory_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    done = called(f"figures\0--survival\0--report\0{tmp_path}", tmp_path, monkeypatch, capfd)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_what_may_not_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    done = run("simulate\0--calls\0" + f"5\0--out\0{tmp_path / 'closed' / 'out'}", tmp_path)
    assert done.returncode == 1
    assert "give this user permission" in done.stderr


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("NOT TESTED: no /dev/full here")
    done = run("simulate\0--calls\x00500\0--out\0/dev/full", tmp_path)
    assert done.returncode == 1
    assert "free space" in done.stderr
    assert "Traceback" not in done.stderr


def test_migrate_names_what_is_dropped_and_goes_back_only_when_asked(tmp_path: Path) -> None:
    make_store(tmp_path / "d")
    migrate = f"admin\0migrate\0--data-dir\0{tmp_path / 'd'}"
    refused = run(f"{migrate}\0--to\x000", tmp_path)
    assert refused.returncode == 1
    assert "table events: 0 rows" in refused.stderr
    assert "--yes" in refused.stderr
    assert "nothing to do" in run(migrate, tmp_path).stderr
    assert run(f"{migrate}\0--to\x00999", tmp_path).returncode == 2
    went = run(f"{migrate}\0--to\x000\0--yes", tmp_path)
    assert went.returncode == 0
    assert "0001_initial down" in went.stderr


def test_a_misspelt_setting_is_reported_with_the_nearest(tmp_path: Path) -> None:
    said = run("doctor", tmp_path, ASCOLTO_KAFKAA="zq9")
    assert said.returncode == 1
    assert "ASCOLTO_KAFKA meant?" in said.stdout
    assert "ASCOLTO_KAFKAA is no setting" in said.stderr
    assert "zq9" not in said.stdout + said.stderr


def test_ctrl_c_ends_without_a_traceback(tmp_path: Path) -> None:
    import signal

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        file = tmp_path / "events.jsonl"
        simulated = run(f"simulate\0--calls\x005\0--days\x003\0--out\0{file}", tmp_path)
        assert simulated.returncode == 0
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        sender = subprocess.Popen(
            [sys.executable, "-m", "infra.cli.main", "emit", str(file), "--kafka", address],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert sender.stderr is not None
        assert "is away" in sender.stderr.readline(), "it says what it waits for"
        sender.send_signal(signal.SIGINT)
        rest = output(sender)[1]
    assert sender.returncode == 130
    assert "events are confirmed; send the file again" in rest
    assert "Traceback" not in rest
