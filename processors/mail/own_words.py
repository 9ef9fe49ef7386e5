"""What is new in a written message: its writer's words, without the thread and what programs add.

`docs/scores.md` says what counts. What is stored is what is scored: the new text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from processors.mail.html import plain_text
from processors.mail.signatures import without_signature
from processors.mail.thread import without_thread
from schemas.conversation import Turn
from schemas.events import Channel

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")


def new_text(text: str, *, signed: bool = True) -> str:
    """The words of a written message that are its writer's own; empty where there are none.

    Args:
        text: the message, plain or HTML.
        signed: whether it may have signatures and notices, as mails do, to be removed.
    """
    lines = plain_text(text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " "))
    own = without_thread(_INVISIBLE.sub("", lines))
    if signed:
        own = without_signature(own)
    return _tidy(own)


def own_words(turns: Iterable[Turn], channel: Channel) -> list[Turn]:
    """The turns of a conversation with the new text alone, where its channel is a written one.

    Every turn remains in its place; one that only quotes has no words left.
    """
    if channel is Channel.PHONE:
        return list(turns)
    signed = channel is Channel.EMAIL
    return [turn.model_copy(update={"text": new_text(turn.text, signed=signed)}) for turn in turns]


def _tidy(text: str) -> str:
    """`text` without blanks at its ends, and with one empty line where there were several."""
    own: list[str] = []
    for line in text.split("\n"):
        if line.strip() or (own and own[-1].strip()):
            own.append(line.rstrip())
    return "\n".join(own).strip()
