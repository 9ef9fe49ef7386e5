"""How much two analytics workers do of the events that one does.

Their store is a ClickHouse server, as the engine in process serves one process.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import clickhouse_connect

from infra.clickhouse.schema import migrate
from infra.lab.benchmarks.pipeline.contenders import ASCOLTO, Contender
from infra.lab.benchmarks.pipeline.load import Load
from infra.lab.benchmarks.pipeline.runs import WITHOUT_SCORES, run_once

SERVER = "BENCH_CLICKHOUSE_URL"
"""Environment variable: http(s)://user:password@host:port of a server for the bench."""


def two_to_one(load: Load, server: str) -> float:
    """The rate of two workers in parts of one's; each in a database of its own, dropped at last."""
    rates = []
    for workers in (1, 2):
        database = f"ascolto_bench_{workers}"
        with clickhouse_connect.get_client(dsn=server) as client:
            client.command(f"DROP DATABASE IF EXISTS {database}")
            client.command(f"CREATE DATABASE {database}")
        url = urlunsplit(urlsplit(server)._replace(path=f"/{database}"))
        with clickhouse_connect.get_client(dsn=url) as client:
            migrate(client)
        settings = {**WITHOUT_SCORES, "ASCOLTO_CLICKHOUSE_URL": url}
        with tempfile.TemporaryDirectory() as directory:
            contender = Contender(ASCOLTO, Path(directory) / "run", settings)
            rates.append(run_once(contender, load, workers).per_second)
        with clickhouse_connect.get_client(dsn=server) as client:
            client.command(f"DROP DATABASE {database}")
    return rates[1] / rates[0]
