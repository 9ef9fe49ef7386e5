"""From an HTML page to a PDF, by a Chromium that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from infra.atomic_files import replacing
from schemas.errors import AscoltoError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
)
_SECONDS = 120


class CannotPrint(AscoltoError):
    """There is no Chromium, or it made no PDF; the message says what to do."""


def find_chromium(setting: Path | None) -> Path:
    """The Chromium of the setting, else the first one on PATH.

    Raises:
        CannotPrint: there is none.
    """
    if setting is not None:
        if not os.access(setting, os.X_OK) or setting.is_dir():
            raise CannotPrint(f"ASCOLTO_CHROMIUM: {setting} is no program that can be run")
        return setting
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise CannotPrint(
        "a PDF needs Chromium or Chrome, and none is on PATH: install one (Debian: apt-get "
        "install chromium) or set ASCOLTO_CHROMIUM to it; or write an .html file, which any "
        "browser prints"
    )


def print_pdf(html: str, path: Path, chromium: Path) -> None:
    """Write `html` as a PDF to `path`, which is replaced when it is whole.

    Raises:
        CannotPrint: Chromium made none.
        OSError: `path` cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="ascolto-report-") as name:
        folder = Path(name)
        source, made = folder / "report.html", folder / "report.pdf"
        source.write_text(html, encoding="utf-8")
        # Chromium's own sandbox refuses to run as root; the page runs no script and loads nothing.
        sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
        command = [
            str(chromium), *_OPTIONS, *sandbox, f"--user-data-dir={folder / 'profile'}",
            f"--print-to-pdf={made}", source.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(  # noqa: S603 - a program of the setting or of PATH, no shell
                command, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotPrint(f"{chromium} made no PDF: {type(error).__name__}") from error
        if done.returncode or not made.is_file():
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise CannotPrint(f"{chromium} made no PDF (exit code {done.returncode}): {said}")
        with replacing(path) as file:
            file.write(made.read_bytes())
