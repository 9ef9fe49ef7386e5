"""How well redaction does on labelled texts: `python -m infra.lab.reports.redaction FILE...`.

A file has JSON lines. A sentence is {"text", "pii": [substrings], ...}; optional are "types" (one a
substring), "language" ("it" where it is missing), "names" (known people), "split" and "style". A
whole call is {"turns": [{"text", "personal": [substrings]}], ...}, optional are "lang" or
"language", "names" and "split"; its turns are redacted together, as the workers do.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from processors.redaction.redact import Found, find_in_call, find_personal_data, replaced
from processors.text.pieces import Pieces, pieces_of


@dataclass(slots=True)
class Report:
    """Counts over labelled sentences; shares of nothing are null."""

    sentences: int = 0
    items: Counter[str] = field(default_factory=Counter)
    """Personal data by type; one counts as found where none of its words is left."""
    found: Counter[str] = field(default_factory=Counter)
    clean_words: int = 0
    """Words that are no personal data, in all sentences."""
    lost_words: int = 0
    untouched_words: int = 0
    """Words of the sentences that hold no personal data at all."""
    untouched_lost: int = 0
    misses: list[str] = field(default_factory=list)
    """Personal data left standing, each with its type and what became of the sentence."""
    losses: list[str] = field(default_factory=list)
    """Clean words taken, each with what became of the sentence."""

    @property
    def recall(self) -> float | None:
        """Share of the personal data found, 0-1."""
        return _share(sum(self.found.values()), sum(self.items.values()))

    @property
    def over_redaction(self) -> float | None:
        """Share of the clean words lost, 0-1."""
        return _share(self.lost_words, self.clean_words)

    @property
    def over_redaction_of_clean_sentences(self) -> float | None:
        """The same over the sentences without personal data."""
        return _share(self.untouched_lost, self.untouched_words)


def measure(rows: Iterable[dict[str, Any]]) -> Report:
    """Redact each row's sentence or call and compare with its labels.

    Raises:
        ValueError: a labelled substring does not occur in its text.
    """
    report = Report()
    for row in rows:
        language = row.get("language") or row.get("lang") or "it"
        names = row.get("names", [])
        if "turns" in row:
            texts = [turn["text"] for turn in row["turns"]]
            found = find_in_call(texts, language, names)
            for turn, in_turn in zip(row["turns"], found, strict=True):
                labelled = turn.get("personal", [])
                _measure(turn["text"], in_turn, labelled, ["any"] * len(labelled), report)
        else:
            types = row.get("types") or ["any"] * len(row["pii"])
            found_alone = find_personal_data(row["text"], language, names)
            _measure(row["text"], found_alone, row["pii"], types, report)
    return report


def _measure(
    text: str,
    found: Sequence[Found],
    labels: Sequence[str],
    types: Sequence[str],
    report: Report,
) -> None:
    pieces = pieces_of(text)
    gone = _covered(pieces, [(f.start, f.end) for f in found])
    labelled = _places(text, labels)
    result = replaced(text, found)
    report.sentences += 1
    for kind, (start, end) in zip(types, labelled, strict=True):
        report.items[kind] += 1
        if _covered(pieces, [(start, end)]) <= gone:
            report.found[kind] += 1
        else:
            report.misses.append(f"{kind}: {text[start:end]!r} in {result!r}")
    personal = _covered(pieces, [*labelled, *_repeated(text, labels)])
    lost = sorted(gone - personal)
    report.clean_words += len(pieces) - len(personal)
    report.lost_words += len(lost)
    if not labelled:
        report.untouched_words += len(pieces)
        report.untouched_lost += len(lost)
    if lost:
        taken = " ".join(text[pieces.starts[n] : pieces.ends[n]] for n in lost)
        report.losses.append(f"{taken!r} in {result!r}")


def _repeated(text: str, labels: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Where a labelled substring is said, once more too: its words are no clean ones."""
    for label in labels:
        for match in re.finditer(rf"\b{re.escape(label)}\b", text):
            yield match.span()


def _places(text: str, substrings: Sequence[str]) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    for substring in substrings:
        starts = [start for start, _ in places if text[start:].startswith(substring)]
        at = text.find(substring, starts[-1] + 1 if starts else 0)
        if at < 0 or not substring:
            raise ValueError(f"{substring!r} does not occur in {text!r}")
        places.append((at, at + len(substring)))
    return places


def _covered(pieces: Pieces, spans: Iterable[tuple[int, int]]) -> set[int]:
    return {
        n
        for start, end in spans
        for n in range(len(pieces))
        if pieces.starts[n] < end and start < pieces.ends[n]
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def write(report: Report, out: TextIO, *, with_texts: bool = True) -> None:
    """Write the figures, then every miss and every loss where texts are wanted."""
    print(f"{'type':<16} {'items':>5} {'found':>5} {'recall':>6}", file=out)
    for kind, items in sorted(report.items.items()):
        found = report.found[kind]
        print(f"{kind:<16} {items:>5} {found:>5} {found / items:>6.3f}", file=out)
    total, found = sum(report.items.values()), sum(report.found.values())
    print(f"{'all':<16} {total:>5} {found:>5} {_shown(report.recall)}", file=out)
    print(
        f"clean words lost: {report.lost_words} of {report.clean_words}"
        f" ({_shown(report.over_redaction)}); in sentences without personal data"
        f" {report.untouched_lost} of {report.untouched_words}"
        f" ({_shown(report.over_redaction_of_clean_sentences)})",
        file=out,
    )
    if not with_texts:
        return
    for miss in report.misses:
        print(f"missed {miss}", file=out)
    for loss in report.losses:
        print(f"lost {loss}", file=out)


def _shown(share: float | None) -> str:
    return "  null" if share is None else f"{share:>6.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="labelled texts as JSON lines")
    parser.add_argument("--split", help="only the rows of this split")
    parser.add_argument("--figures", action="store_true", help="the figures alone, without texts")
    given = parser.parse_args(arguments)
    lines = [line for file in given.files for line in file.read_text("utf-8").splitlines()]
    rows = [json.loads(line) for line in lines if line.strip()]
    selected = [row for row in rows if given.split in (None, row.get("split"))]
    write(measure(selected), sys.stdout, with_texts=not given.figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
