"""Comments that come without their conversation: its language and its people are not known."""

from __future__ import annotations

from processors.redaction.redact import redact
from processors.text.tokens import LANGUAGES


def redacted_comment(comment: str) -> str:
    """`comment` without personal data as any of the languages we know would have it.

    >>> redacted_comment("Sono Mario Rossi, my number is 347 1234567")
    'Sono [NOME], my number is [TELEFONO]'
    """
    for language in LANGUAGES:
        comment = redact(comment, language)
    return comment
