"""`ascolto redact`: JSON lines in and out."""

from __future__ import annotations

import io
import json
from typing import Any

from infra.cli.one_call.redact import redact
from processors.redaction.redact import redact_call


def run(*lines: str) -> tuple[int, list[dict[str, Any]], str]:
    out, err = io.StringIO(), io.StringIO()
    code = redact(lines, out, err)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


SAID = [
    ("operator", "Parlo con la signora Bianchi? Sono Marco Neri."),
    ("customer", "Sì, Bianchi, mi dica."),
    ("operator", "Un recapito, signora Bianchi?"),
    ("customer", "348 22 11 009"),
]


def line(**fields: object) -> str:
    turns = [{"speaker": speaker, "text": text} for speaker, text in SAID]
    return json.dumps({"id": "a", "turns": turns, **fields})


def test_the_same_object_comes_out_with_placeholders_and_what_was_found() -> None:
    code, rows, err = run(line(language="it"))
    assert (code, err) == (0, "")
    assert rows == [
        {
            "id": "a",
            "language": "it",
            "turns": [
                {"speaker": "operator", "text": "Parlo con la signora [NOME]? Sono [NOME]."},
                {"speaker": "customer", "text": "Sì, [NOME], mi dica."},
                {"speaker": "operator", "text": "Un recapito, signora [NOME]?"},
                {"speaker": "customer", "text": "[TELEFONO]"},
            ],
            "found": [
                {"turn": 0, "kind": "NOME", "count": 2},
                {"turn": 1, "kind": "NOME", "count": 1},
                {"turn": 2, "kind": "NOME", "count": 1},
                {"turn": 3, "kind": "TELEFONO", "count": 1},
            ],
        }
    ]


def test_the_texts_are_as_the_workers_redact_them() -> None:
    _, rows, _ = run(line())
    assert [t["text"] for t in rows[0]["turns"]] == redact_call([text for _, text in SAID], "it")


def test_what_may_be_personal_does_not_come_out() -> None:
    """Names of people are used and left out; so are fields that nobody knows."""
    turns = [{"speaker": "customer", "text": "Sono io, zuntini.", "start": 1.5, "note": "Zuntini"}]
    _, rows, _ = run(line(people=["Zuntini"], agent="Zuntini", channel="email", turns=turns))
    assert rows == [
        {
            "id": "a",
            "language": "it",
            "channel": "email",
            "turns": [{"speaker": "customer", "text": "Sono io, [NOME].", "start": 1.5}],
            "found": [{"turn": 0, "kind": "NOME", "count": 1}],
        }
    ]


def test_nothing_found_is_an_empty_list_and_the_language_is_stated() -> None:
    turns = [{"speaker": "customer", "text": "Pago venerdì."}]
    _, rows, _ = run(line(turns=turns), line(turns=turns, language="en-GB"))
    assert [(row["found"], row["language"]) for row in rows] == [([], "it"), ([], "en-GB")]


def test_a_bad_line_is_reported_without_its_text_and_the_others_are_done() -> None:
    code, rows, err = run("Mario Rossi", line(), json.dumps({"id": "x"}))
    assert (code, len(rows)) == (1, 1)
    assert err.splitlines() == [
        "line 1: line: is not a JSON object on one line",
        "line 3: turns: is missing",
    ]
    assert run()[0] == 1
