from __future__ import annotations

import re
from importlib.resources import files

import pytest

from dashboards.conversations import CHOICES
from dashboards.panels import OVERVIEW
from dashboards.texts import LANGUAGES, texts
from schemas.conversation import Driver, Rule
from schemas.derived import AlertKind
from schemas.events import Channel, CustomerType, Service, Touchpoint


def test_every_language_has_the_same_keys_and_places() -> None:
    italian, english = (texts(language) for language in LANGUAGES)
    assert set(italian) == set(english)
    for key in italian:
        places = [sorted(re.findall(r"\{\w+\}", words[key])) for words in (italian, english)]
        assert places[0] == places[1], key
        assert italian[key].strip(), key
        assert english[key].strip(), key


def test_every_panel_and_word_of_the_contracts_has_a_text() -> None:
    wanted = {f"panel.{each.id}.{part}" for each in OVERVIEW for part in ("title", "description")}
    wanted |= {f"driver.{each}" for each in Driver} | {f"rule.{each}" for each in Rule}
    for dimension in (Service, Touchpoint, Channel, CustomerType):
        wanted |= {f"value.{each}" for each in dimension}
    for part in ("alert", "alert_kind", "alert_detail"):
        wanted |= {f"{part}.{each}" for each in AlertKind}
    assert wanted <= set(texts("it"))


def test_every_text_the_page_asks_for_is_there() -> None:
    asked = set()
    for path in files("dashboards.preview").joinpath("static").iterdir():
        if path.name.endswith(".js"):
            asked |= set(
                re.findall(r'say(?:Many)?\("([a-z_.]+)"', path.read_text(encoding="utf-8"))
            )
    assert len(asked) > 20
    assert asked <= set(texts("it"))


def test_every_text_whose_key_the_page_makes_has_its_beginning_there() -> None:
    begun = set()
    for path in files("dashboards.preview").joinpath("static").iterdir():
        if path.name.endswith(".js"):
            text = path.read_text(encoding="utf-8")
            begun |= set(re.findall(r"say(?:Many)?\(`([a-z_.]+)\$\{", text))
    assert len(begun) > 10
    for beginning in begun:
        assert any(key.startswith(beginning) for key in texts("it")), beginning


def test_every_choice_of_a_search_has_a_name() -> None:
    words = texts("it")
    for name, values in CHOICES.items():
        kinds = {"conduct": "rule", "driver": "driver", "intent": "column"}
        for value in values:
            named = {f"filter.{name}.{value or 'all'}", f"{kinds.get(name)}.{value}"}
            assert named & set(words), (name, value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_count_has_its_singular(language: str) -> None:
    """'1 voto', never '1 voti': wherever a noun follows a number that can be one."""
    words = texts(language)
    counted = {
        key
        for key in words
        if re.search(r"\{(n|points|horizon|calls|count)\} [a-zà-ù]", words[key])
    }
    plural = {key for key in counted if not key.endswith(".one")}
    assert len(plural) >= 7
    for key in plural:
        assert f"{key}.one" in words, key
        assert words[f"{key}.one"] != words[key] or language == "en", key


def test_a_language_without_texts_is_refused() -> None:
    with pytest.raises(ValueError, match="de"):
        texts("de")
