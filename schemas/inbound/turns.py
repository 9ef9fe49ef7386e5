"""The turns of a transcript as others give them: their speakers' names, and what cannot be used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from schemas.inbound.notes import Notes

_OPERATORS = (
    "operator agent human_agent live_agent operatore operatrice agente consulente advisor adviser "
    "representative rep employee collector staff internal"
)
_CUSTOMERS = (
    "customer cliente client consumer debtor debitore end_user enduser utente_finale visitor "
    "external"
)
_MACHINES = (
    "bot chatbot voicebot callbot system sistema ivr acd machine virtual_agent virtual_assistant "
    "automated_agent automation automatic automatico announcement annuncio voicemail "
    "answering_machine segreteria risponditore autoresponder auto_reply workflow"
)
_UNKNOWN = ("unknown", "sconosciuto", "undefined", "other", "altro", "")

_SPEAKERS: dict[str, str] = {
    **dict.fromkeys(_OPERATORS.split(), "operator"),
    **dict.fromkeys(_CUSTOMERS.split(), "customer"),
    **dict.fromkeys(_UNKNOWN, "unknown"),
}
"""Names of speakers with one meaning. 'caller', 'user' and 'assistant' are not among them: who
they are depends on the system, so they stay unknown."""

MACHINE_TURN = "transcript.machine_turn"
"""The part noted for a turn that a machine spoke: it is nobody's words."""


def _turns(value: Any, info: ValidationInfo) -> Any:
    """`value` with the turns that can be used, their speakers named as `Speaker` names them.

    Raises:
        PydanticCustomError: there are turns, and none of them can be used.
    """
    notes = info.context
    if not isinstance(notes, Notes) or not isinstance(value, list):
        return value
    taken: list[Any] = []
    unusable = 0
    for turn in value:
        if isinstance(turn, Mapping):
            if _named(turn.get("speaker")) in _MACHINE_NAMES:
                notes.leave_out(MACHINE_TURN, "a machine's words are nobody's")
                continue
            read = _turn(turn, notes)
        else:
            read = _bare_text(turn, notes)
        if read is None:
            unusable += 1
        else:
            taken.append(read)
    if unusable and not taken:
        raise PydanticCustomError(
            "no_usable_turn",
            "none of its turns can be used: each is an object with speaker and text",
        )
    return taken


def _turn(turn: Mapping[str, Any], notes: Notes) -> dict[str, Any] | None:
    text = _text(turn.get("text"))
    if text is None:
        notes.leave_out("transcript.text", "a turn needs its words as text")
        return None
    start, end = (_seconds(turn.get(name), name, notes) for name in ("start", "end"))
    if start is not None and end is not None and end < start:
        notes.leave_out("transcript.end", "a turn ends after it begins")
        start = end = None
    return {
        **turn,
        "speaker": _speaker(turn.get("speaker"), notes),
        "text": text,
        "start": start,
        "end": end,
        "confidence": _confidence(turn.get("confidence"), notes),
    }


def _bare_text(turn: Any, notes: Notes) -> dict[str, Any] | None:
    text = _text(turn)
    if text is None:
        notes.leave_out("transcript.turn", "a turn is an object with speaker and text")
        return None
    return {"speaker": _speaker("?", notes), "text": text}


def _text(value: Any) -> str | None:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _named(value: Any) -> str:
    return "_".join(value.lower().replace("-", " ").split()) if isinstance(value, str) else ""


def _speaker(value: Any, notes: Notes) -> str:
    """Who speaks; `unknown` for a name that does not say it, for none, and for no text."""
    named = _named(value)
    if named not in _SPEAKERS or not (value is None or isinstance(value, str)):
        notes.leave_out("transcript.speaker", "a speaker is operator, customer or unknown")
    return _SPEAKERS.get(named, "unknown")


def _seconds(value: Any, name: str, notes: Notes) -> float | None:
    number = _finite(value)
    if value is not None and (number is None or number < 0):
        notes.leave_out(f"transcript.{name}", "seconds from the beginning are 0 or more")
        return None
    return number


def _confidence(value: Any, notes: Notes) -> float | None:
    number = _finite(value)
    if value is not None and (number is None or not 0 <= number <= 1):
        notes.leave_out("transcript.confidence", "a confidence is from 0 to 1")
        return None
    return number


def _finite(value: Any) -> float | None:
    """A finite number, or the text of one; None for all else, booleans too."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


_MACHINE_NAMES = frozenset(_MACHINES.split())

TURNS = BeforeValidator(_turns)
"""Turns whose unusable parts are left out, where there are `Notes`; else taken as they are."""

_NULL = {"type": "null"}
_SECONDS = {"anyOf": [{"type": "number", "minimum": 0}, _NULL]}

TURNS_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["text"],
                    "properties": {
                        "speaker": {
                            "anyOf": [{"type": "string"}, _NULL],
                            "description": "operator or customer, or a common name of these, in "
                            "any case; turns of a bot, an IVR or a system are left out; any other "
                            "name is an unknown speaker",
                        },
                        "text": {"type": "string", "maxLength": 100_000},
                        "start": {
                            **_SECONDS,
                            "description": "seconds from the start; null in a written conversation",
                        },
                        "end": _SECONDS,
                        "confidence": {
                            "anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, _NULL]
                        },
                    },
                },
            },
            _NULL,
        ]
    }
)
