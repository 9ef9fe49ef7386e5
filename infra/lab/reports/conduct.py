"""How well breaches of conduct are found: `python -m infra.lab.reports.conduct FILE...`.

A file has one labelled call a line, {"turns": [{"speaker", "text"}], "conduct": [...]}, each breach
as {"rule", "turn"} or as the rule's name alone; optional are "lang" or "language" ("it" where it is
missing) and "id". Calls are redacted before, as the workers do.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

from infra.scoring.catalogue import scorer_of
from processors.scoring.call import score_call
from processors.scoring.scorer import TurnReader
from processors.transcript.turns import redacted
from schemas.conversation import Rule, Turn

RULES: Final = (
    Rule.THREAT,
    Rule.FALSE_THREAT,
    Rule.THIRD_PARTY_DISCLOSURE,
    Rule.INSISTENCE,
)


@dataclass(slots=True)
class Report:
    """Counts of calls by rule: a rule is in a call or is not, whatever the turn."""

    calls: int = 0
    right: Counter[Rule] = field(default_factory=Counter)
    missed: Counter[Rule] = field(default_factory=Counter)
    wrong: Counter[Rule] = field(default_factory=Counter)
    other_turn: Counter[Rule] = field(default_factory=Counter)
    """Of the right ones, those found in no turn that is labelled."""
    texts: list[str] = field(default_factory=list)
    """Every miss and false find."""

    def f1(self, rule: Rule) -> float | None:
        """Harmonic mean of precision and recall, 0-1; null where there is nothing to find."""
        twice = 2 * self.right[rule]
        whole = twice + self.missed[rule] + self.wrong[rule]
        return twice / whole if whole else None


def measure(rows: Iterable[dict[str, Any]], reader: TurnReader) -> Report:
    """Score each call and compare its breaches with the labels."""
    report = Report()
    for row in rows:
        report.calls += 1
        language = row.get("language") or row.get("lang") or "it"
        turns = [Turn(speaker=turn["speaker"], text=turn["text"]) for turn in row["turns"]]
        flags = score_call(redacted(turns, language), language, reader).conduct
        for rule in RULES:
            found = {flag.turn: flag.quote for flag in flags if flag.rule is rule}
            labels = [each for each in row["conduct"] if rule in (each, _field(each, "rule"))]
            labelled = {_field(label, "turn") for label in labels}
            name = f"{rule.value} in {row.get('id', report.calls)}"
            if found and labelled:
                report.right[rule] += 1
                report.other_turn[rule] += None not in labelled and labelled.isdisjoint(found)
            elif labelled:
                report.missed[rule] += 1
                said = [turns[place].text for place in labelled if place is not None]
                report.texts.append(f"missed {name}: {said}")
            elif found:
                report.wrong[rule] += 1
                report.texts.append(f"wrong {name}: {found}")
    return report


def _field(label: dict[str, Any] | str, name: str) -> Any:
    return None if isinstance(label, str) else label[name]


def write(report: Report, out: TextIO, *, with_texts: bool = True) -> None:
    """Write the figures, then every miss and false find where texts are wanted."""
    print(f"{report.calls} calls", file=out)
    print(f"{'rule':<24} {'calls':>5} {'F1':>5} {'missed':>6} {'wrong':>5} {'turn':>4}", file=out)
    for rule in RULES:
        labelled = report.right[rule] + report.missed[rule]
        f1 = report.f1(rule)
        shown = " null" if f1 is None else f"{f1:>5.2f}"
        print(
            f"{rule.value:<24} {labelled:>5} {shown} {report.missed[rule]:>6}"
            f" {report.wrong[rule]:>5} {report.other_turn[rule]:>4}",
            file=out,
        )
    for text in report.texts if with_texts else ():
        print(text, file=out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="labelled calls as JSON lines")
    parser.add_argument("--scorer", choices=("encoder", "lexicon"), default="encoder")
    parser.add_argument("--figures", action="store_true", help="the figures alone, without texts")
    given = parser.parse_args(arguments)
    lines = [line for file in given.files for line in file.read_text("utf-8").splitlines()]
    rows = [json.loads(line) for line in lines if line.strip()]
    write(measure(rows, scorer_of(given.scorer)), sys.stdout, with_texts=not given.figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
