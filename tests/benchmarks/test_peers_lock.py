"""The peers' packages: locked, and of what both use the same versions as ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = (
    "aiokafka",
    "chdb",
    "chdb-core",
    "clickhouse-connect",
    "faust-streaming",
    "mode-streaming",
)


def locked(file: Path) -> dict[str, str]:
    pairs = re.findall(r"^([\w.-]+)==(\S+)", file.read_text("utf-8"), flags=re.MULTILINE)
    return dict(pairs)


@pytest.mark.parametrize("package", SHARED)
def test_what_is_compared_is_not_the_age_of_a_package(package: str) -> None:
    ours = locked(ROOT / "requirements.lock")
    peers = locked(ROOT / "tests" / "benchmarks" / "peers" / "requirements.lock")
    assert peers[package] == ours[package]
