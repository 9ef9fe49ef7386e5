"""Entry point of the `ascolto` command: quiet on Ctrl-C even while its parts are being loaded."""

from __future__ import annotations

import sys

_STOPPED = 130


def main() -> None:
    """Load the command line and run it."""
    try:
        from infra.cli.main import main as run
    except KeyboardInterrupt:
        sys.exit(_STOPPED)
    run()
