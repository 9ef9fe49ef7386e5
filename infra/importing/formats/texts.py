"""Opens exports as text, in whatever encoding; a file is never held in memory whole."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

from infra.errors import InfraError

_CHUNK: Final = 1 << 20
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UnreadableExport(InfraError):
    """A file that is not what its mapping says; the message says what it is and what to change."""


def open_text(path: Path, encodings: Sequence[str]) -> TextIO:
    """A file as text, its ends of lines as they are, in the first encoding that fits all of it.

    UTF-16 with its mark (what Excel saves as Unicode text) is recognised, whatever is named.

    Raises:
        UnreadableExport: it cannot be read, or no encoding fits.
    """
    try:
        with path.open("rb") as file:
            marked = file.read(2) in _UTF16_MARKS
        for encoding in ["utf-16"] if marked else encodings:
            if _fits(path, encoding):
                return path.open(encoding=encoding, newline="")
    except OSError as error:
        raise UnreadableExport(f"{path}: cannot be read: {error.strerror}") from error
    raise UnreadableExport(
        f"{path}: it is no text in {' or '.join(encodings)}: a spreadsheet has to be saved as CSV; "
        "another encoding is named by input: {encodings: [...]}"
    )


def _fits(path: Path, encoding: str) -> bool:
    """Whether all of a file is text in an encoding."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if "\0" in decoder.decode(chunk):
                    return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    except LookupError as error:
        raise UnreadableExport(f"there is no encoding {encoding!r}: change input") from error
    return True
