"""Plays a file into a store, queries stores and damages them, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.streams.played import ascolto, events_file, finish, output_of, play
from tests.waiting import completed

ELSEWHERE = {**os.environ, "TZ": "Europe/Rome"}


def child(task: str, directory: Path, *arguments: str, stdin: str = "") -> Any:
    """What `reconcile_child` saw, on a machine whose clock is not in UTC."""
    done = completed(
        [sys.executable, "-m", "tests.infra.reconcile_child", task, directory, *arguments],
        given=stdin,
        env=ELSEWHERE,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sql(directory: Path, *statements: str) -> list[list[list[Any]]]:
    """Run statements on a store; the rows of each that is a query."""
    found: list[list[list[Any]]] = child("sql", directory, stdin=json.dumps(statements))
    return found


def played(folder: Path, seed: int, calls: int, days: int) -> Path:
    """A data directory in which a file of events was played through the whole stack."""
    events_file(folder / "events.jsonl", seed=seed, calls=calls, days=days)
    finish(play(folder / "events.jsonl", folder / "data"), folder / "data")
    return folder / "data"


def json_output(data_dir: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of `ascolto ARGUMENTS --json` on a data directory."""
    process = ascolto(*arguments, "--json", "--data-dir", data_dir, home=data_dir)
    out, err = output_of(process, data_dir)
    assert out, err
    return process.returncode, json.loads(out.splitlines()[-1])


def make_store(data_dir: Path) -> None:
    """An empty store, as an earlier version's run leaves it: a copy of one made once."""
    shutil.copytree(Path(_empty_store().name) / "data", data_dir, symlinks=True, dirs_exist_ok=True)


@cache
def _empty_store() -> tempfile.TemporaryDirectory[str]:
    """Removed when it is collected, at the end of the tests."""
    folder = tempfile.TemporaryDirectory()
    code = (
        "import sys; from pathlib import Path; from infra.clickhouse.client import open_embedded\n"
        "from infra.clickhouse.schema import migrate\n"
        "client = open_embedded(Path(sys.argv[1])); migrate(client); client.close()"
    )
    completed([sys.executable, "-c", code, Path(folder.name) / "data"], check=True)
    return folder
