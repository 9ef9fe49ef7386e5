"""Long turns of any words: their cost is linear in their length."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import pytest

from infra.scoring.catalogue import scorer_of
from processors.redaction.redact import redact_call
from processors.scoring.call import score_call
from processors.text.clauses import clauses_of
from schemas.conversation import Speaker, Turn

LEXICON = scorer_of("lexicon")
WORDS = {
    "digits": "1 ",
    "numbers in words": "tre quattro ",
    "names": "Mario Rossi ",
    "addresses aloud": "mario chiocciola punto ",
    "account numbers": "IT60X0542811101000000123456 ",
    "digits among letters": "it 1 ",
    "short clauses": "non, ",
    "joints": "ma ",
    "punctuation alone": ",",
    "dashes": " -",
    "blanks": "    ",
    "threats": "vi stacchiamo la luce ",
    "questions": "quante? due? ",
    "one word": "parola",
    "ratings": "otto su dieci ",
    "days": "il tre marzo e il nove quattro ",
    "one question": "quante zero dieci ",
}
START = "uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici e poi "


def cost(work: Callable[[], object]) -> float:
    """The processor time of `work`, in seconds: the least of three."""
    times = []
    for _ in range(3):
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times)


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_four_times_the_words_cost_about_four_times_as_much(words: str) -> None:
    def turns(size: int) -> list[Turn]:
        text = START + words * (size // len(words)) + "?"
        return [Turn(speaker=who, text=text) for who in (Speaker.OPERATOR, Speaker.CUSTOMER)]

    def worked(size: int) -> Callable[[], object]:
        said = turns(size)
        texts = [turn.text for turn in said]

        def work() -> None:
            redact_call(texts, "it", ["Mario Rossi"])
            clauses_of(texts[0])
            score_call(said, "it", LEXICON)

        return work

    worked(1_000)()
    assert cost(worked(48_000)) < 8 * cost(worked(12_000)) + 0.05
