"""Who speaks in mono recordings: bars a little below what is measured (docs/mono.md)."""

from __future__ import annotations

import pytest

from infra.lab.training.speakers.learning import CachedEncoder
from infra.lab.training.speakers.measuring import (
    counted,
    held_out_examples,
    moved_scores,
    probabilities_of,
)
from processors.speakers.attribution import CERTAIN, attributed
from processors.transcript.turns import Segment, Word
from schemas.conversation import Speaker


@pytest.fixture(scope="module")
def encoder() -> CachedEncoder:
    return CachedEncoder()


@pytest.mark.parametrize(
    ("form", "all_right", "decided", "decided_right"),
    [("written", 0.86, 0.64, 0.94), ("overheard", 0.79, 0.55, 0.90)],
)
def test_words_get_their_speaker_on_authors_not_learned_from(
    encoder: CachedEncoder, form: str, all_right: float, decided: float, decided_right: float
) -> None:
    examples = held_out_examples()[form]
    probabilities = [probabilities_of(each, encoder) for each in examples]
    assert counted(examples, probabilities, 0.5).words_right > all_right
    counts = counted(examples, probabilities, CERTAIN)
    assert counts.words > 1_000
    assert counts.coverage > decided
    assert counts.words_right > decided_right


def test_scores_from_mono_are_near_those_from_two_channels(encoder: CachedEncoder) -> None:
    moved = moved_scores(encoder)
    for name in ("aggression", "empathy"):
        differences = moved[name].differences
        assert len(differences) > 20
        assert abs(sum(differences) / len(differences)) < 0.08


def stretches(*texts: str) -> list[Segment]:
    found, clock = [], 0.0
    for text in texts:
        words = []
        for word in text.split():
            words.append(Word(clock, clock + 0.3, f" {word}", 0.9))
            clock += 0.3
        found.append(Segment(Speaker.UNKNOWN, tuple(words)))
        clock += 0.6
    return found


CALL = (
    "Pronto?",
    "Buongiorno, sono Giulia dell'agenzia Aurora, chiamo per conto di Illumina Energia.",
    "Parlo con la signora Bianchi?",
    "Sì, sono io, mi dica.",
    "C'è una bolletta di marzo da ottantaquattro euro che risulta non pagata.",
    "Guardi, a me non è arrivato niente.",
    "Capisco, mi dispiace. Gliela rimando subito per posta elettronica.",
    "Grazie, allora pago venerdì.",
)


def test_no_word_is_lost_and_words_keep_their_order(encoder: CachedEncoder) -> None:
    given = stretches(*CALL)
    found = attributed(given, "it", encoder)
    assert found is not None
    assert [word for segment in found for word in segment.words] == [
        word for segment in given for word in segment.words
    ]
    said = {segment.text: segment.speaker for segment in found}
    assert said["Parlo con la signora Bianchi?"] is Speaker.OPERATOR
    assert said["Guardi, a me non è arrivato niente."] is Speaker.CUSTOMER


def test_what_shows_no_operator_stays_unknown(encoder: CachedEncoder) -> None:
    assert attributed([], "it", encoder) is None
    assert attributed(stretches("Sì.", "No.", "Mah."), "it", encoder) is None
    assert attributed(stretches(*CALL), "fr", encoder) is None
    assert attributed(stretches(CALL[1]), "it", encoder) is None


def test_a_machine_s_words_are_nobody_s(encoder: CachedEncoder) -> None:
    message = "Risponde la segreteria telefonica, lasciate un messaggio dopo il segnale acustico."
    found = attributed(stretches(message, *CALL), "it", encoder)
    assert found is not None
    assert found[0].speaker is Speaker.UNKNOWN
