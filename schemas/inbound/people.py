"""The names of people that a call's sender gives, so that they can be taken out of its words."""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator
from pydantic_core.core_schema import ValidationInfo

from schemas.inbound.notes import Notes

SHORTEST = 2
LONGEST = 200
MOST = 100
"""Names of one call; each is looked for in all its words."""


def _people(value: Any, info: ValidationInfo) -> Any:
    notes = info.context
    if isinstance(value, str):
        value = [value]
    if not isinstance(notes, Notes):
        return value
    if not isinstance(value, list):
        notes.leave_out("people", "a list of names is needed")
        return []
    names = [name for name in value if _usable(name)]
    if len(names) < len(value):
        notes.leave_out("people", f"a name is a text of {SHORTEST} to {LONGEST} characters")
    if len(names) > MOST:
        notes.leave_out("people", f"at most {MOST} names are taken")
    return names[:MOST]


def _usable(name: Any) -> bool:
    return isinstance(name, str) and SHORTEST <= len(name.strip()) <= LONGEST


PEOPLE = BeforeValidator(_people)
"""One name alone is a list of one; where there are `Notes`, what is no name is left out."""
