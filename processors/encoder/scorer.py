"""The scorer `encoder-5`: classifier heads on embeddings, features, character n-grams and words.

Aggression of an operator's turn is P(aggressive) and 0.4 of P(pressing); its empathy is
P(empathic); a turn that is surely a false threat has an aggression of 0.9 or more, in whatever
tone. A customer's sentiment is P(positive) - P(negative), blended with the lexicon's
polarity. Intents, drivers and threats are probabilities compared with thresholds from
cross-validation. A turn of more than 60 words is read window by window, and the strongest window
counts. `docs/scorer-card.md` describes the training material and the quality.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from cachetools import LRUCache, cachedmethod

from processors.encoder.breaches import CallBreaches, ConductReader
from processors.encoder.cache_keys import Key, key_in_method, key_of
from processors.encoder.call_drivers import CallDrivers
from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.expected_rating import expected_rating
from processors.encoder.explain import FLOOR, best_part, sentence_reason
from processors.encoder.features import asks_about_consequences
from processors.encoder.network import Weights, load_weights
from processors.encoder.probabilities import (
    Classifier,
    CustomerProbabilities,
    OperatorProbabilities,
    as_false_threat,
)
from processors.encoder.protocol import Encoder
from processors.encoder.rounds import Steps, in_rounds
from processors.scoring.cues import plain_threat, read_turn
from processors.scoring.drivers import drivers_in
from processors.scoring.intent import churn_intent, clauses_alone, promise_to_pay
from processors.scoring.scorer import (
    UNREAD,
    Breach,
    CallFeatures,
    DriverQuote,
    TurnReading,
    Utterance,
)
from processors.scoring.sentiment import sentiment_of
from processors.text.clauses import windows_of
from processors.text.tokens import has_words
from schemas.conversation import Driver, DriverFound, Rule, Speaker, TurnScore

LEARNED = 0.75
"""Share of the classifier head in a customer's sentiment; the rest is the lexicon's polarity."""
SIDED = 0.25
"""Sentiment, in absolute value, from which a turn takes sides."""
SURE_THREAT = 0.9
"""Probability from which it is a threat even where the customer asked about consequences."""
PLAIN_SHARE = 0.5
"""Share of the threshold that is enough where the lexicon finds a threat in plain words."""
PLAIN_LEAVING = {"en": 0.1}
"""Share of the threshold that is enough where the lexicon finds in plain words that a customer
leaves, by language: the training material has too few turns of English customers."""
CACHED_READINGS = 50_000
"""Turns repeat (greetings, formulas, replays): each is read once."""
CACHED_PARTS = 20_000


class EncoderReader:
    """Reads turns with what was learned from labelled ones; not thread-safe."""

    version = "encoder-5"

    def __init__(self, encoder: Encoder, weights: Weights | None = None) -> None:
        """`weights` other than the package's own are for training."""
        self._weights = load_weights() if weights is None else weights
        self._embeddings = TurnEmbeddings(encoder)
        self._classifier = Classifier(self._embeddings, self._weights)
        self._readings: LRUCache[Key, TurnReading] = LRUCache(CACHED_READINGS)
        self._of_operators: LRUCache[Key, OperatorProbabilities] = LRUCache(CACHED_PARTS)
        self._of_customers: LRUCache[Key, CustomerProbabilities] = LRUCache(CACHED_PARTS)
        self._of_breaches: LRUCache[Key, dict[Rule, float]] = LRUCache(CACHED_PARTS)
        self._conduct = ConductReader(self._embeddings)
        self._call_drivers = CallDrivers(
            self._operator_probabilities,
            self._customer_probabilities,
            self._embeddings.encode,
            self._weights.call_drivers,
        )
        self._call_breaches = CallBreaches(
            self._operator_probabilities,
            self._customer_probabilities,
            self._breach_probabilities,
            self._embeddings,
        )

    def read(self, turns: Sequence[Utterance], language: str) -> list[TurnReading]:
        """A reading for each turn; what the new ones need encoded is encoded together."""
        keys = [key_of(turn, language) if _is_read(turn) else None for turn in turns]
        readings: dict[Key, TurnReading] = {}
        new: dict[Key, Utterance] = {}
        for key, turn in zip(keys, turns, strict=True):
            if key is None:
                continue
            if key in self._readings:
                readings[key] = self._readings[key]
            else:
                new[key] = turn
        steps = [self._reading(turn, language) for turn in new.values()]
        readings.update(zip(new, in_rounds(steps, self._embeddings.encode), strict=True))
        self._readings.update(readings)
        return [UNREAD if key is None else readings[key] for key in keys]

    def drivers_of_call(
        self, utterances: Sequence[Utterance], readings: Sequence[TurnReading], language: str
    ) -> list[DriverFound]:
        """Decided from all the turns together, with weights learned from labelled calls."""
        return self._call_drivers.found(utterances, readings, language)

    def breaches_of_call(
        self, utterances: Sequence[Utterance], language: str
    ) -> Mapping[int, Sequence[Breach]]:
        """Those that only the course of the call shows; Italian only."""
        return self._call_breaches.found(utterances, language, self._conduct.weights.course)

    def expected_rating(self, call: CallFeatures) -> int | None:
        """Fitted to the ratings of labelled calls."""
        return expected_rating(call, self._weights)

    @cachedmethod(attrgetter("_of_operators"), key=key_in_method)
    def _operator_probabilities(self, utterance: Utterance, language: str) -> OperatorProbabilities:
        return self._classifier.operator(utterance, language)

    @cachedmethod(attrgetter("_of_breaches"), key=key_in_method)
    def _breach_probabilities(self, utterance: Utterance, language: str) -> dict[Rule, float]:
        return self._conduct.probabilities(utterance, language)

    @cachedmethod(attrgetter("_of_customers"), key=key_in_method)
    def _customer_probabilities(self, utterance: Utterance, language: str) -> CustomerProbabilities:
        return self._classifier.customer(utterance, language)

    def _reading(self, utterance: Utterance, language: str) -> Steps[TurnReading]:
        read = self._operator if utterance.speaker is Speaker.OPERATOR else self._customer
        return read(utterance, language)

    def _operator(self, utterance: Utterance, language: str) -> Steps[TurnReading]:
        texts = windows_of(utterance.text)
        yield [utterance._replace(text=text) for text in texts]
        falsely = not asks_about_consequences(utterance.before, language) and any(
            self._threatens_falsely(utterance._replace(text=text), language) for text in texts
        )

        def part(text: str) -> OperatorProbabilities:
            said = utterance._replace(text=text)
            probabilities = self._operator_probabilities(said, language)
            # Parts are asked only where the turn has a false threat: it is rare, and asking costs.
            if falsely and self._threatens_falsely(said, language):
                return as_false_threat(probabilities)
            return probabilities

        windows = [part(text) for text in texts]
        worst = max(windows, key=lambda probabilities: probabilities.aggression)
        aggression = round(worst.aggression, 4)
        empathy = round(max(probabilities.empathy for probabilities in windows), 4)
        threat = None
        if max(probabilities.threat for probabilities in windows) >= self._enough_for_threat(
            utterance, language
        ):
            threat = yield from best_part(utterance, lambda text: part(text).threat)
        reasons = []
        if aggression >= FLOOR:
            kind = _kind_of_aggression(worst, threatens=threat is not None)
            alone = _aggression_alone(part)
            reasons.append(
                (yield from sentence_reason(utterance, language, kind, aggression, alone))
            )
        if empathy >= FLOOR:
            warm = sentence_reason(
                utterance, language, "empathy.warmth", empathy, lambda text: part(text).empathy
            )
            reasons.append((yield from warm))
        breach = yield from self._false_threat(utterance, language, texts)
        return TurnReading(
            TurnScore(aggression=aggression, empathy=empathy, sentiment=None, reasons=reasons),
            harshness=max(probabilities.harshness for probabilities in windows),
            warmth=max(probabilities.warmth for probabilities in windows),
            drivers=_drivers_of_operator(utterance.text, language, threat),
            threat=threat,
            breaches=() if breach is None else (breach,),
        )

    def _false_threat(
        self, utterance: Utterance, language: str, texts: Sequence[str]
    ) -> Steps[Breach | None]:
        """The part of a turn that threatens what is not real, by its windows."""

        def chance(text: str) -> float:
            said = utterance._replace(text=text)
            return self._breach_probabilities(said, language).get(Rule.FALSE_THREAT, 0.0)

        probability = max(map(chance, texts))
        if probability < self._conduct.weights.likely:
            return None
        quote = yield from best_part(utterance, chance)
        return Breach(Rule.FALSE_THREAT, quote, sure=probability >= self._conduct.weights.sure)

    def _threatens_falsely(self, utterance: Utterance, language: str) -> bool:
        """Whether the words alone are surely a threat of what is not real or not yet possible."""
        chance = self._breach_probabilities(utterance, language).get(Rule.FALSE_THREAT, 0.0)
        return chance >= self._conduct.weights.sure

    def _enough_for_threat(self, utterance: Utterance, language: str) -> float:
        """The probability from which a turn is a threat, by what was asked and by plain words."""
        if asks_about_consequences(utterance.before, language):
            return SURE_THREAT
        enough = self._weights.thresholds["threatens"]
        cues = read_turn(utterance.text, language, utterance.speaker)
        return enough if plain_threat(cues) is None else PLAIN_SHARE * enough

    def _customer(self, utterance: Utterance, language: str) -> Steps[TurnReading]:
        def part(text: str) -> CustomerProbabilities:
            return self._customer_probabilities(utterance._replace(text=text), language)

        texts = windows_of(utterance.text)
        yield [utterance._replace(text=text) for text in texts]
        windows = [part(text) for text in texts]
        lexical = sentiment_of(utterance.text, language)
        learned = sum(probabilities.sentiment for probabilities in windows) / len(windows)
        sentiment = round(LEARNED * learned + (1.0 - LEARNED) * lexical.polarity, 4)
        plain = {
            "leaves": churn_intent(utterance.text, language),
            "promises": promise_to_pay(utterance.text, language),
        }
        enough = dict(self._weights.thresholds)
        if plain["leaves"] is not None:
            enough["leaves"] *= PLAIN_LEAVING.get(language, 1.0)
        found = {
            label
            for probabilities in windows
            for label, value in probabilities.labels.items()
            if value >= enough[label]
        }
        quoted = {
            each.driver: each for each in drivers_in(utterance.text, utterance.speaker, language)
        }
        drivers = []
        for driver in Driver:
            if driver.value in found:
                quote = quoted.get(driver)
                if quote is None:
                    shown = yield from best_part(utterance, _chance_of(part, driver.value))
                    quote = DriverQuote(driver, shown)
                drivers.append(quote)
        intents: dict[str, str | None] = dict.fromkeys(plain)
        for label in intents:
            if label in found:
                intents[label] = plain[label] or (
                    yield from best_part(utterance, _chance_of(part, label))
                )
            else:
                intents[label] = yield from self._clause(utterance, language, label)
        sided = abs(sentiment) >= SIDED
        reasons = []
        if sided:
            side = 1.0 if sentiment > 0 else -1.0
            toned = sentence_reason(
                utterance, language, "sentiment.tone", sentiment, _sentiment_alone(part, side)
            )
            reasons.append((yield from toned))
        return TurnReading(
            TurnScore(aggression=None, empathy=None, sentiment=sentiment, reasons=reasons),
            sided=sided,
            leaves=intents["leaves"],
            promises=intents["promises"],
            drivers=tuple(drivers),
        )

    def _clause(self, utterance: Utterance, language: str, label: str) -> Steps[str | None]:
        """The clause of a joined sentence that shows an intent as if it were said alone.

        Both must find it there: the lexicon in plain words, and the head.
        """
        leaves = label == "leaves"
        in_plain_words = churn_intent if leaves else promise_to_pay
        enough = self._weights.thresholds[label] * (PLAIN_LEAVING.get(language, 1) if leaves else 1)
        clause = in_plain_words(utterance.text, language)
        if clause is None or clause not in list(clauses_alone(utterance.text, language)):
            return None
        said = utterance._replace(text=clause)
        yield [said]
        alone = self._customer_probabilities(said, language)
        return clause if alone.labels[label] >= enough else None


def _is_read(turn: Utterance) -> bool:
    return turn.speaker is not Speaker.UNKNOWN and has_words(turn.text)


def _aggression_alone(part: Callable[[str], OperatorProbabilities]) -> Callable[[str], float]:
    return lambda text: part(text).aggression


def _sentiment_alone(
    part: Callable[[str], CustomerProbabilities], side: float
) -> Callable[[str], float]:
    return lambda text: side * part(text).sentiment


def _chance_of(part: Callable[[str], CustomerProbabilities], label: str) -> Callable[[str], float]:
    return lambda text: part(text).labels[label]


def _kind_of_aggression(probabilities: OperatorProbabilities, *, threatens: bool) -> str:
    if threatens:
        return "aggression.threat"
    return "aggression.pressure" if probabilities.presses else "aggression.hostility"


def _drivers_of_operator(text: str, language: str, threat: str | None) -> tuple[DriverQuote, ...]:
    """The lexicon's drivers, but a threat only where the head finds one."""
    by_lexicon = drivers_in(text, Speaker.OPERATOR, language)
    drivers = [each for each in by_lexicon if each.driver is not Driver.THREAT]
    if threat is not None:
        drivers.append(DriverQuote(Driver.THREAT, threat))
    return tuple(drivers)
