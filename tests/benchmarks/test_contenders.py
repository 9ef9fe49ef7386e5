"""Each contender does the bench's job small: rows and sums are what the events add up to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra.lab.benchmarks.pipeline.contenders import NAMES, Contender, started
from infra.lab.benchmarks.pipeline.events import WARM_UP, run_once
from infra.lab.benchmarks.pipeline.load import Load, make_load
from infra.lab.benchmarks.pipeline.peers import MODULES
from infra.lab.benchmarks.pipeline.totals import WrongTotals, check_totals
from infra.lab.benchmarks.pipeline.writer import Writer


@pytest.fixture(scope="module")
def load() -> Load:
    return make_load(WARM_UP + 300)


@pytest.mark.parametrize("name", NAMES)
def test_a_contender_stores_every_call_and_the_right_sums(
    name: str, load: Load, tmp_path: Path
) -> None:
    contender = Contender(name, tmp_path / name, {"ASCOLTO_SCORER": "lexicon"})
    run = run_once(contender, load)
    assert run.per_second > 0
    assert run.cpu_ms is None or run.cpu_ms > 0
    others = make_load(len(load.messages), seed=2)
    with pytest.raises(WrongTotals, match=f"{name}: calls are wrong: {load.totals.calls} instead"):
        check_totals(name, contender.data_dir, others.totals)


@pytest.mark.parametrize("name", MODULES)
def test_a_peers_states_survive_a_restart(name: str, load: Load, tmp_path: Path) -> None:
    """Also on another machine: from the changelogs, without files of its own."""
    half = len(load.messages) // 2
    with started(Contender(name, tmp_path / name)) as before:
        Writer(before.bootstrap, load.messages[:half], tmp_path / "first").write()
        before.wrote(load.messages[:half])
        before.wait()
        before.stop()
        shutil.rmtree(before.data_dir / "state", ignore_errors=True)
        after = Contender(name, before.folder)
        after.start(before.bootstrap)
        try:
            Writer(after.bootstrap, load.messages[half:], tmp_path / "second").write()
            after.wrote(load.messages)
            after.wait()
        finally:
            after.stop()
    check_totals(name, after.data_dir, load.totals)
