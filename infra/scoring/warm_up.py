"""Makes a scorer read its weights and lexicons before the first call comes."""

from __future__ import annotations

from processors.scoring.call import Conversation, score_calls
from processors.scoring.scorer import TurnReader
from processors.text.tokens import LANGUAGES
from schemas.conversation import Speaker, Turn

_SAID = (
    (Speaker.OPERATOR, "Se non paga entro domani le stacchiamo la luce, ha capito?"),
    (Speaker.CUSTOMER, "Siete dei ladri. Cambio gestore, e il mese prossimo non pago 10 euro."),
)


def warm_up(reader: TurnReader) -> None:
    """Score a short call in each language: what scorers load, they load at the first one."""
    turns = [Turn(speaker=speaker, text=text) for speaker, text in _SAID]
    score_calls([Conversation(turns, language.value) for language in LANGUAGES], reader)
