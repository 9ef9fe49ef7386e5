"""A store with damaged files: named, with what to do, never taken for one with fewer rows."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from infra.clickhouse.deadline import Watched
from infra.data_directory.permissions import make_private
from tests.infra.stored import json_output, sql
from tests.streams.played import ascolto, output_of

ACTIVE = (
    "SELECT table, path FROM system.parts WHERE database = currentDatabase() AND active "
    "AND rows > 0 AND table IN ('agency_hours', 'events') ORDER BY table, path"
)
COUNTS = "SELECT (SELECT count() FROM events FINAL), (SELECT count() FROM calls FINAL)"


@pytest.fixture(scope="module")
def whole(
    once_played: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Path]]:
    """A data directory, and below it a part of two tables that is in use.

    All is merged before: a part that is merged afterwards is in use no longer.
    """
    data_dir = tmp_path_factory.mktemp("whole") / "data"
    shutil.copytree(once_played / "data", data_dir, symlinks=True)
    merged = (f"OPTIMIZE TABLE {table} FINAL" for table in ("agency_hours", "events"))
    *_, rows = sql(data_dir, *merged, ACTIVE)
    parts = {table: Path(path).resolve().relative_to(data_dir.resolve()) for table, path in rows}
    return data_dir, parts


def damage(
    whole: tuple[Path, dict[str, Path]], into: Path, table: str, file: str, how: str
) -> Path:
    """A copy of the data directory with one file of one part damaged."""
    data_dir, parts = whole
    shutil.copytree(data_dir, into, symlinks=True)
    damaged = into / parts[table] / file
    content = bytearray(damaged.read_bytes())
    if how == "flipped":
        for place in range(len(content) // 3, len(content), 7):
            content[place] ^= 0xFF
    damaged.write_bytes(b"" if how == "emptied" else bytes(content))
    return into


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """A command's exit code, stdout and stderr."""
    data_dir = Path(str(arguments[-1]))
    process = ascolto(*arguments, home=data_dir)
    out, err = output_of(process, data_dir)
    return process.returncode, out, err


DAMAGES = [("data.bin", "flipped"), ("checksums.txt", "emptied"), ("data.cmrk4", "flipped")]


@pytest.mark.parametrize(("file", "how"), DAMAGES)
def test_figures_whose_files_are_damaged_are_not_shown_and_can_be_made_again(
    whole: tuple[Path, dict[str, Path]], tmp_path: Path, file: str, how: str
) -> None:
    data_dir = damage(whole, tmp_path / "d", "agency_hours", file, how)
    code, out, err = run("figures", "--window", "90d", "--data-dir", data_dir)
    assert (code, out) == (1, ""), err
    assert "are damaged (agency_hours)" in err
    assert f"ascolto rebuild --data-dir {data_dir}" in err
    assert "Traceback" not in err
    code, out, _ = run("doctor", "--data-dir", data_dir)
    assert code == 1
    assert "agency_hours" in out


def test_a_rebuild_makes_damaged_tables_again(
    whole: tuple[Path, dict[str, Path]], tmp_path: Path
) -> None:
    data_dir = damage(whole, tmp_path / "d", "agency_hours", "data.bin", "flipped")
    code, seen = json_output(data_dir, "rebuild")
    assert (code, seen["switched"], seen["differences"]) == (0, True, [])
    assert "agency_hours" not in seen["compared"]
    assert sql(data_dir, COUNTS) == sql(whole[0], COUNTS)
    assert json_output(data_dir, "reconcile")[1]["differences"] == []


@pytest.mark.parametrize(
    ("command", "file", "how"),
    [
        *(
            (command, *damage)
            for command in ("run all --exit", "rebuild")
            for damage in DAMAGES[:2]
        ),
        ("figures", *DAMAGES[1]),
    ],
)
def test_damaged_facts_stop_everything_before_anything_is_dropped(
    whole: tuple[Path, dict[str, Path]], tmp_path: Path, command: str, file: str, how: str
) -> None:
    data_dir = damage(whole, tmp_path / "d", "events", file, how)
    code, out, err = run(*command.split(), "--data-dir", data_dir)
    assert (code, out) == (1, ""), err
    assert "events" in err
    assert "from a backup" in err
    assert "Traceback" not in err
    part = whole[1]["events"]
    aside = list((data_dir / part).parent.glob("detached/broken*"))
    for each in aside:
        assert _files(each, without=file) == _files(whole[0] / part, without=file)
    if not aside:
        before = shutil.copytree(whole[0], tmp_path / "w", symlinks=True)
        (data_dir / part / file).write_bytes((before / part / file).read_bytes())
        assert sql(data_dir, COUNTS) == sql(before, COUNTS), "nothing was dropped"


def _files(part: Path, without: str) -> dict[str, bytes]:
    """What a part's other files contain."""
    return {each.name: each.read_bytes() for each in part.iterdir() if each.name != without}


def test_a_statement_past_its_time_limit_is_reported() -> None:
    import threading

    over = threading.Event()

    class Stuck:
        """A client that answers once its time is over."""

        def query(self, text: str) -> str:
            assert over.wait(600)
            return text

        name = "stuck"

    client = Watched(Stuck(), over.set, 0.05)
    assert client.query("SELECT 1") == "SELECT 1"
    assert client.name == "stuck"


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o777])
def test_a_data_directory_is_its_owners_alone(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "data"
    path.mkdir()
    (path / "store").mkdir()
    for each in (path / "store", path):
        each.chmod(mode)
    make_private(path)
    make_private(path / "new" / "data")
    for each in (path, path / "store", path / "new" / "data"):
        assert stat.S_IMODE(each.stat().st_mode) == 0o700


def test_a_directory_that_others_use_stays_open_and_what_is_ours_in_it_is_closed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "srv"
    for name in ("somebody", "store"):
        (path / name).mkdir(parents=True)
    path.chmod(0o755)
    make_private(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert stat.S_IMODE((path / "store").stat().st_mode) == 0o700


def test_nothing_of_a_played_directory_can_be_read_by_others(
    whole: tuple[Path, dict[str, Path]],
) -> None:
    data_dir, _ = whole
    entries = [path for path in (data_dir, *data_dir.rglob("*")) if not path.is_symlink()]
    models = data_dir / "models"
    opened = [
        path
        for path in entries
        if path.stat().st_mode & 0o077 and models not in (path, *path.parents)
    ]
    assert opened == []
