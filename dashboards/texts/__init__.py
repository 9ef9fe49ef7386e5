"""What managers read, by language: Italian by default, English by switch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

LANGUAGES = ("it", "en")
DEFAULT_LANGUAGE = "it"


@cache
def texts(language: str) -> Mapping[str, str]:
    """Every text of the dashboards by key. Raises ValueError for a language without texts."""
    if language not in LANGUAGES:
        raise ValueError(f"no texts in {language!r}")
    path = files(__name__).joinpath(f"{language}.json")
    return MappingProxyType(json.loads(path.read_text(encoding="utf-8")))
