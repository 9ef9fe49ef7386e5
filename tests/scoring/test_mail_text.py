"""Of a written message only what is new counts: not the thread, not what mail programs add."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.mail.own_words import new_text, own_words
from processors.scoring.call import score_call
from schemas.conversation import CallScore, Speaker, Turn
from schemas.events import CallEnded, CallEndedEvent, Channel
from streams.agents.calls import from_text
from tests.scoring.readers import shared_reader

MATERIAL = Path(__file__).parent / "material" / "mails.jsonl"
MAILS: list[dict[str, str]] = [json.loads(line) for line in MATERIAL.read_text().splitlines()]
MILD = "Grazie mille, siete stati gentilissimi, pago domani."
INSULTS = "Vergogna, siete dei ladri, cambio gestore subito!"
KIND = "Mi dispiace molto per il disguido, possiamo dividere l'importo in quattro rate."
THREAT = "Se non paga entro 48 ore le stacchiamo la fornitura, e lei è una morosa."

THREADS = [
    "\n\nIl giorno lun 2 mar 2026 alle ore 10:11 {who} <a@b.example>\nha scritto:\n\n> {old}\n",
    "\n\nOn Mon, 2 Mar 2026 at 10:11, {who} <a@mail.example> wrote:\n\n{old}\n",
    "\n\nDa: {who} <a@b.example>\nInviato: lunedì 2 marzo 2026\nA: B\nOggetto: X\n\n{old}\n",
    "\n\n-----Messaggio originale-----\nDa: {who}\nData: 02/03/2026\nA: B\nOggetto: X\n\n{old}",
    "\n\nInviato da iPhone\n\n"
    "> Il giorno 2 mar 2026, alle ore 10:11, {who} <a@b.example> ha scritto:\n> \n> {old}\n",
    " Il giorno lun 2 mar 2026 alle ore 10:11 {who} <a@posta.example> ha scritto: > {old}",
]


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail["name"])
def test_the_writer_s_own_words_are_left(mail: dict[str, str]) -> None:
    assert flat(new_text(mail["text"])) == flat(mail["new"])


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail["name"])
def test_what_is_new_is_all_new(mail: dict[str, str]) -> None:
    once = new_text(mail["text"])
    assert new_text(once) == once


def test_the_material_is_varied() -> None:
    assert len(MAILS) >= 130
    assert sum(mail["language"] == "en" for mail in MAILS) >= 25
    assert sum(mail["text"].lstrip().startswith("<") for mail in MAILS) >= 15
    assert sum(mail["text"] == mail["new"] for mail in MAILS) >= 20
    assert sum(mail["new"] == "" for mail in MAILS) >= 4


@settings(derandomize=True, deadline=None, max_examples=200, database=None)
@given(
    st.lists(
        st.sampled_from([m["new"] for m in MAILS if m["text"] == m["new"]]), min_size=1, max_size=3
    ),
    st.lists(st.sampled_from(THREADS), min_size=1, max_size=3),
    st.sampled_from([INSULTS, THREAT, MILD]),
)
def test_threads_of_any_depth_below_any_text_are_removed(
    own: list[str], threads: list[str], old: str
) -> None:
    written = "\n\n".join(own)
    below = "".join(thread.format(who="Maria Rossi", old=old) for thread in threads)
    assert flat(new_text(written + below)) == flat(written)


def scored(speaker: Speaker, text: str, channel: Channel = Channel.EMAIL) -> CallScore:
    turns = own_words([Turn(speaker=speaker, text=text)], channel)
    return score_call(turns, "it", shared_reader("encoder"))


@pytest.mark.parametrize("thread", THREADS)
def test_a_mild_mail_is_scored_as_such_whoever_is_below(thread: str) -> None:
    customer = scored(
        Speaker.CUSTOMER, MILD + thread.format(who="Agenzia Bora", old=THREAT + INSULTS)
    )
    assert customer == scored(Speaker.CUSTOMER, MILD)
    assert not customer.churn_intent
    agency = scored(Speaker.OPERATOR, KIND + thread.format(who="Maria Rossi", old=INSULTS))
    assert agency == scored(Speaker.OPERATOR, KIND)
    assert agency.conduct == []


def test_a_harsh_mail_above_a_kind_one_stays_harsh() -> None:
    below = THREADS[0].format(who="Agenzia Bora", old=KIND)
    assert scored(Speaker.CUSTOMER, INSULTS + below) == scored(Speaker.CUSTOMER, INSULTS)
    assert scored(Speaker.OPERATOR, THREAT + below) == scored(Speaker.OPERATOR, THREAT)


def test_a_mail_that_only_quotes_has_no_words_and_no_scores() -> None:
    score = scored(Speaker.CUSTOMER, f"> {INSULTS}\n> {THREAT}\n")
    assert (score.sentiment, score.churn_intent, score.why) == (None, False, "no_words")


def test_on_the_telephone_nothing_is_a_quotation() -> None:
    said = [Turn(speaker=Speaker.CUSTOMER, text="> Il 2 marzo ha scritto:\n-- \nsaluti")]
    assert own_words(said, Channel.PHONE) == said


@pytest.mark.parametrize("channel", [c for c in Channel if c is not Channel.PHONE])
def test_in_every_written_channel_quotations_are_not_the_writer_s(channel: Channel) -> None:
    (turn,) = own_words([Turn(speaker=Speaker.CUSTOMER, text=f"> {INSULTS}\n{MILD}")], channel)
    assert turn.text == MILD


def test_what_is_stored_is_what_is_scored() -> None:
    data: dict[str, Any] = {
        "client_id": "luce",
        "agency_id": "bora",
        "operator_id": "op-1",
        "customer_id": "k1",
        "started_at": "2026-03-02T09:44:02+00:00",
        "ended_at": "2026-03-02T09:47:30+00:00",
        "service": "debt_collection",
        "touchpoint": "reminder",
        "channel": "email",
        "transcript": [
            {"speaker": "customer", "text": MILD + THREADS[0].format(who="Bora", old=THREAT)},
            {"speaker": "operator", "text": f"> {MILD}\n"},
        ],
    }
    event = CallEndedEvent(id="e", source="/mail", data=CallEnded.model_validate(data))
    assert [turn.text for turn in from_text(event, b"key").turns] == [MILD, ""]


@pytest.mark.parametrize(
    "bad",
    [
        *(
            " ",
            "> ",
            "\n",
            "<br>",
            "<!--",
            "<div>",
            "<a ",
            "_\n",
            "Il ",
            "ha scritto: ",
            "(",
            "1:22 <a@b",
        ),
        *(
            "Da: x\n",
            "Sent: From: To: ",
            "Inviato da iphone s11 ",
            "\n--\n",
            "riservat ",
            "Saluti\n",
        ),
        " " * 290 + "\n",
    ],
)
def test_time_grows_with_the_length_only(bad: str) -> None:
    def seconds(length: int) -> float:
        text = "Buongiorno\n" + bad * (length // len(bad))
        times = []
        for _ in range(3):
            start = time.process_time()
            new_text(text)
            times.append(time.process_time() - start)
        return min(times)

    assert seconds(40_000) < 9 * seconds(10_000) + 0.05
