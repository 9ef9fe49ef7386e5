"""What whisper invents is dropped, with its reason."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.lab.training.material import load_material
from infra.transcription.transcriber import prompt_of
from processors.transcript.hallucinations import (
    Hallucination,
    TranscribedText,
    compression_ratio,
    hallucination_of,
)

PROMPT = prompt_of("it", ["Luce Serena"])


def text_of(text, speech=3.0, log_probability=-0.3, no_speech=0.05):
    return TranscribedText(text, speech, log_probability, no_speech)


@pytest.mark.parametrize(
    "text",
    [
        "Buongiorno, parlo con la signora Bianchi?",
        "Grazie a tutti voi per l'aiuto.",
        "No, no, no, non è vero.",
        "Da zero a dieci, che voto darebbe a questa telefonata?",
        "Da zero a dieci.",
        "Luce Serena, agenzia.",
        "Sì.",
        "Grazie.",
        "Va bene, va bene, va bene.",
        "No no no no, ascolti.",
        "Sì, sì, sì. Sì, certo, sì.",
        "Tre tre otto, tre tre otto, uno due uno due.",
        "Un attimo, un attimo, un attimo, arrivo.",
        "No no no no",
        "Sì sì sì",
        "Sì, sì, sì, sì, sì.",
        "Nooooooooo, ma scherza?",
        "Yes, yes, yes, yes.",
        "No no no, thank you, thank you.",
        "Il codice è 1212121212.",
    ],
)
def test_what_callers_say_passes(text):
    assert hallucination_of(text_of(text), PROMPT) is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (text_of("Sottotitoli creati dalla comunità Amara.org"), Hallucination.STOCK_PHRASE),
        (text_of("Sottotitoli e revisione a cura di QTSS"), Hallucination.STOCK_PHRASE),
        (text_of("Grazie per aver guardato il video!"), Hallucination.STOCK_PHRASE),
        (text_of("Thanks for watching!"), Hallucination.STOCK_PHRASE),
        (text_of("non lo so, " * 30, speech=28), Hallucination.REPEATED),
        (text_of("no no no no no no no"), Hallucination.REPEATED),
        (text_of("-A-B-A-B-A-B", log_probability=-0.02), Hallucination.REPEATED),
        (text_of("A. B. C. A. B. C. A. B. C.", speech=6), Hallucination.REPEATED),
        (text_of("la la la la la la la"), Hallucination.REPEATED),
        (text_of("Tatatatatata."), Hallucination.REPEATED),
        (text_of("thank you thank you thank you thank you thank you"), Hallucination.REPEATED),
        (
            text_of("I don't know. I don't know. I don't know. I don't know."),
            Hallucination.REPEATED,
        ),
        (text_of("E poi la luce, la luce, la luce, la luce, la luce,", 4), Hallucination.REPEATED),
        (text_of("non lo so non lo so non lo so non lo so"), Hallucination.REPEATED),
        (text_of("Pronto?", speech=0.0), Hallucination.UNHEARD),
        (
            text_of("Questa frase è troppo lunga per un colpo di tosse.", speech=0.3),
            Hallucination.UNHEARD,
        ),
        (text_of("Parole a caso.", log_probability=-3.5), Hallucination.IMPROBABLE),
        (text_of("Parole a caso.", log_probability=-1.3, no_speech=0.9), Hallucination.IMPROBABLE),
        (text_of("bolletta, fattura, agenzia, rate, disdetta"), Hallucination.ECHO),
        (text_of("Ecco la telefonata. Che cosa si dice?"), Hallucination.ECHO),
        (text_of("Iscriviti al canale e attiva la campanella"), Hallucination.STOCK_PHRASE),
        (text_of("Subtitles created by the Amara.org community"), Hallucination.STOCK_PHRASE),
        (text_of("[Musica]"), Hallucination.STOCK_PHRASE),
        (text_of("♪ ♪"), Hallucination.WORDLESS),
        (text_of("..."), Hallucination.WORDLESS),
        (text_of("Finché non c'è rete. " * 3, speech=0.9), Hallucination.UNHEARD),
    ],
)
def test_what_nobody_said_is_reported_with_its_reason(said, reason):
    assert hallucination_of(said, PROMPT) is reason


@pytest.mark.parametrize("text", ["Nonononono!", "Sìsìsìsìsì.", "Ahahahahah!", "IT0101010101"])
def test_refusals_laughter_and_codes_without_blanks_pass(text):
    assert hallucination_of(text_of(text, speech=5), PROMPT) is None


def test_uncertain_speech_passes_where_the_model_found_a_voice():
    assert hallucination_of(text_of("Direi un note.", log_probability=-1.3, no_speech=0.1)) is None


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["la", "bolletta", "non", "è", "mia", "the", "bill", "was", "paid"]),
        min_size=2,
        max_size=5,
        unique=True,
    ),
    st.integers(min_value=5, max_value=12),
)
def test_a_unit_that_comes_five_times_is_a_loop_at_any_length(unit, times):
    assert hallucination_of(text_of(" ".join(unit * times), 90.0)) is Hallucination.REPEATED


@given(st.sampled_from(["no", "sì", "yes", "okay", "certo"]), st.integers(1, 5))
def test_one_word_said_up_to_five_times_is_a_callers_own(word, times):
    assert hallucination_of(text_of(" ".join([word] * times))) is None


@given(st.text(max_size=200))
def test_compression_ratio_is_zlibs(text):
    raw = text.encode()
    expected = len(raw) / len(zlib.compress(raw)) if raw else 0.0
    assert compression_ratio(text) == expected


def test_nothing_that_people_say_in_the_material_is_a_loop() -> None:
    material = load_material("train")
    said = [turn.text for call in material.calls for turn in call.turns]
    said += [turn.said.text for turn in material.operators]
    said += [turn.said.text for turn in material.customers]
    taken = {
        text
        for text in said
        if hallucination_of(text_of(text, speech=90.0)) is Hallucination.REPEATED
    }
    assert taken == set()
