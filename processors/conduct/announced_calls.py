"""Whether an operator announces call after call, or calls to relatives or at work, to wear down.

'La chiamo domani, dopodomani e sabato, finché non paga', 'chiamo lei, chiamo sua madre'. One call
that is agreed ('la richiamo lunedì o martedì, come preferisce') or an apology for many is none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from processors.text.tokens import Words, cut
from processors.text.word_lists import word_lists, words_of
from schemas.conversation import Language

_SECTIONS: Final = ("calls", "weak_calls", "times", "others", "leverage", "choice", "regrets")
_WORDS: Final = {
    (language.value, section): words_of("calling", language, section)
    for language in Language
    for section in _SECTIONS
}
_PHRASES: Final = {
    (language.value, section): tuple(
        tuple(phrase.split("_"))
        for phrase in word_lists("calling", language)[section].replace("|", " ").split()
    )
    for language in Language
    for section in ("without_end", "idioms")
}
_DENIES: Final = frozenset(("non", "not", "never", "nessuno", "smetto", "smettiamo", "stop"))
_SOLVES: Final = ("risol", "solve", "sort", "fix")
"""First letters of words of help: 'non la mollo finché non ha risolto'."""
_UNTIL: Final = frozenset(("finche", "until", "till"))
_BETWEEN: Final = frozenset(
    ("la", "lo", "le", "li", "vi", "ti", "gli", "mi", "ci", "di", "a", "piu", "will", "you", "be")
)
"""Words that may come between a denial and its verb."""
_OTHERS_WITHIN: Final = 5
_NOT_THEIRS: Final = frozenset(("un", "una", "mia", "mio", "a", "an", "my"))
_BRIEF: Final = 6
"""Words of a sentence that only adds a time: 'E dopodomani.'"""
_MANY_CALLS: Final = 3
_MANY_TIMES: Final = 3


@lru_cache(maxsize=8192)
def announced_calls(text: str, language: str) -> str | None:
    """The sentence of an operator's turn that announces them; None where none does."""
    said = cut(text, language)
    if any(word.startswith(_SOLVES) for word in said.words):
        return None
    idiom = _first_of(said, _PHRASES[language, "idioms"])
    if idiom is not None:
        return said.sentence(said.sentences[idiom])
    if not _WORDS[language, "regrets"].isdisjoint(said.words):
        return None
    calls = [at for at in range(len(said.words)) if _is_call(said, at, language)]
    firm = [at for at in calls if said.words[at] not in _WORDS[language, "weak_calls"]]
    if not firm or not _wears_down(said, calls, language):
        return None
    endless = _first_of(said, _PHRASES[language, "without_end"])
    shown = said.sentences[firm[0] if endless is None else endless]
    return said.sentence(shown)


def _is_call(said: Words, at: int, language: str) -> bool:
    if said.words[at] not in _WORDS[language, "calls"]:
        return False
    before = at - 1
    while before >= 0 and said.words[before] in _BETWEEN:
        before -= 1
    return before < 0 or said.words[before] not in _DENIES


def _wears_down(said: Words, calls: list[int], language: str) -> bool:
    words = said.words
    called_in = {said.sentences[at] for at in calls}
    own = [at for at in range(len(words)) if said.sentences[at] in called_in]
    times = _times(said, called_in, language)
    offered = not _WORDS[language, "choice"].isdisjoint(words[at] for at in own)
    if offered or not called_in.isdisjoint(said.questions):
        return False
    if _first_of(said, _PHRASES[language, "without_end"]) is not None:
        return True
    if len(calls) >= _MANY_CALLS or times >= _MANY_TIMES:
        return True
    until = not _UNTIL.isdisjoint(words)
    if times > 1 and (until or len(calls) > 1):
        return True
    return _calls_others(words, calls, language)


def _times(said: Words, called_in: set[int], language: str) -> int:
    """How many times are named in the sentences of the calls, and in brief ones after them."""
    named = set()
    near = set(called_in)
    for number in range(max(said.sentences) + 1):
        length = said.sentences.count(number)
        if number - 1 in near and length <= _BRIEF:
            near.add(number)
    for at, word in enumerate(said.words):
        if said.sentences[at] in near and word in _WORDS[language, "times"]:
            named.add(word)
        elif said.sentences[at] in near and _is_hour(said.words, at):
            named.add(said.words[at + 1])
    return len(named)


def _calls_others(words: tuple[str, ...], calls: list[int], language: str) -> bool:
    called = any(
        words[place] in _WORDS[language, "others"] and words[place - 1] not in _NOT_THEIRS
        for at in calls
        if words[at] not in _WORDS[language, "weak_calls"]
        for place in range(at + 1, min(len(words), at + _OTHERS_WITHIN))
    )
    return called and not _WORDS[language, "leverage"].isdisjoint(words)


def _is_hour(words: tuple[str, ...], at: int) -> bool:
    return words[at] in ("alle", "at") and at + 1 < len(words)


def _first_of(said: Words, phrases: tuple[tuple[str, ...], ...]) -> int | None:
    """The place of the first of `phrases` that is said in one sentence."""
    firsts = {phrase[0] for phrase in phrases}
    for at, word in enumerate(said.words):
        if word in firsts and any(said.words[at : at + len(p)] == p for p in phrases):
            return at
    return None
