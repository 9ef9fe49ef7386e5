"""Parts of a turn that can be scored and quoted on their own, as spans of its raw text."""

from __future__ import annotations

import re
from bisect import bisect_left

MOST_WORDS = 60
"""Words that are scored as one text; a longer turn is scored window by window."""

_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"[^.!?;…]+[.!?;…]*[\"»”)]*")
_JOINTS = (
    "ma|però|perché|perche|altrimenti|sennò|se no|quindi|allora|poi|e poi|anche se|intanto|"
    "but|because|otherwise|so|then|or else|although|and then"
)
_JOINT = re.compile(rf"(?:,\s+|(?<!\s)\s+-\s+|:\s+)|(?<!\s)\s+(?=(?:{_JOINTS})\s)", re.IGNORECASE)
_EVERY_JOINT = re.compile(
    rf"\s*[,;:]\s+|\s+-\s+|\s+(?=(?:{_JOINTS}|e basta|comunque|perciò|percio)\s)", re.IGNORECASE
)
_LEAST_WORDS = 4
_LONG_SENTENCE = 14


def sentences_of(text: str) -> list[str]:
    """The sentences of `text`, stripped; those without a word are passed over."""
    found = (match.group().strip() for match in _SENTENCE.finditer(text))
    return [sentence for sentence in found if _WORD.search(sentence)]


def sentence_with(text: str, quote: str) -> str:
    """The first sentence of `text` that holds `quote`; `quote` itself where none does."""
    return next((sentence for sentence in sentences_of(text) if quote in sentence), quote)


def clauses_of(text: str) -> list[str]:
    """The sentences of `text`, the long ones also cut at commas and conjunctions.

    A clause has at least four words, unless its sentence has fewer.
    """
    clauses: list[str] = []
    for sentence in sentences_of(text):
        if _length(sentence) <= _LONG_SENTENCE:
            clauses.append(sentence)
        else:
            clauses.extend(_cut_at_joints(sentence))
    return clauses


def joined_clauses(sentence: str) -> list[str]:
    """A sentence cut at every comma, colon and conjunction, however short its clauses are.

    'non ho mai ricevuto la bolletta, disdico tutto' has two, of which each may be said alone.
    """
    parts = (part.strip() for part in _EVERY_JOINT.split(sentence))
    return [part for part in parts if _WORD.search(part)]


def windows_of(text: str) -> list[str]:
    """`text` itself, or, where it is longer than `MOST_WORDS`, pieces of at most so many words.

    Pieces are runs of whole sentences where these are short enough.
    """
    if _length(text) <= MOST_WORDS:
        return [text]
    windows: list[str] = []
    start = end = held = 0
    for first, last, length in _short_spans(text):
        if held and held + length > MOST_WORDS:
            windows.append(text[start:end].strip())
            start, held = first, 0
        end, held = last, held + length
    windows.append(text[start:end].strip())
    return windows


def _short_spans(text: str) -> list[tuple[int, int, int]]:
    """Spans of sentences, cut where they have more than `MOST_WORDS`: (first, after, words)."""
    spans: list[tuple[int, int, int]] = []
    for match in _SENTENCE.finditer(text):
        words = list(_WORD.finditer(text, match.start(), match.end()))
        for place in range(0, len(words), MOST_WORDS):
            some = words[place : place + MOST_WORDS]
            after = match.end() if place + MOST_WORDS >= len(words) else some[-1].end()
            spans.append((match.start() if place == 0 else some[0].start(), after, len(some)))
    return spans


def _cut_at_joints(sentence: str) -> list[str]:
    words = [match.start() for match in _WORD.finditer(sentence)]
    clauses: list[str] = []
    start = said = 0
    for joint in _JOINT.finditer(sentence):
        before = bisect_left(words, joint.start())
        after = bisect_left(words, joint.end())
        if before - said >= _LEAST_WORDS and len(words) - after >= _LEAST_WORDS:
            clauses.append(sentence[start : joint.start()].strip())
            start, said = joint.end(), after
    clauses.append(sentence[start:].strip())
    return clauses


def _length(text: str) -> int:
    return len(_WORD.findall(text))
