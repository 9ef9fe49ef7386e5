"""By what readings of turns are kept: all that they depend on, and no words of anybody."""

from __future__ import annotations

from hashlib import blake2b

from processors.encoder.features import asks_about_consequences
from processors.scoring.scorer import Said
from schemas.conversation import Speaker

Context = tuple[Speaker, str, bool, bool]
Key = tuple[bytes, Context]


def key_of(said: Said, language: str) -> Key:
    """All that a reading of `said` depends on."""
    return digest_of(said.text), _context_of(said, language)


def key_in_method(_: object, said: Said, language: str) -> Key:
    """`key_of` for `cachetools.cachedmethod`, which passes the instance first."""
    return key_of(said, language)


def digest_of(text: str) -> bytes:
    """A text's digest, to be kept in its place."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _context_of(said: Said, language: str) -> Context:
    """All that a reading depends on beside the text: of the turn before, what signs take from it.

    Signs of a customer's turn take nothing.
    """
    if said.speaker is Speaker.CUSTOMER:
        return (said.speaker, language, False, False)
    asked = asks_about_consequences(said.before, language)
    return (said.speaker, language, "?" in said.before, asked)
