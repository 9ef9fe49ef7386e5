"""The learned scorer: the same turn always gets the same reading, with the right reasons."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from processors.encoder import scorer as encoder_reader
from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.explain import FLOOR, best_part
from processors.encoder.network import load_weights
from processors.encoder.rounds import Steps, in_rounds
from processors.encoder.scorer import EncoderReader
from processors.scoring.call import Conversation, score_call, score_calls
from processors.scoring.cues import read_turn
from processors.scoring.scorer import Utterance
from processors.text.clauses import MOST_WORDS, clauses_of, sentences_of, windows_of
from processors.text.ngrams import grams_of
from processors.text.tokens import cut
from schemas.conversation import Driver, Rule, Speaker, Turn
from tests.scoring.readers import shared_encoder

MATERIAL = Path(__file__).parent / "material"
ENCODER = shared_encoder()
READER = EncoderReader(ENCODER)
HARSH = "Lei è una bugiarda. Ma si vergogni, alla sua età a inventare queste storie. Arrivederci."
KIND = "Mi dispiace davvero per suo marito. Facciamo con calma, la dividiamo in sei rate."
CALM = "Le confermo che la fattura è di marzo."


def op(text: str) -> Turn:
    return Turn(speaker=Speaker.OPERATOR, text=text)


def cu(text: str) -> Turn:
    return Turn(speaker=Speaker.CUSTOMER, text=text)


def test_a_vector_has_the_same_bits_alone_and_among_others() -> None:
    texts = ["Paghi subito.", "Sì.", "Le rate vanno bene, grazie mille, ci risentiamo giovedì."]
    together = ENCODER.encode(texts)
    for place, text in enumerate(texts):
        assert together[place].tobytes() == ENCODER.encode([text])[0].tobytes()


def test_a_turn_is_read_the_same_whatever_was_read_before() -> None:
    turns = [Utterance(Speaker.OPERATOR, text) for text in (HARSH, KIND, CALM)]
    turns += [
        Utterance(Speaker.CUSTOMER, text) for text in ("Siete dei ladri.", "Grazie, gentile.")
    ]
    forward = EncoderReader(ENCODER).read(turns, "it")
    backward = EncoderReader(ENCODER).read(turns[::-1], "it")
    alone = [EncoderReader(ENCODER).read([turn], "it")[0] for turn in turns]
    assert forward == backward[::-1] == alone


def labelled_calls(most: int) -> list[Conversation]:
    """Labelled calls in both languages."""
    rows = (MATERIAL / "rating_calls.jsonl").read_text("utf-8").splitlines()
    calls = [json.loads(row) for row in rows]
    return [
        Conversation([Turn(speaker=t["speaker"], text=t["text"]) for t in call["turns"]], language)
        for call in calls[:most]
        for language in ("it", "en")
    ]


def test_calls_have_the_scores_they_have_alone_whatever_they_are_scored_with() -> None:
    calls = labelled_calls(12)
    together = score_calls(calls, EncoderReader(ENCODER))
    assert any(score.drivers for score in together)
    assert together == [score_calls([call], EncoderReader(ENCODER))[0] for call in calls]


def test_what_is_encoded_ahead_decides_on_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = labelled_calls(4)
    ahead = score_calls(calls, EncoderReader(ENCODER))
    monkeypatch.setattr(TurnEmbeddings, "encode", lambda *_: None)
    assert score_calls(calls, EncoderReader(ENCODER)) == ahead


def test_what_readings_are_about_to_read_is_encoded_together() -> None:
    def steps(*rounds: str) -> Steps[int]:
        for text in rounds:
            yield [Utterance(Speaker.CUSTOMER, text)]
        return len(rounds)

    encoded: list[list[str]] = []
    counts = in_rounds(
        [steps("a", "b"), steps(), steps("c")],
        lambda texts: encoded.append([each.text for each in texts]),
    )
    assert counts == [2, 0, 1]
    assert [texts for texts in encoded if texts] == [["a", "c"], ["b"]]


def test_a_customers_turn_is_read_the_same_whatever_the_operator_had_said() -> None:
    text = "Siete dei ladri, dal mese prossimo vi saluto."
    asked = "E se non pago cosa mi succede, mi pignorano?"
    before = [Utterance(Speaker.CUSTOMER, text, said) for said in ("", "Va bene?", asked)]
    assert len({repr(EncoderReader(ENCODER).read([said], "it")) for said in before}) == 1


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("That's it, I'm switching supplier.", True),
        ("I want to cancel.", True),
        ("I don't want to cancel, I want a plan.", False),
        ("Are you cancelling my contract?", False),
    ],
)
def test_plain_english_of_leaving_is_an_intent(text: str, leaves: bool) -> None:
    [reading] = READER.read([Utterance(Speaker.CUSTOMER, text)], "en")
    assert (reading.leaves is not None) is leaves


def test_phrases_of_a_sentence_are_found_in_their_place_however_often_it_comes() -> None:
    sentence = "O paga entro domani o le stacchiamo la luce."
    alone = read_turn(sentence, "it", Speaker.OPERATOR)
    twice = read_turn(f"{sentence} Guardi. {sentence}", "it", Speaker.OPERATOR)
    found = [(cue.family, cue.weight, cue.quote) for cue in alone]
    assert found
    assert [(cue.family, cue.weight, cue.quote) for cue in twice if cue.sentence != 1] == found * 2
    words = len(cut(sentence, "it").words) + 1
    later = [(cue.first - words, cue.after - words) for cue in twice if cue.sentence == 2]
    assert later == [(cue.first, cue.after) for cue in alone]


def test_a_text_without_words_has_no_ngrams() -> None:
    assert [(part.places.size, part.values.size) for part in grams_of("...")] == [(0, 0), (0, 0)]


@given(st.lists(st.sampled_from(["rata", "paga", "la", "luce"]), min_size=1, max_size=30))
def test_every_word_and_pair_of_words_is_counted(words: list[str]) -> None:
    counted = Counter(words) + Counter(pairwise(words))
    found = np.exp(grams_of(" ".join(words)).words.values - 1.0)
    assert sorted(np.round(found)) == sorted(counted.values())


def test_ngrams_and_words_are_counted_each_in_its_bucket() -> None:
    once, twice = grams_of("paga"), grams_of("Paga, paga")
    for few, many in zip(once, twice, strict=True):
        assert list(few.places) == sorted(set(few.places))
        assert set(few.values) == {1.0}
        assert np.allclose(many.values[np.isin(many.places, few.places)], 1.0 + np.log(2.0))
    assert list(once.characters.places) == list(twice.characters.places)
    assert twice.words.places.size == 2, "the pair of words comes on top"


def test_a_networks_logits_are_what_its_layers_make_of_the_features() -> None:
    network = load_weights().heads[Speaker.OPERATOR].network
    rng = np.random.default_rng(3)
    embedding, features = rng.normal(size=512), rng.normal(size=len(network.hidden_weights) - 512)
    layer = np.maximum(
        np.concatenate([embedding, features]) @ network.hidden_weights + network.hidden_bias, 0
    )
    assert np.allclose(network.logits(embedding, features), layer @ network.output_weights)


def test_turns_are_ranked_and_the_sentence_that_carries_the_score_is_quoted() -> None:
    score = score_call([op(HARSH), op(CALM), op(KIND)], "it", READER)
    harsh, calm, kind = score.turns
    assert harsh.aggression is not None
    assert calm.aggression is not None
    assert kind.empathy is not None
    assert calm.empathy is not None
    assert harsh.aggression > 0.5 > FLOOR > calm.aggression
    assert kind.empathy > 0.5 > FLOOR > calm.empathy
    quoted = "Ma si vergogni, alla sua età a inventare queste storie."
    assert [reason.text for reason in harsh.reasons] == [quoted]
    assert harsh.reasons[0].kind.startswith("aggression.")
    assert [reason.kind.partition(".")[0] for reason in kind.reasons] == ["empathy"]
    assert calm.reasons == []


def test_what_the_operator_says_is_read_with_what_was_asked() -> None:
    answer = "Dopo il decreto il giudice può disporre il pignoramento di un quinto."
    asked = [cu("E se non pago cosa mi succede, mi pignorano?"), op(answer)]
    assert Rule.THREAT not in {flag.rule for flag in score_call(asked, "it", READER).conduct}


def test_a_threat_names_its_turn_and_words_and_is_a_driver_too() -> None:
    turns = [cu("Non ho i soldi."), op("O paga oggi o domani le stacchiamo la luce, capito?")]
    score = score_call(turns, "it", READER)
    threats = [flag for flag in score.conduct if flag.rule is Rule.THREAT]
    assert [flag.turn for flag in threats] == [1]
    assert "stacchiamo la luce" in threats[0].quote
    assert (Driver.THREAT, 1) in {(found.driver, found.turn) for found in score.drivers}


def test_customers_intents_and_reasons_are_found_in_other_words() -> None:
    turns = [
        cu("Mezz'ora con la musichetta nell'orecchio, ma vi pare il modo?"),
        cu("Guardi, dal mese prossimo vi saluto, ho già firmato con un altro gestore."),
    ]
    score = score_call(turns, "it", READER)
    assert score.churn_intent
    assert not score.promise_to_pay
    assert (Driver.WAITING_TIME, 0) in {(found.driver, found.turn) for found in score.drivers}
    assert score.sentiment is not None
    assert score.sentiment < 0


def test_a_long_turn_is_as_harsh_as_its_harshest_window() -> None:
    words = "Le leggo i dati della pratica come risultano a terminale. " * 30
    long = READER.read([Utterance(Speaker.OPERATOR, words + HARSH)], "it")[0].score.aggression
    dull = READER.read([Utterance(Speaker.OPERATOR, words)], "it")[0].score.aggression
    assert long is not None
    assert dull is not None
    assert long > dull + 0.2


@pytest.mark.parametrize("text", ["", "  ", "...", "?!", "😰"])
def test_a_turn_without_words_has_no_scores(text: str) -> None:
    score = score_call([op(text), op(CALM), cu("Sì.")], "it", READER)
    assert (score.turns[0].aggression, score.turns[0].empathy) == (None, None)
    assert score.aggression is not None


class Counting:
    """An encoder that counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.extend(texts)
        return ENCODER.encode(texts)


