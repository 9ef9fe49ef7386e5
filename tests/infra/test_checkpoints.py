"""Checkpoints of the embedded store, and what is sent into a broker that starts empty."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from infra.clickhouse.journal import Journaled
from infra.data_directory.refilling import Refilling
from infra.embedded.checkpoints import next_generation
from infra.embedded.playback import restore
from infra.kafka.emitter import Emitter, Named
from schemas.codec import decode, encode
from schemas.conversation import CallScore
from schemas.derived import CallScored, CallTranscribed
from tests.streams.pipeline import BEGIN, scored
from tests.waiting import completed


def child(name: str, directory: Path) -> dict[str, Any]:
    done = completed([sys.executable, "-m", "tests.infra.checkpoint_child", name, directory])
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return child("seen", tmp_path_factory.mktemp("checkpoint"))


def test_the_derived_tables_go_back_to_what_they_were(seen: dict[str, Any]) -> None:
    assert seen["none"] is None
    assert seen["gone_back"] == seen["taken"]
    assert all(rows == [["a", 1]] for rows in seen["taken"].values())
    assert seen["states"] == [True, True]
    assert seen["generation"] == 7


def test_only_what_was_journaled_since_is_taken_in_again_with_its_score(
    seen: dict[str, Any],
) -> None:
    assert seen["since"] == [["b", '{"s": "è"}']]
    assert seen["all"] == [["a", ""], ["b", '{"s": "è"}']]


def test_what_was_made_otherwise_or_not_to_its_end_is_not_used(seen: dict[str, Any]) -> None:
    assert seen["other_derivation"] is None
    assert seen["incomplete"] is True


def test_a_newer_one_replaces_all_others(seen: dict[str, Any]) -> None:
    assert seen["newer"] is True
    assert seen["databases"] == ["checkpoint_10"]
    assert seen["dropped"] == []


def test_a_damaged_one_is_not_used(tmp_path: Path) -> None:
    assert child("damaged", tmp_path) == {"used": False}


def test_generations_only_grow(tmp_path: Path) -> None:
    assert next_generation(tmp_path, 0) == 1
    assert next_generation(tmp_path, 0) == 2
    assert next_generation(tmp_path, 8) == 9
    (tmp_path / "generation").write_text("?")
    assert next_generation(tmp_path, 9) == 10


def test_the_page_can_say_how_far_the_figures_are(tmp_path: Path) -> None:
    refilling = Refilling(tmp_path)
    assert (refilling.under_way, refilling.progress) == (False, None)
    refilling.begin()
    assert (refilling.under_way, refilling.progress) == (True, None)
    refilling.reached(500, 1500)
    assert Refilling(tmp_path).progress == "500 / 1500"
    refilling.end()
    assert (refilling.under_way, refilling.progress) == (False, None)


@dataclass
class Sent:
    """Takes the place of the emitter, and notes what it is given."""

    messages: list[tuple[str, bytes, int | None]] = field(default_factory=list)

    def write(self, topic: Named, _: bytes, value: bytes, partition: int | None = None) -> None:
        self.messages.append((topic.name, value, partition))

    def confirm(self) -> None:
        pass


def test_a_call_that_was_scored_is_not_scored_again() -> None:
    message = scored("e:1", "p:1", BEGIN)
    was = decode(message.value, CallScored)
    assert isinstance(was, CallScored)
    said = CallTranscribed(
        **{name: getattr(was, name) for name in ("call", "turns", "survey", "from_audio")},
        transcriber=None,
    )
    fact = Journaled("c", "call-transcribed", "e:1", "p:1", 2, encode(said).decode())
    score = encode(was.score).decode()
    unknown = json.dumps({**json.loads(score), "of_a_later_version": 1})
    sent = Sent()
    facts = [fact, fact._replace(score=score), fact._replace(score=unknown)]
    assert list(restore(facts, cast(Emitter, sent), {("c", "p:1"): 3})) == [1, 2, 3]
    assert [topic for topic, *_ in sent.messages] == [
        "call-transcribed",
        "call-scored",
        "call-transcribed",
    ]
    assert {partition for *_, partition in sent.messages} == {3}
    again = decode(sent.messages[1][1], CallScored)
    assert isinstance(again, CallScored)
    assert again.score == was.score == CallScore.model_validate_json(score)
    assert (again.call, again.turns) == (said.call, said.turns)
