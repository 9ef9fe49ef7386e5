"""Whether a person answered a call, and which turns are a machine's, recognised by the words."""

from __future__ import annotations

from collections.abc import Sequence

from processors.attempts.answering_words import (
    Sentence,
    evidence_of,
    greets,
    is_neutral,
    operator_words,
    sentences_of,
)
from processors.text.tokens import has_words
from schemas.conversation import Speaker, Turn, Unanswered

SURE = 1.0
"""Weight of phrases from which a text is a machine's."""
_MOST_OTHER_WORDS = 2
_PLAIN_SOUND = 1.5
"""Sound from which a message that nobody can come is one, though it has words of people too."""
_FRAGMENT_WORDS = 3
_NOT_CLASSIFIED = (Speaker.OPERATOR, Speaker.MACHINE)


def unanswered(turns: Sequence[Turn], language: str) -> Unanswered | None:
    """Why nobody answered a conversation; None where somebody did, or where it cannot be decided.

    It is recognised by the other side's words: a carrier's or a voicemail's message, a menu, an
    announcement on hold, and nothing else. An operator's words alone are enough where they are a
    message left, or calls into a silent line. The same turns always give the same answer; the
    first words of a person end the search.
    """
    worded = [turn for turn in turns if has_words(turn.text)]
    theirs = [turn for turn in worded if turn.speaker is not Speaker.OPERATOR]
    if not theirs:
        return _to_nobody([turn.text for turn in worded], language) if worded else None
    if any(turn.speaker is Speaker.CUSTOMER and _is_person(turn.text) for turn in theirs):
        return None
    spoken = [turn for turn in with_machine_turns(worded) if turn.speaker is not Speaker.OPERATOR]
    people = [turn for turn in spoken if turn.speaker is not Speaker.MACHINE]
    if len(people) == len(spoken):
        return None
    if not people:
        return Unanswered.MACHINE
    if all(turn.speaker is Speaker.UNKNOWN for turn in people):
        # One channel: what is left may be the operator's, speaking to the machine.
        left = _to_nobody([turn.text for turn in people], language)
        return Unanswered.MACHINE if left and _ends(spoken) else None
    return None


def with_machine_turns(turns: Sequence[Turn]) -> list[Turn]:
    """The turns, with `machine` as the speaker of those that are a machine's from start to end."""
    places = _machine_places(turns)
    return [
        turn.model_copy(update={"speaker": Speaker.MACHINE}) if place in places else turn
        for place, turn in enumerate(turns)
    ]


def human_text(turn: Turn) -> str:
    """A person's words in a turn: none of a machine's turn, else all but a machine's sentences."""
    if turn.speaker is Speaker.MACHINE:
        return ""
    if turn.speaker is Speaker.OPERATOR:
        return turn.text
    human = turn.text
    for sentence in reversed(sentences_of(turn.text)):
        if _announces(sentence):
            human = human[: sentence.start] + human[sentence.end :]
    return human if has_words(human) else ""


def _announces(sentence: Sentence) -> bool:
    of = sentence.phrases
    return of.ends + of.passes >= SURE and not of.reports and not of.answers


def _machine_places(turns: Sequence[Turn]) -> set[int]:
    """Places of the turns that are a machine's from start to end.

    Consecutive turns of one side are read together, whatever the other side says in between: a
    transcriber cuts a message where it pauses.
    """
    machine = {n for n, turn in enumerate(turns) if turn.speaker is Speaker.MACHINE}
    run: list[int] = []
    before = ""
    for place, turn in enumerate(turns):
        if turn.speaker in _NOT_CLASSIFIED or not has_words(turn.text):
            continue
        if _may_be_machine(turn.text) or (run and _is_fragment(turn.text)):
            run.append(place)
            continue
        machine.update(_of_machine(run, turns, before))
        run, before = [], turn.text
    machine.update(_of_machine(run, turns, before))
    return machine


def _of_machine(run: Sequence[int], turns: Sequence[Turn], before: str) -> Sequence[int]:
    """The places of `run` if its turns are a machine's, else none; `before` is a person's turn."""
    texts = [turns[place].text for place in run]
    evidence = [evidence_of(" ".join(texts)), *map(evidence_of, texts)] if texts else []
    sure = any(of.machine >= SURE for of in evidence)
    if not sure or _continues_reporting(before):
        return ()
    if any(of.ends >= SURE for of in evidence):
        return run
    # After a menu or music a person may come: the last words are a machine's if they sound so.
    human = [place for place in run if not _is_fragment(turns[place].text)]
    while (
        human and greets(turns[human[-1]].text) and not evidence_of(turns[human[-1]].text).machine
    ):
        human.pop()
    return human


def _is_fragment(text: str) -> bool:
    """Whether a turn is too short to know whose it is, and is not a person's answer."""
    of = evidence_of(text)
    return (
        len(text.split()) <= _FRAGMENT_WORDS
        and not (of.machine or of.reports or of.answers or of.person)
        and "?" not in text
        and not is_neutral(text)
    )


def _continues_reporting(text: str) -> bool:
    """Whether a person's turn ('' for none) reports a message, and breaks off before its words."""
    if not has_words(text):
        return False
    last = sentences_of(text)[-1]
    return bool(last.phrases.reports) and not any(stop in text[last.end :] for stop in ".!?")


def _may_be_machine(text: str) -> bool:
    """Whether nothing in a turn is a person's, and something a machine's, or nothing at all."""
    if not evidence_of(text).machine and not is_neutral(text):
        return False
    sentences = sentences_of(text)
    ends = sum(sentence.phrases.ends for sentence in sentences)
    return all(_is_no_person(sentence, ends) for sentence in sentences) and any(
        sentence.evidence.machine or sentence.neutral for sentence in sentences
    )


def _is_no_person(sentence: Sentence, ends: float) -> bool:
    """`ends` is the weight of all in the turn that says that nobody comes to the phone."""
    of = sentence.evidence
    if sentence.neutral:
        return not of.answers
    if of.reports or of.answers:
        return of.ends >= SURE and of.sounds >= _PLAIN_SOUND
    return of.machine > 0 or ends >= SURE or not of.person


def _is_person(text: str) -> bool:
    return not _may_be_machine(text) and not _is_fragment(text)


def _ends(turns: Sequence[Turn]) -> bool:
    """Whether a machine among `turns` says that nobody comes to the phone."""
    texts = (turn.text for turn in turns if turn.speaker is Speaker.MACHINE)
    return any(evidence_of(text).ends >= SURE for text in texts)


def _to_nobody(texts: Sequence[str], language: str) -> Unanswered | None:
    """Why an operator's words, with no others, were said to nobody."""
    said = operator_words(" ".join(texts), language)
    if said.opens and said.asks_back:
        return Unanswered.MESSAGE_LEFT
    if said.hello and not said.asks_back and said.other_words <= _MOST_OTHER_WORDS:
        return Unanswered.SILENCE
    return None
