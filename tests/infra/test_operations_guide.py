"""The guide for the team that runs it lists every setting with its default."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic_core import PydanticUndefined

from infra.settings import Settings

GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
ROW = re.compile(r"^\| `ASCOLTO_(\w+)` \| (?:`([^`]*)`)? ?\| (.+) \|$", re.MULTILINE)
NOT_CONSTANT = {"data_dir": "~/.ascolto/data"}


def shown(name: str) -> str:
    """A setting's default, as the guide writes it."""
    default = Settings.model_fields[name].default
    if name in NOT_CONSTANT:
        return NOT_CONSTANT[name]
    if default is None or default is PydanticUndefined:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_the_guide_lists_every_setting_with_its_default() -> None:
    listed = {name.lower(): default for name, default, _ in ROW.findall(GUIDE.read_text("utf-8"))}
    assert listed == {name: shown(name) for name in Settings.model_fields}
