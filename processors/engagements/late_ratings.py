"""The ratings that answers give to one customer's calls, kept up to date event by event."""

from __future__ import annotations

from processors.engagements.corrections import Answer, known_at
from processors.engagements.entries import NAMED, SEGMENT, Entry, ratings_of
from schemas.changes import LateRating, Rerated
from schemas.segments import Segment


class LateRatings:
    """One customer's calls and answers so far, in whatever order they come."""

    def __init__(self) -> None:
        self._calls: dict[str, Entry] = {}
        self._waiting: dict[str, list[Answer]] = {}
        self._first: dict[str, Answer] = {}
        """Of each call that was answered, the answer that stands."""

    def call(self, entry: Entry) -> LateRating | None:
        """Take a call in; the rating that an answer before it has given it."""
        call_id = entry[5]
        self._calls[call_id] = entry
        for answer in self._waiting.pop(call_id, ()):
            self._take(answer, entry)
        return self._stands(entry)

    def answer(self, entry: Entry) -> tuple[str, Rerated] | None:
        """Take an answer in; the agency and its call, where that is rated otherwise now."""
        call = self._calls.get(entry[NAMED])
        if entry[8] is None:
            return None
        answer = Answer(entry[6], entry[5], entry[8])
        if call is None:
            self._waiting.setdefault(entry[NAMED], []).append(answer)
            return None
        before = self._stands(call)
        self._take(answer, call)
        after = self._stands(call)
        if before == after:
            return None
        measured, predicted, _ = ratings_of(call)
        rerated = Rerated(
            call_id=call[5],
            at=call[6],
            **Segment(*call[SEGMENT])._asdict(),
            measured_rating=measured,
            predicted_rating=predicted,
            before=before,
            after=after,
        )
        return call[7], rerated

    def _take(self, answer: Answer, call: Entry) -> None:
        if known_at(answer.at, call[6]) is not None:
            self._first[call[5]] = min(answer, self._first.get(call[5], answer))

    def _stands(self, call: Entry) -> LateRating | None:
        first = self._first.get(call[5])
        if first is None or ratings_of(call)[2]:
            return None
        return LateRating(first.rating, max(first.at, call[6]))
