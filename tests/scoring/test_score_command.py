"""`ascolto score`: JSON lines in and out."""

from __future__ import annotations

import io
import json

from infra.cli.one_call.score import score
from infra.scoring.catalogue import ScorerName
from tests.scoring.readers import shared_reader


def run(*lines: str, scorer: ScorerName = "encoder") -> tuple[int, list[dict[str, object]], str]:
    out, err = io.StringIO(), io.StringIO()
    code = score(lines, out, shared_reader(scorer), err)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def conversation(**fields: object) -> str:
    turns = [
        {"speaker": "operator", "text": "Domani le stacchiamo la luce."},
        {"speaker": "customer", "text": "Siete dei ladri."},
    ]
    return json.dumps({"id": "a", "language": "it", "turns": turns, **fields})


def test_each_conversation_gets_a_line() -> None:
    code, rows, err = run(conversation(), "\n", conversation(id="b", language="it-IT"))
    assert (code, err) == (0, "")
    assert [row["id"] for row in rows] == ["a", "b"]
    assert set(rows[0]) == {
        *("id", "aggression", "empathy", "sentiment", "sentiment_change", "spoken_rating"),
        *("predicted_rating", "churn_intent", "promise_to_pay", "drivers", "conduct", "turns"),
        *("intents", "scorer_version"),
    }
    turns = rows[0]["turns"]
    assert isinstance(turns, list)
    assert set(turns[0]) == {"aggression", "empathy", "sentiment", "reasons"}
    assert set(turns[0]["reasons"][0]) == {"text", "kind", "weight"}


def test_why_is_there_only_where_a_score_is_missing() -> None:
    _, rows, _ = run(conversation(language="de"))
    assert (rows[0]["aggression"], rows[0]["why"]) == (None, "language_not_supported:de")


def test_a_bad_line_is_reported_by_number_without_its_text_and_the_others_are_done() -> None:
    secret = '{"id": "x", "turns": [{"speaker": "boss", "text": "Mario Rossi"}]}'
    code, rows, err = run("Mario Rossi", secret, '{"id": "x"}', conversation())
    assert code == 1
    assert [row["id"] for row in rows] == ["a"]
    assert err.splitlines() == [
        "line 1: line: is not a JSON object on one line",
        "line 2: turns.0.speaker: must be operator, customer, unknown or machine",
        "line 3: turns: is missing",
    ]


def test_the_scorer_is_chosen_by_name_and_stored_with_the_scores() -> None:
    for scorer, version in (("encoder", "encoder-5"), ("lexicon", "lexicon-3")):
        _, rows, _ = run(conversation(), scorer=scorer)
        assert rows[0]["scorer_version"] == version


def test_what_shows_who_speaks_is_repeated_where_it_was_given() -> None:
    _, rows, _ = run(conversation(speakers="inferred"), conversation(), scorer="lexicon")
    assert [row.get("speakers") for row in rows] == ["inferred", None]
    assert rows[0]["aggression"] == rows[1]["aggression"]
    code, rows, err = run(conversation(speakers="guessed"), scorer="lexicon")
    assert (code, rows) == (1, [])
    assert err == "line 1: speakers: must be channels, inferred or unknown\n"
