"""Attempts: calls that nobody answered."""

from __future__ import annotations

from enum import StrEnum


class Unanswered(StrEnum):
    """Why a call is an attempt; `docs/attempts.md` says how each is recognised."""

    STATED = "stated"
    """The event says that nobody answered."""
    MACHINE = "machine"
    """A carrier's message, a voicemail or an announcement, and nobody else."""
    MESSAGE_LEFT = "message_left"
    """The operator left a message, and nobody spoke."""
    SILENCE = "silence"
    """Nobody said anything, or the operator called into a silent line."""
