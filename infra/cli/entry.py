"""What `ascolto` starts: it loads `infra.cli.main`, quietly ended by Ctrl-C even meanwhile."""

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
