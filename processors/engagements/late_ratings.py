"""The ratings that answers give to one customer's calls, updated event by event."""

from __future__ import annotations

from processors.engagements.corrections import Answer, known_at
from processors.engagements.entries import AnswerEntry, CallEntry
from schemas.changes import LateRating, Rerated


class LateRatings:
    """One customer's calls and answers so far, in whatever order they come."""

    def __init__(self) -> None:
        self._calls: dict[str, CallEntry] = {}
        self._waiting: dict[str, list[Answer]] = {}
        self._first: dict[str, Answer] = {}
        """Of each call that was answered, the answer that counts."""

    def call(self, entry: CallEntry) -> LateRating | None:
        """Take a call in; the rating that an answer before it has given it."""
        self._calls[entry.event_id] = entry
        for answer in self._waiting.pop(entry.event_id, ()):
            self._take(answer, entry)
        return self._rating(entry)

    def answer(self, entry: AnswerEntry) -> tuple[str, Rerated] | None:
        """Take an answer in; the agency and its call, where that is rated otherwise now."""
        call = self._calls.get(entry.call_id)
        if entry.rating is None:
            return None
        answer = Answer(entry.at, entry.event_id, entry.rating)
        if call is None:
            self._waiting.setdefault(entry.call_id, []).append(answer)
            return None
        before = self._rating(call)
        self._take(answer, call)
        after = self._rating(call)
        if before == after:
            return None
        rerated = Rerated(
            call_id=call.event_id,
            at=call.at,
            **call.segment._asdict(),
            measured_rating=call.measured_rating,
            predicted_rating=call.predicted_rating,
            before=before,
            after=after,
        )
        return call.agency_id, rerated

    def _take(self, answer: Answer, call: CallEntry) -> None:
        if known_at(answer.at, call.at) is not None:
            self._first[call.event_id] = min(answer, self._first.get(call.event_id, answer))

    def _rating(self, call: CallEntry) -> LateRating | None:
        first = self._first.get(call.event_id)
        if first is None or call.surveyed:
            return None
        return LateRating(first.rating, max(first.at, call.at))
