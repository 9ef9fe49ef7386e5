"""The page of the stack that runs on a data directory, which answers for its store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.settings import Settings


def running_page(settings: Settings) -> str | None:
    """Its address; None where no stack has the embedded store open."""
    from infra.data_directory.processes import running_processes

    if settings.clickhouse_url is not None:
        return None
    running = running_processes(settings.data_dir)
    return next((each.page for each in running if each.name == "the analytics worker"), None)
