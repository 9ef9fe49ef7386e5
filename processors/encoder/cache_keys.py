"""The keys of cached readings: all that a reading depends on, without anybody's words."""

from __future__ import annotations

from hashlib import blake2b

from processors.encoder.features import asks_about_consequences
from processors.scoring.scorer import Utterance
from schemas.conversation import Speaker

Context = tuple[Speaker, str, bool, bool]
Key = tuple[bytes, Context]


def key_of(utterance: Utterance, language: str) -> Key:
    """All that a reading of `utterance` depends on."""
    return digest_of(utterance.text), _context_of(utterance, language)


def key_in_method(_: object, utterance: Utterance, language: str) -> Key:
    """`key_of` for `cachetools.cachedmethod`, which passes the instance first."""
    return key_of(utterance, language)


def digest_of(text: str) -> bytes:
    """A text's digest, stored instead of the text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _context_of(utterance: Utterance, language: str) -> Context:
    """All that a reading depends on besides the text: what features take from the turn before.

    Features of a customer's turn take nothing from it.
    """
    if utterance.speaker is Speaker.CUSTOMER:
        return (utterance.speaker, language, False, False)
    asked = asks_about_consequences(utterance.before, language)
    return (utterance.speaker, language, "?" in utterance.before, asked)
