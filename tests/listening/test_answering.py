"""Machines and people: who answers a call, and whose words are whose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.lab.training.announcements import evaluate, samples
from processors.attempts.answering import human_text, unanswered, with_machine_turns
from processors.redaction.redact import redact_call
from schemas.conversation import Speaker, Turn, Unanswered

LEAST_RECALL = 0.9
"""Of the held-out messages, those that were unusual on purpose among them."""


def call(*lines: str) -> list[Turn]:
    """Turns from 'o: ...', 'c: ...' and 'u: ...'."""
    speakers = {"o": Speaker.OPERATOR, "c": Speaker.CUSTOMER, "u": Speaker.UNKNOWN}
    return [Turn(speaker=speakers[line[0]], text=line[2:].strip()) for line in lines]


MACHINES = [
    "Il cliente da lei chiamato non è al momento raggiungibile. La preghiamo di richiamare.",
    "L'utente chiamato ha il telefono spento o non è raggiungibile.",
    "Wind, messaggio gratuito: il cliente da lei chiamato è al momento occupato.",
    "TIM, informazione gratuita. Il numero da lei selezionato è inesistente.",
    "Servizio di segreteria telefonica, lasciate un messaggio dopo il segnale acustico.",
    "Benvenuto nella segreteria Vodafone. Siamo spiacenti, l'utente non può rispondere.",
    "Questa è la segreteria telefonica di Marco Bianchi. Lasciate un messaggio dopo il bip.",
    "Non sono in casa, lasciate un messaggio dopo il bip.",
    "Per parlare con un operatore prema uno.",
    "Rimanga in linea per non perdere la priorità acquisita.",
    "Tutti i nostri operatori sono occupati.",
    "I nostri uffici sono aperti dalle nove alle diciotto.",
    "The person you are calling is not available. Please leave a message after the tone.",
    "The number you have dialled has not been recognised.",
    "Your call is important to us.",
    "Il numero non sta rispondendo. Per piacere, riprora più tardi. Tutti circuiti sono occupati.",
    "Prego lasciare un messaggio dopo il segnale accustico, o premere il tasto cancelletto.",
]
PEOPLE = [
    "Ero in segreteria, non ho visto la chiamata.",
    "La mia linea è spenta da lunedì.",
    "Mi ha risposto la segreteria e ho messo giù.",
    "Lasciatemi un messaggio, la prossima volta.",
    "Il numero è inesistente, mi dice.",
    "Avevo il telefono spento.",
    "Resti in linea, cerco la bolletta.",
    "In questo momento non posso parlare, mi richiami più tardi.",
    "Ho chiamato e diceva: tutti i nostri operatori sono occupati, rimanga in linea.",
    "I left my name after the beep and nobody rang.",
    "Sì.",
    "Pronto?",
    "Buongiorno.",
    "tre tre otto quattro cinque sei",
]


@pytest.mark.parametrize("text", MACHINES)
def test_a_message_alone_is_an_attempt(text: str) -> None:
    assert unanswered(call(f"c: {text}"), "it") is Unanswered.MACHINE
    assert unanswered(call(f"u: {text}"), "it") is Unanswered.MACHINE
    shouted_or_bare = "".join(letter for letter in text.lower() if letter not in ",.:!")
    assert unanswered(call(f"c: {shouted_or_bare}"), "en") is Unanswered.MACHINE


@pytest.mark.parametrize("text", PEOPLE)
def test_people_who_speak_of_such_messages_stay_people(text: str) -> None:
    turns = call("o: Buongiorno.", f"c: {text}")
    assert unanswered(turns, "it") is None
    assert with_machine_turns(turns) == turns


def test_held_out_messages_are_found_and_no_person_is_classified_as_one() -> None:
    found = evaluate("test").values()
    machines, people = sum(of.machines for of in found), sum(of.people for of in found)
    assert machines >= 110
    assert people >= 110
    assert sum(of.found for of in found) >= LEAST_RECALL * machines
    assert sum(of.alarms for of in found) == 0


def test_redaction_does_not_hide_a_message() -> None:
    texts = ["Segreteria di Anna Neri, 347 55 12 908, lasciate un messaggio dopo il segnale."]
    assert unanswered(call(f"c: {redact_call(texts, 'it')[0]}"), "it") is Unanswered.MACHINE


def test_a_message_cut_by_the_transcriber_is_read_as_one() -> None:
    turns = call(
        "c: Risponde la segreteria telefonica di",
        "o: Pronto?",
        "c: tre tre tre, otto sette sei,",
        "c: lasciate un messaggio",
        "c: dopo il bip.",
    )
    assert unanswered(turns, "it") is Unanswered.MACHINE
    speakers = [turn.speaker.value for turn in with_machine_turns(turns)]
    assert speakers == ["machine", "operator", "machine", "machine", "machine"]


def test_a_person_after_a_menu_is_scored_without_the_menu() -> None:
    turns = call(
        "c: Per l'amministrazione prema due.",
        "c: Officine Sartori, buongiorno.",
        "o: Cercavo il titolare.",
        "c: Sono io, mi dica.",
    )
    assert unanswered(turns, "it") is None
    assert [human_text(turn) for turn in with_machine_turns(turns)] == [
        "",
        *(t.text for t in turns[1:]),
    ]


def test_an_announcement_on_hold_is_not_the_customers() -> None:
    turns = call(
        "c: Un attimo, prendo la bolletta.",
        "c: La preghiamo di attendere in linea, la sua chiamata è importante per noi.",
        "c: Eccomi. Non posso pagare.",
    )
    assert [turn.speaker.value for turn in with_machine_turns(turns)] == [
        "customer",
        "machine",
        "customer",
    ]


def test_of_a_turn_that_starts_with_a_machine_the_persons_words_remain() -> None:
    turns = call("c: Rimanga in linea per non perdere la priorità acquisita. Pronto, chi parla?")
    assert unanswered(turns, "it") is None
    assert human_text(with_machine_turns(turns)[0]).strip(" .") == "Pronto, chi parla?"


def test_somebody_who_reports_over_several_turns_is_a_person() -> None:
    turns = call("c: Ho chiamato", "c: e mi dice", "c: che tutti gli operatori sono occupati.")
    assert unanswered(turns, "it") is None


def test_a_greeting_after_a_menu_may_be_a_person() -> None:
    assert unanswered(call("c: Per informazioni prema uno.", "c: Buongiorno."), "it") is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["o: Pronto? Pronto?", "o: Mi sente?"], Unanswered.SILENCE),
        (["o: Pronto, buongiorno, parlo con la signora [NOME]?"], Unanswered.SILENCE),
        (
            ["o: Salve, la chiamo per conto di Luce, la prego di richiamare al numero verde."],
            Unanswered.MESSAGE_LEFT,
        ),
        (["o: Buongiorno, sono Anna di Bora.", "o: Mi richiami domani."], Unanswered.MESSAGE_LEFT),
        (["o: Signora, lei deve pagare subito!"], None),
        (["o: La contatto per la bolletta: se non paga le stacchiamo la luce."], None),
        (["o: Mi richiami al numero verde."], None),
    ],
)
def test_an_operators_words_alone(lines: list[str], expected: Unanswered | None) -> None:
    assert unanswered(call(*lines), "it") is expected


def test_an_operator_who_speaks_to_a_machine_on_one_channel() -> None:
    machine = "u: Segreteria di Marco, lasciate un messaggio dopo il bip."
    message = "u: Buongiorno, la chiamo da Agenzia Bora, la prego di richiamarmi."
    assert unanswered(call(machine, message), "it") is Unanswered.MACHINE
    assert unanswered(call(machine, "u: Pronto, sono qui, mi dica."), "it") is None


def test_machine_turns_of_the_emitter_remain() -> None:
    turns = [Turn(speaker=Speaker.MACHINE, text="Testo che nessuna lista conosce.")]
    assert unanswered(turns, "it") is Unanswered.MACHINE
    assert with_machine_turns(turns) == turns


_TEXTS = st.one_of(
    st.sampled_from([text for each in samples("test") for text in each.turns]), st.text(max_size=60)
)
_TURNS = st.lists(st.builds(Turn, speaker=st.sampled_from(Speaker), text=_TEXTS), max_size=6)


@given(_TURNS)
def test_labelling_machine_turns_is_idempotent(turns: list[Turn]) -> None:
    once = with_machine_turns(turns)
    assert [turn.text for turn in once] == [turn.text for turn in turns]
    assert with_machine_turns(once) == once
    assert unanswered(once, "it") == unanswered(turns, "it")


@given(_TURNS)
def test_operators_turns_are_never_a_machines(turns: list[Turn]) -> None:
    for before, after in zip(turns, with_machine_turns(turns), strict=True):
        if before.speaker is Speaker.OPERATOR:
            assert after == before
