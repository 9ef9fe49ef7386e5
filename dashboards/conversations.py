"""Which conversations a reader asks for: the variables of `queries/conversations.sql`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from schemas.conversation import Driver, Intent, Rule
from schemas.errors import AscoltoError

LONGEST_TEXT = 100
"""Characters of a text that is searched."""

PAGE_ROWS = 30
"""Conversations in one answer; `after` of its last row asks for those that follow."""

SEARCHED = 20_000
"""A text is searched in so many conversations, the newest of those that all else leaves."""

_AFTER = re.compile(r"-?\d{1,18},[^\s|]{1,128}")
_CONVERSATION = re.compile(r"[^\s|]{1,128}")


class InvalidSearchError(AscoltoError, ValueError):
    """A search that no conversation can answer; its text is the field's name."""


class Order(StrEnum):
    """What comes first; those without the score or rating that orders them are left out."""

    NEWEST = "newest"
    AGGRESSION = "aggression"
    LEAST_AGGRESSION = "least_aggression"
    EMPATHY = "empathy"
    LEAST_EMPATHY = "least_empathy"
    SENTIMENT = "sentiment"
    LEAST_SENTIMENT = "least_sentiment"
    RATING = "rating"
    LEAST_RATING = "least_rating"


class Outcome(StrEnum):
    """What became of the engagements that matured in the window; their conversations are shown."""

    LOST = "lost"
    STAYED = "stayed"
    PAID = "paid"
    UNPAID = "unpaid"


class Rated(StrEnum):
    """Conversations by their rating, surveyed or spoken."""

    PROMOTERS = "promoters"
    PASSIVES = "passives"
    DETRACTORS = "detractors"
    NONE = "none"


ANY_RULE = "any"

CHOICES: Mapping[str, tuple[str, ...]] = {
    "order": tuple(Order),
    "outcome": ("", *Outcome),
    "rating": ("", *Rated),
    "conduct": ("", ANY_RULE, *Rule),
    "driver": ("", *Driver),
    "intent": ("", *Intent),
}
"""The values of each choice of a search, the default first; empty is no condition."""


@dataclass(frozen=True)
class Search:
    """One page of a search. Empty is no condition.

    `after` is the column `after` of the last row of the page before; empty for the first page.
    Raises InvalidSearchError for values that are not of `CHOICES`, and for a text too long.
    """

    order: str = Order.NEWEST
    outcome: str = ""
    rating: str = ""
    conduct: str = ""
    driver: str = ""
    intent: str = ""
    text: str = ""
    after: str = ""

    def __post_init__(self) -> None:
        for name, values in CHOICES.items():
            if getattr(self, name) not in values:
                raise InvalidSearchError(name)
        if len(self.text) > LONGEST_TEXT or "\0" in self.text:
            raise InvalidSearchError("text")
        if self.after and not _AFTER.fullmatch(self.after):
            raise InvalidSearchError("after")

    @property
    def variables(self) -> Mapping[str, str]:
        """The values of the query's variables."""
        return {name: str(value) for name, value in asdict(self).items()}


def conversation_variables(conversation: str) -> Mapping[str, str]:
    """The variable of the queries about one conversation, named by its event's identity.

    Raises InvalidSearchError for what cannot be one.
    """
    if not _CONVERSATION.fullmatch(conversation):
        raise InvalidSearchError("conversation")
    return {"conversation": conversation}
