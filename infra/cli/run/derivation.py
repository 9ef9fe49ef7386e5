"""What the derived tables and the workers' states depend on besides the journal and its scores."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import processors
import schemas
import streams
from infra.settings import Settings


def derivation_of(settings: Settings) -> str:
    """A digest of it: the settings of engagements and alerts, the pseudonym key, and the code.

    What was derived with another one is derived again from the whole journal.
    """
    parts = (
        settings.horizons.default_hours,
        sorted(settings.horizons.by_client.items()),
        settings.grace_days,
        settings.currency,
        settings.alerts,
        hashlib.sha256(settings.pseudonym_secret()).hexdigest(),
        _code(),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@cache
def _code() -> str:
    """A digest of the modules that derive: a version number stays while they are worked on."""
    digest = hashlib.sha256()
    for package in (processors, schemas, streams):
        for folder in package.__path__:
            for file in sorted(Path(folder).rglob("*.py")):
                digest.update(file.read_bytes())
    return digest.hexdigest()
