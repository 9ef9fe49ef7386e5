"""Each contender does the bench's job small: rows and sums are what the events add up to."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.lab.benchmarks.pipeline.contenders import NAMES, Contender
from infra.lab.benchmarks.pipeline.load import Load, make_load
from infra.lab.benchmarks.pipeline.runs import WARM_UP, WITHOUT_SCORES, run_once
from infra.lab.benchmarks.pipeline.totals import WrongTotals, check_totals


@pytest.fixture(scope="module")
def load() -> Load:
    return make_load(WARM_UP + 300)


@pytest.mark.parametrize("name", NAMES)
def test_a_contender_stores_every_call_and_the_right_sums(
    name: str, load: Load, tmp_path: Path
) -> None:
    contender = Contender(name, tmp_path / name, WITHOUT_SCORES)
    run = run_once(contender, load)
    assert run.per_second > 0
    assert run.cpu_ms is None or run.cpu_ms > 0
    others = make_load(len(load.messages), seed=2)
    with pytest.raises(WrongTotals, match=f"{name}: calls are wrong: {load.totals.calls} instead"):
        check_totals(name, contender.store, others.totals)
