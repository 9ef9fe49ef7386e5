"""The messages between the analytics worker and its scoring process, and their bytes.

What goes through the pipes is a list of byte strings: the length of the whole, then each with its
own length before it (4 bytes, big-endian). A batch is a list of messages of `call-transcribed`,
any bytes at all; its answer has three byte strings for each, in order: a kind and two fields. An
empty list says, first of all, that the process has started and is warm.

The worker imports this and not what scores: so it has no use for the scorer's libraries.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.codec import InvalidMessage

LENGTH = struct.Struct(">I")
"""The length before the whole and before each byte string."""
_SCORED, _INVALID, _FAILED, _ATTEMPT = b"scored", b"invalid", b"failed", b"attempt"


@dataclass(frozen=True, slots=True)
class Scored:
    """A scored conversation: its customer's pseudonym, and the encoded `CallScored`."""

    customer: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Attempted:
    """A call that nobody answered: there is nothing to score."""


Outcome = Scored | Attempted | InvalidMessage
"""The outcome of a message: its scores, nothing, or why it is not a conversation."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Scoring a message raised: the exception's class, and where in the code it was raised."""

    error: str
    traceback: str


def packed(parts: Sequence[bytes]) -> bytes:
    """`parts` as they go through a pipe; less than 4 GiB together."""
    body = b"".join(LENGTH.pack(len(part)) + part for part in parts)
    return LENGTH.pack(len(body)) + body


def parts_of(body: bytes) -> list[bytes]:
    """The byte strings in what follows the length of the whole."""
    parts, place = [], 0
    while place < len(body):
        begin = place + LENGTH.size
        place = begin + LENGTH.unpack_from(body, place)[0]
        parts.append(body[begin:place])
    return parts


def answer(results: Sequence[Outcome | Failure]) -> bytes:
    """The answer to a batch of which `results` came."""
    parts: list[bytes] = []
    for result in results:
        match result:
            case Scored(customer, value):
                parts += _SCORED, customer.encode(), value
            case InvalidMessage(reason, error_class):
                parts += _INVALID, reason.encode(), error_class.encode()
            case Attempted():
                parts += _ATTEMPT, b"", b""
            case Failure(error, traceback):
                parts += _FAILED, error.encode(), traceback.encode(errors="backslashreplace")
    return packed(parts)


def results_of(parts: Sequence[bytes]) -> list[Outcome | Failure]:
    """The results in an answer with these parts, message by message."""
    results: list[Outcome | Failure] = []
    for kind, first, second in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if kind == _SCORED:
            results.append(Scored(first.decode(), second))
        elif kind == _ATTEMPT:
            results.append(Attempted())
        elif kind == _INVALID:
            results.append(InvalidMessage(first.decode(), second.decode()))
        else:
            results.append(Failure(first.decode(), second.decode()))
    return results
