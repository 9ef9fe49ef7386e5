"""Who may use a store: one process at a time, with the key its customers were named with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.clickhouse.key_fingerprint import fingerprint
from tests.infra.stored import make_store
from tests.infra.test_wrong_input import run
from tests.waiting import completed, output

_HOLDER = """
import sys
from pathlib import Path
from infra.clickhouse.client import open_embedded
client = open_embedded(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
client.close()
"""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """A store that another process has open, and that process's id."""
    data_dir = tmp_path_factory.mktemp("held") / "d"
    make_store(data_dir)
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    (data_dir / "run").mkdir()
    note = {"pid": holder.pid, "url": "http://127.0.0.1:8765"}
    (data_dir / "run" / "analytics.json").write_text(json.dumps(note))
    yield data_dir, holder.pid
    output(holder, given="done\n")


def test_a_second_analytics_worker_ends_with_one_sentence(
    held: tuple[Path, int], tmp_path: Path
) -> None:
    data_dir, pid = held
    done = run(f"run\0analytics\0--data-dir\0{data_dir}", tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"process {pid}" in line
    assert "ASCOLTO_CLICKHOUSE_URL" in line
    assert "--data-dir" not in line, "another directory would split the figures"


def test_figures_of_a_running_store_say_what_runs_and_where_its_page_is(
    held: tuple[Path, int], tmp_path: Path
) -> None:
    data_dir, pid = held
    done = run(f"figures\0--data-dir\0{data_dir}", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"process {pid}" in done.stderr
    assert "--data-dir" in done.stderr
    assert "http://127.0.0.1:8765" in done.stderr


@pytest.mark.parametrize("command", ["dead-letters list", "admin migrate"])
def test_a_store_in_use_is_reported_with_what_to_do(
    held: tuple[Path, int], command: str, tmp_path: Path
) -> None:
    done = run("\0".join([*command.split(), "--data-dir", str(held[0])]), tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "another ascolto process" in done.stderr
    assert "--data-dir" in done.stderr
    assert "Traceback" not in done.stderr


def test_incomplete_figures_are_not_shown_and_what_completes_them_is_said(tmp_path: Path) -> None:
    make_store(tmp_path / "d")
    (tmp_path / "d" / "refilling").touch()
    done = run(f"figures\0--data-dir\0{tmp_path / 'd'}", tmp_path)
    assert done.returncode == 1
    assert f"ascolto run all --exit --data-dir {tmp_path / 'd'}" in done.stderr
    (tmp_path / "d" / "demo.json").write_text("{}")
    done = run(f"figures\0--data-dir\0{tmp_path / 'd'}", tmp_path)
    assert f"ascolto demo --exit --data-dir {tmp_path / 'd'}" in done.stderr


def test_figures_being_made_are_reported_with_the_process_that_makes_them(
    tmp_path: Path,
) -> None:
    make_store(tmp_path / "d")
    (tmp_path / "d" / "refilling").touch()
    code = (
        "import sys; from pathlib import Path; from infra.data_directory.processes import "
        "lock_data_directory; lock = lock_data_directory(Path(sys.argv[1])); "
        "print('taken', flush=True); sys.stdin.readline()"
    )
    maker = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "d")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert maker.stdout is not None
    assert maker.stdout.readline() == "taken\n"
    done = run(f"figures\0--data-dir\0{tmp_path / 'd'}", tmp_path)
    again = run(f"run\0all\0--exit\0--data-dir\0{tmp_path / 'd'}", tmp_path)
    output(maker, given="done\n")
    for said in (done, again):
        assert said.returncode == 1
        assert f"process {maker.pid}" in said.stderr
        assert "Traceback" not in said.stderr


_NAMED = """
import sys
from pathlib import Path
from infra.clickhouse.client import open_embedded
from infra.clickhouse.key_fingerprint import check
client = open_embedded(Path(sys.argv[1]))
check(client, sys.argv[2].encode())
client.close()
"""


def test_another_key_is_refused_by_the_worker_and_found_by_the_doctor(tmp_path: Path) -> None:
    data_dir = tmp_path / "d"
    make_store(data_dir)
    completed([sys.executable, "-c", _NAMED, data_dir, "zq9 the key"], check=True)
    for key, code in (("zq9 the key", 0), ("zq9 another", 1)):
        said = run(f"doctor\0--data-dir\0{data_dir}", tmp_path, ASCOLTO_PSEUDONYM_KEY=key)
        assert said.returncode == code, said.stdout
        assert key not in said.stdout + said.stderr
        assert fingerprint(key.encode()) in said.stdout
    key = "zq9 another"
    ended = run(f"run\0analytics\0--data-dir\0{data_dir}", tmp_path, ASCOLTO_PSEUDONYM_KEY=key)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "Restore that key" in line
    assert key not in line


def test_the_doctor_makes_nothing_and_finds_missing_tables(tmp_path: Path) -> None:
    fresh = run("doctor", tmp_path / "home")
    assert fresh.returncode == 0, fresh.stdout
    assert not (tmp_path / "home" / "data").exists()
    data_dir = tmp_path / "d"
    make_store(data_dir)
    run(f"admin\0migrate\0--to\x001\0--yes\0--data-dir\0{data_dir}", tmp_path)
    said = run(f"doctor\0--json\0--data-dir\0{data_dir}", tmp_path)
    assert said.returncode == 1
    found = {each["what"]: each for each in json.loads(said.stdout)}
    assert "0002" in found["migrations"]["seen"]
    assert found["migrations"]["todo"] == "ascolto admin migrate"


def test_figures_find_what_the_demo_and_run_all_made(tmp_path: Path) -> None:
    """The same default for all, and ASCOLTO_DATA_DIR for all."""
    make_store(tmp_path / "data")
    assert run("figures\0--json", tmp_path).stdout == "[]\n"
    refused = run("demo\0--exit", tmp_path)
    assert refused.returncode == 1
    assert f"{tmp_path / 'data'} holds events that are not the demo's" in refused.stderr
    elsewhere = {"ASCOLTO_DATA_DIR": str(tmp_path / "elsewhere")}
    make_store(tmp_path / "elsewhere")
    assert str(tmp_path / "elsewhere") in run("demo\0--exit", tmp_path, **elsewhere).stderr
    assert run("figures\0--json", tmp_path, **elsewhere).stdout == "[]\n"
