"""The embedded broker, which never forgets, is replaced by an empty one: no event is lost."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.infra.stored import json_output
from tests.waiting import completed


def test_no_accepted_event_is_lost_and_every_figure_is_right(tmp_path: Path) -> None:
    done = completed([sys.executable, "-m", "tests.streams.renewing_child", str(tmp_path / "d")])
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["accepted"] > seen["before_each"][-1] > seen["before_each"][0]
    assert all(after < before for before, after in seen["grown"]), "bytes around each renewal"
    assert seen["events"] == seen["accepted"]
    assert 0 < seen["calls"] < seen["events"]
    assert seen["checkpoints"] == ["checkpoint_3"], "that of the third broker"
    code, compared = json_output(tmp_path / "d", "reconcile")
    assert (code, compared["differences"]) == (0, [])
