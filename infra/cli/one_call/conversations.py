"""Conversations as JSON lines, as `ascolto score` and `ascolto redact` read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TextIO

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from infra.cli.failures import FAILED, MOST_LINES
from infra.escaping import json_line
from schemas.conversation import Rating, SpeakerSource, Turn
from schemas.events import Channel


class Conversation(BaseModel):
    """One line of input; fields that are not known are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    language: str = "it"
    channel: Channel = Channel.PHONE
    """Of written messages only what is new is scored, without the thread below."""
    turns: list[Turn]
    survey_rating: Rating | None = None
    answered: StrictBool | None = None
    """False: nobody answered, whatever was said."""
    people: list[str] = []
    """Names that may be spoken in it."""
    doubts: list[str] = []
    """What `ascolto transcribe` doubts of it."""
    speakers: SpeakerSource | None = None
    """What shows who speaks, as `ascolto transcribe` says it; the scores' line repeats it."""

    @property
    def primary_language(self) -> str:
        """The language without its region: "it" of "it-IT"."""
        return self.language.lower().partition("-")[0]


def convert_lines(
    lines: Iterable[str], out: TextIO, err: TextIO, row_of: Callable[[Conversation], dict[str, Any]]
) -> int:
    """Write `row_of` each line's conversation as a JSON line; empty lines are passed over.

    A line that cannot be read is reported on `err` with its number and what to fix, never with its
    text; the other lines are still done. Returns the exit code: 0, or 1 where a line could not be
    read or there is none.
    """
    refused = done = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            conversation = Conversation.model_validate_json(line)
        except ValidationError as error:
            refused += 1
            if refused <= MOST_LINES:
                print(f"line {number}: {_what_to_fix(error)}", file=err)
            continue
        done += 1
        out.write(json_line(row_of(conversation)) + "\n")
    if refused > MOST_LINES:
        print(f"… and {refused - MOST_LINES} more lines refused", file=err)
    if not done and not refused:
        print('no line: give a conversation on each, {"id", "turns"}', file=err)
    return 0 if done and not refused else FAILED


def _what_to_fix(error: ValidationError) -> str:
    """The first faults of a line, by field; without the input, which may be personal."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'line'}: "
        f"{_LISTED.get(fault['loc']) or _rule_broken(fault['type'])}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
    return "; ".join(faults[:3]) + more


_LISTED: dict[tuple[int | str, ...], str] = {
    ("channel",): f"must be one of {', '.join(Channel)}",
    ("speakers",): "must be channels, inferred or unknown",
}
"""The faults of fields that take one of a list."""


def _rule_broken(kind: str) -> str:
    return {
        "json_invalid": "is not a JSON object on one line",
        "missing": "is missing",
        "string_type": "must be a text",
        "list_type": "must be a list",
        "enum": "must be operator, customer, unknown or machine",
        "bool_type": "must be true or false",
        "extra_forbidden": "is not a field of a turn (speaker, text, start, end, confidence)",
        "model_type": "must be an object",
        "model_attributes_type": "must be an object",
    }.get(kind, f"breaks the rule {kind}")
