"""Outputs that a change of structure must leave as they are, as one text each.

`python -m tests.pinned.outputs` writes them again where a change is intended; the difference
belongs into that commit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MATERIAL = HERE.parent / "scoring" / "material"
STARTED_AT = datetime(2026, 3, 3, 10, tzinfo=UTC)


def call_scores() -> Iterator[str]:
    """Every score, reason and quote of every second labelled call, by both scorers."""
    from infra.scoring.catalogue import scorer_of
    from processors.scoring.call import score_call
    from processors.transcript.turns import redacted
    from schemas.conversation import Turn

    for name in ("encoder", "lexicon"):
        scorer = scorer_of(name)
        for call in list(_lines("rating_calls.jsonl", "conduct_calls.jsonl"))[::2]:
            language = call.get("language", "it")
            turns = [Turn(speaker=t["speaker"], text=t["text"]) for t in call["turns"]]
            score = score_call(
                redacted(turns, language),
                language,
                scorer,
                started_at=STARTED_AT,
                ended_at=STARTED_AT,
            )
            yield json.dumps({"scorer": name, **score.model_dump(mode="json")}, ensure_ascii=False)


def redactions() -> Iterator[str]:
    """What redaction leaves of its corpus."""
    from processors.redaction.redact import redact

    for sentence in _lines("redaction.jsonl"):
        yield json.dumps(redact(sentence["text"], sentence["language"]), ensure_ascii=False)


def command_help() -> Iterator[str]:
    """What every command says of itself."""
    import click
    import typer
    from typer.testing import CliRunner

    from infra.cli.main import app

    runner = CliRunner(env={"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"})

    def each(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
        shown = runner.invoke(app, [*path, "--help"]).output
        yield f"$ ascolto {' '.join(path)} --help"
        yield from (line.rstrip() for line in shown.splitlines())
        for name, inner in sorted(getattr(command, "commands", {}).items()):
            yield from each(inner, (*path, name))

    yield from each(typer.main.get_command(app), ())


PINNED: dict[str, Callable[[], Iterable[str]]] = {
    "call_scores.jsonl": call_scores,
    "redactions.jsonl": redactions,
    "command_help.txt": command_help,
}


def _lines(*names: str) -> Iterator[dict[str, Any]]:
    for name in names:
        for line in (MATERIAL / name).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def write() -> None:
    """Write every pinned output as it is now."""
    for name, lines in PINNED.items():
        (HERE / name).write_text("\n".join(lines()) + "\n", encoding="utf-8")
        print(f"wrote {os.path.relpath(HERE / name)}")


if __name__ == "__main__":
    write()
