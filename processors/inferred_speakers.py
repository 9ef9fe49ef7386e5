"""Whether scores from inferred speakers count, by client company."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, NamedTuple

EVERYONE = "*"

Choice = Literal["counted", "left_out"]


class Counting(NamedTuple):
    """What each client company wants; that of `*` holds for those not named, else they count."""

    choices: Mapping[str, Choice]

    def counted(self, client_id: str) -> bool:
        """Whether calls of this client company whose speakers were inferred are scored."""
        everyones = self.choices.get(EVERYONE, "counted")
        return self.choices.get(client_id, everyones) == "counted"

    def written(self) -> str:
        """As JSON, which `read` reads."""
        return json.dumps(dict(self.choices))

    @classmethod
    def read(cls, text: str) -> Counting:
        """From what `written` gave."""
        return cls(json.loads(text))


COUNTED = Counting({})
"""Scores from inferred speakers count for everyone."""
