"""Every counter of the workers' status page: its name, its unit and what it counts.

`docs/metrics.md` lists them for operators. Counters start at 0 with each worker, and what is done
again after a crash is counted again.
"""

from __future__ import annotations

from typing import NamedTuple


class Counter(NamedTuple):
    """One counter; a name with `{fields}` stands for as many as there are values of them."""

    name: str
    unit: str
    meaning: str

    def of(self, **fields: str) -> Counter:
        """The counter of these values."""
        return self._replace(name=self.name.format(**fields))


DEAD_LETTERS = Counter("dead_letters", "messages", "dead letters written by this worker")
CONFLICTS = Counter(
    "conflicts",
    "events",
    "dead letters of events whose identity names another event that said something else",
)
KNOWN_FROM_OLDER_VERSIONS = Counter(
    "known_from_older_versions",
    "events",
    "events that a version before identities had taken in: nothing was done",
)
FACTS = Counter(
    "{fact}_{outcome}",
    "events",
    "facts that `link` took in; fact: scoredcall, payment, cancellation, paymentreturn, "
    "surveyanswer; outcome: new, replay (that delivery again), duplicate (that event elsewhere)",
)
REPARTITIONED = Counter(
    "repartitioned",
    "events",
    "events that came by another partition than their customer's, sent on to it",
)
LATE_EVENTS = Counter(
    "late_events", "events", "new facts of an engagement that had ended longer ago than the grace"
)
EVENTS_SETTLED = Counter(
    "events_settled", "events", "facts moved from the customers' states to the archive"
)
CALLS_SCORED = Counter("calls_scored", "calls", "conversations scored")
ATTEMPTS = Counter("attempts", "calls", "calls that nobody answered, which get no scores")
TRANSCRIBED_FROM_AUDIO = Counter("transcribed_from_audio", "calls", "recordings transcribed")
TEXTS_TAKEN_FOR_INVENTED = Counter(
    "texts_taken_for_invented",
    "segments",
    "texts of the speech model dropped because nobody said them",
)
RECORDINGS_PARTLY_UNHEARD = Counter(
    "recordings_partly_unheard", "calls", "recordings of which a part was not transcribed"
)
RECORDINGS_IN_DOUBT = Counter(
    "recordings_in_doubt", "calls", "recordings of which a part is not scored, for a doubt"
)
CALLS_TAKEN_IN_PART = Counter(
    "calls_taken_in_part", "calls", "calls with a part that could not be used and was left out"
)
LEFT_OUT = Counter(
    "left_out:{part}",
    "parts",
    "parts of calls that were left out, by their place, as left_out:survey.rating",
)

COUNTERS = (
    DEAD_LETTERS,
    CONFLICTS,
    KNOWN_FROM_OLDER_VERSIONS,
    FACTS,
    REPARTITIONED,
    LATE_EVENTS,
    EVENTS_SETTLED,
    CALLS_SCORED,
    ATTEMPTS,
    TRANSCRIBED_FROM_AUDIO,
    TEXTS_TAKEN_FOR_INVENTED,
    RECORDINGS_PARTLY_UNHEARD,
    RECORDINGS_IN_DOUBT,
    CALLS_TAKEN_IN_PART,
    LEFT_OUT,
)
