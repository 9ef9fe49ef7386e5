"""A worker's page: an aiohttp application served on loopback, its address left in a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

from aiohttp import web

from infra.embedded.children import free_port

RUN_DIRECTORY = "run"


class Page:
    """Serves an application while a worker runs."""

    def __init__(self, app: web.Application, host: str, port: int, address_file: Path) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._address_file = address_file
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Serve; returns the address. A port in use is replaced by a free one."""
        self._runner = web.AppRunner(self._app, access_log=None)
        await self._runner.setup()
        port = free_port(self._port, self._host)
        await web.TCPSite(self._runner, self._host, port).start()
        url = f"http://{self._host}:{port}"
        self._address_file.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._address_file.with_suffix(".tmp")
        temporary.write_text(json.dumps({"pid": os.getpid(), "url": url}), encoding="utf-8")
        temporary.replace(self._address_file)
        return url

    async def stop(self) -> None:
        """Serve no more."""
        self._address_file.unlink(missing_ok=True)
        if self._runner is not None:
            await self._runner.cleanup()


def address_file(data_dir: Path, worker: str) -> Path:
    """Where a worker leaves its page's address."""
    return data_dir / RUN_DIRECTORY / f"{worker}.json"


def address(data_dir: Path, worker: str) -> str | None:
    """The address of a worker's page, or None while it serves none."""
    try:
        return str(json.loads(address_file(data_dir, worker).read_text(encoding="utf-8"))["url"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
