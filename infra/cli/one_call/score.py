"""`ascolto score`: conversations as JSON lines in, their scores as JSON lines out."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from infra.cli.one_call.conversations import Conversation, convert_lines
from processors.mail.own_words import own_words
from processors.scoring.call import score_call
from processors.scoring.scorer import TurnReader
from processors.transcript.turns import redacted


def score(lines: Iterable[str], out: TextIO, reader: TurnReader, err: TextIO | None = None) -> int:
    """Score each line's conversation by `reader` and write its line.

    Personal data is taken out first, as the workers do: so scores are the same in both, and no
    quote holds any. Faulty lines and the exit code are as `convert_lines` has them; `err` is
    standard error by default.
    """

    def row_of(conversation: Conversation) -> dict[str, Any]:
        language = conversation.primary_language
        said = own_words(conversation.turns, conversation.channel)
        result = score_call(
            redacted(said, language, conversation.people),
            language,
            reader,
            survey_rating=conversation.survey_rating,
            answered=conversation.answered,
            doubts=conversation.doubts,
        )
        row = {"id": conversation.id, **result.model_dump(mode="json")}
        if conversation.speakers is not None:
            row["speakers"] = conversation.speakers.value
        if row["why"] is None:
            del row["why"]
        return row

    return convert_lines(lines, out, sys.stderr if err is None else err, row_of)
