"""Merging what was transcribed on the channels into turns."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.transcript.turns import TURN_GAP, Segment, Word, merge_turns
from schemas.conversation import Speaker


def said(speaker, start, end, text, probability=0.9):
    return Segment(speaker, (Word(start, end, text, probability),))


OPERATOR, CUSTOMER, UNKNOWN = Speaker.OPERATOR, Speaker.CUSTOMER, Speaker.UNKNOWN


def test_segments_after_a_short_pause_are_one_turn():
    turns = merge_turns([said(OPERATOR, 0, 2, " Buongiorno,"), said(OPERATOR, 2.5, 4, " mi dica.")])
    assert [(t.speaker, t.text, t.start, t.end) for t in turns] == [
        (OPERATOR, "Buongiorno, mi dica.", 0.0, 4.0)
    ]


def test_a_long_pause_ends_a_turn():
    late = 2 + TURN_GAP + 0.01
    turns = merge_turns([said(OPERATOR, 0, 2, "Uno."), said(OPERATOR, late, 9, "Due.")])
    assert [t.text for t in turns] == ["Uno.", "Due."]


def test_a_word_of_the_other_in_between_splits_a_turn():
    turns = merge_turns(
        [
            said(OPERATOR, 0, 2, "Lei deve pagare"),
            said(OPERATOR, 2.2, 4, "entro domani."),
            said(CUSTOMER, 1.8, 2.1, "Sì."),
        ]
    )
    assert [(t.speaker, t.text) for t in turns] == [
        (OPERATOR, "Lei deve pagare"),
        (CUSTOMER, "Sì."),
        (OPERATOR, "entro domani."),
    ]


def test_confidence_is_the_mean_over_words_not_over_segments():
    two = Segment(OPERATOR, (Word(0, 1, " a", 0.2), Word(1, 2, " b", 0.4)))
    (turn,) = merge_turns([two, said(OPERATOR, 2, 3, " c", 0.9)])
    assert turn.confidence == pytest.approx(0.5)


def test_mono_leaves_the_speaker_unknown():
    turns = merge_turns([said(UNKNOWN, 0, 1, "Pronto?"), said(UNKNOWN, 3, 4, "Sì?")], max_gap=0.2)
    assert [t.speaker for t in turns] == [UNKNOWN, UNKNOWN]


def test_nothing_transcribed_is_no_turn():
    assert merge_turns([]) == []
    assert merge_turns([said(OPERATOR, 0, 1, "  "), Segment(CUSTOMER, ())]) == []


times = st.floats(0, 600, allow_nan=False)
words = st.builds(
    lambda start, length, text, p: Word(start, start + length, " " + text, p),
    times,
    st.floats(0, 5, allow_nan=False),
    st.text(alphabet="abcàè' ", max_size=8),
    st.floats(0, 1, allow_nan=False),
)
segments = st.builds(
    Segment,
    st.sampled_from([OPERATOR, CUSTOMER]),
    st.lists(words, max_size=4).map(lambda ws: tuple(sorted(ws, key=lambda w: w.start))),
)


@given(st.lists(segments, max_size=25), st.floats(0, 5))
def test_no_word_is_lost_and_turns_are_in_order(found, max_gap):
    turns = merge_turns(found, max_gap)
    for speaker in (OPERATOR, CUSTOMER):
        went_in = Counter(w for s in found if s.speaker == speaker for w in s.text.split())
        came_out = Counter(w for t in turns if t.speaker == speaker for w in t.text.split())
        assert came_out == went_in
    starts = [t.start for t in turns]
    assert starts == sorted(starts)
    assert all(t.text and t.start <= t.end and 0 <= t.confidence <= 1 for t in turns)


@given(st.lists(segments, max_size=25), st.floats(0, 5))
def test_turns_do_not_depend_on_the_order_in_which_channels_were_transcribed(found, max_gap):
    distinct = {(s.start, s.end, s.speaker): s for s in found if s.words}
    assert merge_turns(distinct.values(), max_gap) == merge_turns(
        reversed(list(distinct.values())), max_gap
    )


@given(st.lists(segments, max_size=25))
def test_neighbours_of_one_speaker_are_separated_by_more_than_the_gap(found):
    turns = merge_turns(found, 1.0)
    for one, next_one in pairwise(turns):
        if one.speaker == next_one.speaker:
            assert next_one.start - one.end > 1.0 - 0.002
