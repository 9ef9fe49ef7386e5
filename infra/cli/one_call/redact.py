"""`ascolto redact`: conversations as JSON lines in, the same without personal data out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any, TextIO

from infra.cli.one_call.conversations import Conversation, convert_lines
from processors.redaction.redact import find_in_call, replaced


def redact(lines: Iterable[str], out: TextIO, err: TextIO | None = None) -> int:
    """Write each line's conversation with placeholders for personal data, and what was found.

    The workers and `ascolto score` redact in the same way. `people` and fields that are not known
    are left out, since they may be personal. Faulty lines and the exit code are as `convert_lines`
    has them; `err` is standard error by default.
    """
    return convert_lines(lines, out, sys.stderr if err is None else err, _without_personal_data)


def _without_personal_data(conversation: Conversation) -> dict[str, Any]:
    texts = [turn.text for turn in conversation.turns]
    found = find_in_call(texts, conversation.primary_language, conversation.people)
    given = conversation.model_dump(mode="json", exclude_unset=True, exclude={"people"})
    for turn, text, in_turn in zip(given["turns"], texts, found, strict=True):
        turn["text"] = replaced(text, in_turn)
    return {
        **given,
        "language": conversation.language,
        "found": [
            {"turn": number, "kind": kind, "count": count}
            for number, in_turn in enumerate(found)
            for kind, count in Counter(one.kind.value for one in in_turn).items()
        ],
    }
