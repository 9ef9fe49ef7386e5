"""Which whisper model is used, where its files are, and how it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from infra.data_directory.paths import cache_directory
from infra.transcription import packaged_model
from infra.transcription.packaged_model import ModelMissing

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

Device = Literal["cpu", "cuda"]
ComputeType = Literal[
    "default", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16",
    "bfloat16", "float32",
]  # fmt: skip

PACKAGED_MODEL = "packaged-base"
"""Name of the model that comes with the installed packages."""


_FILES = ("model.bin", "tokenizer.json")
"""Without the second, the library would look for one on a hub."""


class ModelUnknown(ModelMissing):
    """There is no such model; the message says which there are."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model: `packaged-base`, a name that faster-whisper knows, a hub's `owner/name`, or a path.

    `compute_type` None is int8 on a processor and int8_float16 on a graphics card.
    """

    name: str = PACKAGED_MODEL
    device: Device = "cpu"
    compute_type: ComputeType | None = None

    @property
    def label(self) -> str:
        """The model's name without its directory."""
        if self.name == PACKAGED_MODEL:
            return packaged_model.NAME
        return Path(self.name).resolve().name

    @property
    def computed(self) -> ComputeType:
        """How its numbers are computed."""
        return self.compute_type or ("int8" if self.device == "cpu" else "int8_float16")


def fetched_models() -> Path:
    """Directory of fetched models."""
    return cache_directory() / "models" / "fetched"


def find_model(name: str) -> Path:
    """Directory of a model, fetched from its hub where it is not here.

    Raises:
        ModelUnknown: there is no such name or directory.
        ModelMissing: it cannot be had.
    """
    if name == PACKAGED_MODEL:
        return packaged_model.packaged_model()
    if Path(name).is_dir():
        return Path(name)
    return fetch_model(name)


def model_here(name: str) -> Path:
    """Directory of a model that need not be fetched any more.

    Raises:
        ModelUnknown: there is no such name or directory.
        ModelMissing: it is not here, or not whole.
    """
    if name == PACKAGED_MODEL or Path(name).is_dir():
        return _whole(find_model(name), name)
    _require_known(name)
    found = _fetched(name, str(fetched_models()))
    if found is None:
        raise ModelMissing(f"the model {name!r} has not been fetched yet")
    return found


def fetch_model(name: str) -> Path:
    """Directory of the model `name`, downloaded from the hub unless it already was.

    Raises:
        ModelUnknown: there is no such name.
        ModelMissing: the hub cannot be reached.
    """
    from faster_whisper.utils import download_model
    from httpx import HTTPError

    _require_known(name)
    directory = str(fetched_models())
    try:
        return _fetched(name, directory) or Path(download_model(name, cache_dir=directory))
    except (OSError, HTTPError, RuntimeError) as error:
        raise ModelMissing(
            f"the model {name!r} could not be fetched from its hub ({type(error).__name__}): "
            f"run 'ascolto models fetch {name}' on a machine that reaches it and copy "
            f"{fetched_models()} here, or name a directory with the model"
        ) from error


def _fetched(name: str, directory: str) -> Path | None:
    """The model where it was fetched before, whole.

    Raises:
        ModelUnknown: it is no name of a model.
    """
    from faster_whisper.utils import download_model
    from huggingface_hub.errors import HFValidationError

    try:
        found = Path(download_model(name, cache_dir=directory, local_files_only=True))
    except HFValidationError as error:
        raise ModelUnknown(f"{name!r} is no name of a model: {error}") from error
    except OSError:
        return None
    return found if all((found / file).is_file() for file in _FILES) else None


def require_computable(choice: ModelChoice) -> None:
    """Check that this machine can compute a model in the way chosen.

    Raises:
        ModelMissing: it cannot.
    """
    import ctranslate2

    if choice.device == "cuda" and not ctranslate2.get_cuda_device_count():
        raise ModelMissing("no model can be used on cuda: no graphics card is found here")
    known = ctranslate2.get_supported_compute_types(choice.device)
    if choice.computed not in {*known, "default"}:
        raise ModelMissing(
            f"no model can be computed as {choice.computed} on {choice.device} here: "
            f"choose of {', '.join(sorted(known))}"
        )


def load_model(choice: ModelChoice, workers: int) -> WhisperModel:
    """The model, ready to transcribe `workers` batches at the same time, each in one thread.

    Raises:
        ModelUnknown: there is no such model.
        ModelMissing: it cannot be had, or not be computed here.
    """
    directory = _whole(find_model(choice.name), choice.label)
    require_computable(choice)
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(
            str(directory),
            device=choice.device,
            compute_type=choice.computed,
            cpu_threads=1,
            num_workers=workers,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelMissing(
            f"the model {choice.label} cannot be used on {choice.device} as {choice.computed}: "
            f"{error}"
        ) from error


def _whole(directory: Path, label: str) -> Path:
    missing = [file for file in _FILES if not (directory / file).is_file()]
    if missing:
        raise ModelMissing(
            f"the directory of the model {label} holds no {' and no '.join(missing)}: name one "
            "with a model that faster-whisper (CTranslate2) reads"
        )
    return directory


def _require_known(name: str) -> None:
    from faster_whisper.utils import available_models

    if name not in available_models() and not _is_repository(name):
        raise ModelUnknown(
            f"there is no model {name!r}: name {PACKAGED_MODEL}, a directory that exists, a hub's "
            f"owner/name, or one of {', '.join(available_models())}"
        )


def _is_repository(name: str) -> bool:
    owner, separator, rest = name.partition("/")
    return bool(separator and owner and rest) and "/" not in rest and not owner.startswith(".")