def test_sentences_are_encoded_once_whatever_their_amounts() -> None:
    counting = Counting()
    reader = EncoderReader(counting)
    first = reader.read([Utterance(Speaker.OPERATOR, "Buongiorno. Sono 80 euro.")], "it")
    again = reader.read([Utterance(Speaker.OPERATOR, "Sono 92,50 euro. Buongiorno.")], "it")
    assert sorted(counting.asked) == ["Buongiorno.", "Sono 10 euro."]
    assert first[0].score.aggression is not None
    assert again[0].score.aggression is not None


def test_a_cache_that_overflows_changes_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_reader, "CACHED_READINGS", 1)
    reader = EncoderReader(ENCODER)
    turns = [Utterance(Speaker.OPERATOR, text) for text in (HARSH, CALM, HARSH)]
    assert reader.read(turns, "it") == READER.read(turns, "it")


def test_parts_of_a_turn_are_its_own_words() -> None:
    first = "Guardi, la fattura di marzo è ancora aperta, però se lei paga oggi la chiudiamo noi."
    text = f"{first} Va bene? Ok"
    assert sentences_of(text) == [first, "Va bene?", "Ok"]
    assert all(clause in text for clause in clauses_of(text))
    assert len(clauses_of(text)) > len(sentences_of(text))
    assert sentences_of("... ?!") == []
    unpunctuated = "parola " * (MOST_WORDS * 2 + 5)
    windows = windows_of(unpunctuated)
    assert len(windows) == 3
    assert all(len(window.split()) <= MOST_WORDS for window in windows)


