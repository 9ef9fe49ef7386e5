"""Runs many `ascolto` commands in one process, which costs the start of one.

Run as `python -m tests.infra.commands_child` with a JSON list of argument lists on stdin; prints a
JSON list of what each wrote to stdout.
"""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from io import StringIO

from infra.cli.main import app
from infra.data_directory.permissions import keep_files_private


def output_of(arguments: list[str]) -> str:
    """What a command writes to stdout; it must succeed."""
    out = StringIO()
    with redirect_stdout(out):
        try:
            app(arguments)
        except SystemExit as end:
            if end.code:
                raise
    return out.getvalue()


if __name__ == "__main__":
    keep_files_private()
    print(json.dumps([output_of(arguments) for arguments in json.load(sys.stdin)]))
