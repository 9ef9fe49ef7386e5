"""Ratings found in speech, against labelled answers and calls, and rule by rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.ratings.spoken import asks_for_rating, spoken_rating
from schemas.conversation import Speaker, Turn

MATERIAL = Path(__file__).parent / "material"
OF_OTHER_AUTHORS = Path(__file__).parents[2] / "infra" / "lab" / "training" / "material" / "test"
LEAST_ACCURACY = 0.95

SAID = """da zero a dieci sei otto non meno di più che voto ½ 7,5 10 , ? . anzi""".split()  # noqa: SIM905


def material(name: str, split: str) -> list[dict[str, Any]]:
    lines = (MATERIAL / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["split"] == split]
    assert rows
    return rows


def op(text: str) -> Turn:
    return Turn(speaker="operator", text=text)


def cu(text: str) -> Turn:
    return Turn(speaker="customer", text=text)


def answer(text: str, question: str = "Da zero a dieci, che voto dà?") -> int | None:
    return spoken_rating([op(question), cu(text)], "it")


def assert_ratings_found(
    calls: list[tuple[list[Turn], str, int | None]], record_property: Any
) -> None:
    """That nearly all ratings of calls (turns, language, rating) are found."""
    wrong = [call for call in calls if spoken_rating(call[0], call[1]) != call[2]]
    record_property("accuracy", 1 - len(wrong) / len(calls))
    assert len(wrong) / len(calls) <= 1 - LEAST_ACCURACY, wrong


@pytest.mark.parametrize("split", ["dev", "test", "fresh"])
def test_finds_ratings_in_answers(split: str, record_property: Any) -> None:
    rows = material("ratings", split)
    assert_ratings_found(
        [([op(row["question"]), cu(row["text"])], row["language"], row["rating"]) for row in rows],
        record_property,
    )


@pytest.mark.parametrize("author", ["t", "y", "z"])
def test_finds_ratings_in_answers_of_other_authors(author: str, record_property: Any) -> None:
    lines = (OF_OTHER_AUTHORS / f"{author}_ratings.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert_ratings_found(
        [([op(row["question"]), cu(row["text"])], row["lang"], row["rating"]) for row in rows],
        record_property,
    )


@pytest.mark.parametrize("split", ["dev", "test"])
def test_finds_ratings_within_calls(split: str, record_property: Any) -> None:
    rows = material("rating_calls", split)
    assert_ratings_found(
        [([Turn(**t) for t in row["turns"]], row["language"], row["rating"]) for row in rows],
        record_property,
    )


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("non più di cinque", 5),
        ("meno di cinque", 4),
        ("più di sette", 8),
        ("nemmeno uno", 0),
        ("meno di zero", 0),
        ("non arrivo a sei", 5),
        ("nove, non dieci", 9),
        ("dieci non lo do a nessuno, otto", 8),
        ("un sette-otto", 7),
        ("7 e mezzo/8", 7),
        ("tra il quattro e il sei, cinque", 5),
        ("prima avrei detto due, adesso sei", 6),
        ("il massimo", 10),
        ("al massimo sei", 6),
        ("cento!", 10),
        ("dieci è il massimo?", None),
        ("ho quattro contatori", None),
        ("richiami alle nove", None),
        ("pago il dieci", None),
        ("uno dei vostri mi ha insultato", None),
        ("otttooo", 8),
        ("quatro", 4),
        ("dici?", None),
        ("sei o sette... sette, dai", 7),
        ("né tre né nove, sei", 6),
        ("ve ne do tre", 3),
        ("non è che sia da nove, un sette", 7),
        ("il nove passo in agenzia", None),
        ("il contratto finisce con sei", None),
        ("tre, otto, zero, due", None),
        ("metterei un quattro, ma siccome lei è gentile sei", 6),
        ("stavo per dire cinque ma ha risolto, quindi otto", 8),
        ("mia suocera direbbe due, io dico sei", 6),
        ("il dieci è solo Del Piero. Otto.", 8),
        ("dal sei all'otto", 7),
        ("otto e tre, faccia la media", 5),
        ("più di otto non posso", 8),
        ("oltre il sei non vado", 6),
        ("sopra l'otto", 9),
        ("meno dieci", 0),
        ("otto è troppo, sei è poco, sette", 7),
        ("un ottino", 8),
        ("oto", 8),
        ("dicci", 10),
        ("insufficiente", 5),
        ("nel mezzo", 5),
        ("dipende: per le luci nove, per il resto quattro", None),
        ("tre bollette su quattro", None),
        ("tre idraulici ho chiamato", None),
        ("una rata da nove euro, nove! e mi chiamate", None),
        ("otto e cinquanta di mora", None),
        ("il dieci del mese ho pagato", None),
        ("non c'è due senza tre", None),
        ("col cavolo che vi do un dieci", None),
        ("se dico dieci mi fa lo sconto?", None),
        ("sei proprio insistente", None),
        ("quattro... cinque via, che è quasi Natale", 5),
        ("sei... sette, sette", 7),
        ("tre... non so... quattro", 4),
        ("cinque o... sei", 5),
        ("tre, quattro", 3),
        ("otto, ma lo faccia diventare dieci il mese prossimo", 8),
        ("sette. Se giovedì vengono, diventa nove", 7),
        ("cinque a voi e sette a lei, totale sei", 6),
        ("due. Uno perché rispondete, uno perché è finita", 2),
        ("io avevo otto in condotta, non so lei", None),
        ("ai miei tempi un sette si sudava", None),
        ("seie, e ringrazi che so' de bona", 6),
        ("diesi, parché la xe stà brava", 10),
        ("cinc, e ti va grassa", 5),
        ("setti, setti ci pozzu dari", 7),
        ("vott, dai, tusa", 8),
        ("zeru tunnu", 0),
        ("sete di giustizia", None),
    ],
)
def test_what_counts_in_an_answer(text: str, rating: int | None) -> None:
    assert answer(text) == rating


@pytest.mark.parametrize(
    ("question", "rating"),
    [
        ("Da zero a dieci, che voto dà a questa telefonata?", 8),
        ("Da zero a dieci, quanto consiglierebbe la nostra azienda?", 3),
    ],
)
@pytest.mark.parametrize("text", ["otto a lei, tre all'azienda", "lei otto, la ditta tre"])
def test_of_ratings_for_several_the_one_asked_for_counts(
    text: str, question: str, rating: int
) -> None:
    assert answer(text, question) == rating


@pytest.mark.parametrize(
    ("offer", "reply", "rating"),
    [
        ("Quindi otto?", "sì", 8),
        ("Segno otto, va bene?", "ok", 8),
        ("Quindi otto?", "no no", None),
        ("Quindi otto?", "sì, anzi nove", 9),
        ("Va bene.", "sì", None),
    ],
)
def test_a_rating_that_the_operator_proposes_may_be_agreed_to(
    offer: str, reply: str, rating: int | None
) -> None:
    turns = [op("Che voto ci dà da zero a dieci?"), cu("eh..."), op(offer), cu(reply)]
    assert spoken_rating(turns, "it") == rating


def test_a_rating_that_is_questioned_may_be_changed() -> None:
    turns = [op("Da zero a dieci?"), cu("quattro"), op("Solo?"), cu("e va bene, cinque")]
    assert spoken_rating(turns, "it") == 5


@pytest.mark.parametrize("question", ["Da uno a cinque, che voto dà?", "Quante stelle ci dà?"])
def test_ratings_on_another_scale_do_not_count(question: str) -> None:
    assert answer("quattro", question) is None


def test_english_tens_and_ones_are_one_number() -> None:
    asked = op("From zero to ten, how would you rate us?")
    assert spoken_rating([asked, cu("I'm eighty-six, no surveys")], "en") is None
    assert spoken_rating([asked, cu("thirty four years with you. Nine.")], "en") == 9


def test_a_rating_out_of_ten_needs_no_question() -> None:
    assert spoken_rating([cu("Cinque su dieci, ecco.")], "it") == 5
    assert spoken_rating([cu("Nove su dieci pagano in ritardo.")], "it") is None


def test_the_lowest_rating_is_the_scale_s() -> None:
    assert answer("il minimo", "Da zero a dieci?") == 0
    assert answer("il minimo", "Da uno a dieci?") == 1


def test_the_operator_s_own_numbers_are_no_answer() -> None:
    turns = [op("Da zero a dieci?"), cu("mah"), op("Per esempio otto?"), cu("non saprei")]
    assert spoken_rating(turns, "it") is None


def test_another_question_ends_the_wait_for_an_answer() -> None:
    turns = [op("Da zero a dieci?"), cu("dopo"), op("A che ora la richiamo?"), cu("alle nove")]
    assert spoken_rating([*turns[:3], cu("nove")], "it") is None
    assert spoken_rating(turns, "it") is None


def test_a_stuttered_you_are_is_no_six() -> None:
    assert answer("Sei... sei sicura che serve?") is None
    assert answer("Sei... sei, sicuro.") == 6


def test_a_rating_may_be_taken_back_in_the_next_turn_only() -> None:
    given_ = [op("Da zero a dieci?"), cu("otto"), op("Otto, segnato.")]
    assert spoken_rating([*given_, cu("anzi no, nove")], "it") == 9
    assert spoken_rating([*given_, cu("grazie"), op("E poi?"), cu("anzi no, nove")], "it") == 8


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Da zero a dieci, quanto ci consiglierebbe?", True),
        ("Che voto mi dà?", True),
        ("zero per niente, dieci moltissimo", True),
        ("Le rate sono da zero a dieci, come preferisce.", False),
        ("Mi conferma il numero civico?", False),
        ("Zero vuol dire che non ci consiglierebbe mai, dieci che lo farebbe: lei?", True),
        ("Su dieci, quanto mi dà?", True),
        ("Che numero darebbe alla nostra assistenza?", True),
        ("Da uno a cinque, che voto dà?", False),
        ("Ultima cosa: il voto?", True),
        ("voto", True),
        ("Poi mi dice il voto.", True),
        ("Quanto valuta il nostro servizio?", True),
        ("mi da una valutazzione", True),
        ("Puntegio?", True),
        ("Quanto ci dà?", True),
        ("Mi dà un numero?", True),
        ("Ora è di trenta euro. Un numerino da zero a dieci?", True),
        ("Quanto ci dà al mese di acconto?", False),
        ("Mi dà un numero di telefono?", False),
        ("Come valuta la proposta di sei rate?", False),
        ("Grazie del voto, arrivederci.", False),
        ("Segno otto come voto.", False),
        ("Poi sono spese di giudizio.", False),
        ("Lasci perdere il voto.", False),
        ("Ha votato ieri?", False),
        ("Dieci se è andato tutto liscio, zero se non ha funzionato niente.", True),
        ("Torna a comprare da noi? Zero, improbabile; dieci, sicurissimo.", True),
        ("Zero non ci richiama più, dieci ci richiama sempre: dica lei.", True),
        ("Il pacco arriva da uno a dieci giorni lavorativi.", False),
        ("Il saldo è a zero, resta la facciata in dieci quote.", False),
        ("Le lascio il numero: zero ottanta, cinquecento, dieci.", False),
        ("Zero euro oggi, dieci tra un mese.", False),
    ],
)
def test_what_asks_for_a_rating(text: str, asks: bool) -> None:
    assert asks_for_rating(text, "it") is asks
    assert not asks_for_rating(text, "de")


@given(
    st.lists(
        st.builds(
            Turn,
            speaker=st.sampled_from(["operator", "customer", "unknown"]),
            text=st.one_of(
                st.lists(
                    st.sampled_from(SAID),
                    max_size=9,
                ).map(" ".join),
                st.text(max_size=40),
            ),
        ),
        max_size=6,
    ),
    st.sampled_from(["it", "en", "de"]),
)
def test_any_call_gives_a_rating_on_the_scale_or_none(turns: list[Turn], language: str) -> None:
    rating = spoken_rating(turns, language)
    assert rating is None or 0 <= rating <= 10


@pytest.mark.parametrize(
    ("language", "question", "answer", "rating"),
    [
        ("it", "Da zero a dieci, che voto ci dà?", "sette no aspetti facciamo cinque", 5),
        ("it", "Da zero a dieci, che voto ci dà?", "Otto, nove minuti ad aspettare.", None),
        ("it", "Da zero a dieci, che voto ci dà?", "Sei o sette volte ho chiamato. Due.", 2),
        ("it", "Da zero a dieci, che voto ci dà?", "Otto. Ma cosa dico otto, nove, va'.", 9),
        ("it", "Da zero a dieci, che voto ci dà?", "Era partito da sette, un bel sette. Due.", 2),
        ("it", "Mi dica da zero a dieci.", "Al collega uno. La telefonata... mettete sei.", 6),
        ("it", "Allora la saluto.", "Il voto, da zero a dieci, è tre.", 3),
        ("it", "Allora la saluto.", "Quattro, come voto.", 4),
        ("it", "Allora la saluto.", "Due su dieci, per me.", 2),
        ("it", "Allora la saluto.", "Il voto di mia figlia in matematica è otto.", None),
        ("it", "Quanto riesce a mettere?", "Boh... trenta? Do ripetizioni.", None),
        ("it", "Perché non ha chiamato?", "Ho aspettato sette, otto minuti.", None),
        ("en", "From zero to ten?", "It took eight, nine minutes. Three.", 3),
        ("en", "From zero to ten?", "ten, well, nine", 9),
        ("en", "Goodbye, then.", "Eight out of ten from me.", 8),
        ("en", "Goodbye, then.", "Six is my score.", 6),
        ("en", "Goodbye, then.", "Nine out of ten people get this wrong.", None),
    ],
)
def test_ratings_before_or_after_their_frame_and_numbers_that_are_none(
    language: str, question: str, answer: str, rating: int | None
) -> None:
    turns = [
        Turn(speaker=Speaker.OPERATOR, text=question),
        Turn(speaker=Speaker.CUSTOMER, text=answer),
    ]
    assert spoken_rating(turns, language) == rating