def test_a_part_that_does_not_carry_the_score_is_not_quoted_alone() -> None:
    whole = "Uno due. Tre quattro."
    scores = {whole: 0.9, "Uno due.": 0.2, "Tre quattro.": 0.3}
    turn = Utterance(Speaker.CUSTOMER, whole)

    def quoted() -> str:
        return in_rounds([best_part(turn, scores.__getitem__)], lambda _: None)[0]

    assert quoted() == whole
    scores["Tre quattro."] = 0.8
    assert quoted() == "Tre quattro."


def test_the_weights_are_small_and_fit_their_labels() -> None:
    weights = load_weights()
    assert set(weights.thresholds) == {"threatens", "leaves", "promises", *map(str, Driver)}
    assert all(0 < value < 1 for value in weights.thresholds.values())
    assert list(weights.rating_cuts) == sorted(weights.rating_cuts)
    assert len(weights.rating_cuts) == 10


def test_a_call_has_the_drivers_that_its_turns_show_together() -> None:
    turns = [
        cu("Centottanta euro tutti insieme non ce li ho, sono in cassa integrazione."),
        op("Gliela divido in tre rate da sessanta, la prima a fine mese. Può andare?"),
        cu("Sì, in tre volte ce la faccio."),
    ]
    found = score_call(turns, "it", READER).drivers
    assert {each.driver for each in found} == {Driver.PAYMENT_PLAN}
    assert all(each.quote in turns[each.turn].text for each in found)
