"""Whether somebody else than the debtor is on the line: a reception, a colleague, a child, a wife.

Known from whom the operator asks for and what is answered: 'Cerco la signora [NOME].' 'È in sala,
posso aiutarla io?'. What is said of absent people does not matter by itself: 'mia moglie è a letto
con l'influenza' is no absent debtor where the debtor has answered.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from processors.text.tokens import cut

Gender = Literal["m", "f"]

_OPENING: Final = 6
"""Turns in which the operator may still ask for somebody."""
_SEEKS: Final = {
    "it": re.compile(
        r"\bcerc(?:o|avo|hiamo)\b|\bmi (?:passa|passi)\b|\bpassarmi\b"
        r"|\b(?:posso|vorrei) parlare\b|\bparl(?:o|ato) con\b|\bparl(?:o|ato) col\b"
        r"|\blavora (?:li|qui|da voi)\b|\be in (?:casa|ufficio)\b|\bc e (?:il|la|l)?\b"
        r"|\b(?:il signor|la signora|casa|famiglia)\b|\bnome\b|\bper favore\b|\blei e\b|\be lei\b"
    ),
    "en": re.compile(
        r"\blooking for\b|\b(?:speak|talk) (?:to|with)\b|\bis that\b|\bis (?:mr|mrs|ms)\b"
        r"|\bput me through\b|\bis .{0,20}(?:in|there|home)\b|\bname\b"
    ),
}
_FEMALE: Final = re.compile(
    r"\b(?:signora|signorina|dottoressa|maestra|professoressa|mrs|ms|miss)\b"
)
_MALE: Final = re.compile(r"\b(?:signor|signore|dottor|dottore|ragioniere|geometra|ingegner|mr)\b")
_HOLDER: Final = {
    "it": re.compile(
        r"\b(?:sono?|so) io\b|\bcon (?:lui|lei)(?: in persona)?$|^con (?:lui|lei)\b|\bin persona\b"
        r"|^(?:si|eh|certo|ma si) ?(?:si )?(?:dica|mi dica|sono nome|sono io|pronto|buongiorno)?\b"
        r"(?! (?:e|ma|sta|la|lo|glielo?a?|non)\b)|^sono nome\b|^mi dica$|\bfaccio io\b|^eccomi\b"
    ),
    "en": re.compile(
        r"^(?:yes|yeah)?\s?(?:speaking|this is (?:he|she|me)|that is me)\b|\bthat s me\b"
    ),
}
_SAYS_SO: Final = {
    "it": re.compile(
        r"\b(?:sono?|so) io\b|\bin persona\b|^(?:si )?(?:sono )?nome$|^(?:si )?sono nome\b"
        r"|^eccomi\b|\babbiamo firmato\b"
    ),
    "en": re.compile(r"^(?:yes|yeah)?\s?(?:speaking|this is (?:he|she|me))\b|\bthat s me\b"),
}
_WHERE: Final = (
    r"(?:(?:in|al|alla|all|allo|sul|sulla|sotto|dal|dalla|fuori|di la|via)\b"
    r"|(?:uscit|impegnat|partit|ricoverat|malat)\w*)"
)
_RELATED: Final = (
    r"(?:moglie|marito|figli|fio\b|fia\b|sorell|fratell|madre|padre|mamma|suocer|cognat|nipot|vicin|collega"
    r"|compagn|coinquilin|inquilin|affittuar|dirimpettai|segretari|badante|nuora|genero|portiner|portier|amic|socio|socia"
    r"|dipendent|impiegat|domestic|stagist|praticant)\w*"
)
_AWAY: Final = {
    "it": re.compile(
        r"\b(?:gliel[ao]?|ve l[ao]|te l[ao]) (?:passo|chiamo)\b|\b(?:vado a|che) l[ao] chiamo\b"
        r"|\bposso aiutar(?:la|vi)\b|\bposso riferire\b|\blasci[ao] detto\b|\bl[ao] desidera\b"
        r"|\b(?:devo|posso) (?:riferire|dirgli|dirle)\b|\bche (?:gli|le) (?:dico|devo dire)\b"
        r"|^(?:no |si |guardi |al momento |adesso |ora )*"
        r"(?:l[ae] signor\w* |il signor\w* |nome )?(?:non )?(?:c )?(?:e|sta)(?: sempre)? "
        rf"{_WHERE}\b|^(?:no |guardi )*non c e\b|\b(?:lui|lei) non c e\b"
        r"|\b(?:lui|lei) e (?:in|al|fuori|sotto)\b"
        rf"|\b(?:mamma|papa|nonna|nonno|babbo) (?:non c e|e {_WHERE}|dorme|lavora|sta)\b"
        r"|\b(?:sono?|so) (?:nome )?(?:solo |soltanto )?(?:la|il|el|l|lo|un|una|sua|suo)"
        rf" (?:sua |suo )?{_RELATED}"
        r"|\b(?:sto|sono|siamo|stiamo) (?:qui |qua )?in affitto\b"
        rf"|^(?:no |ah |eh )*(?:nome )?(?:e|xe) (?:la |il )?(?:mi|mia|mio|me) {_RELATED}"
        rf"|\bnome e (?:la|il) {_RELATED} (?:mia|mio)\b"
        r"|\blavoro (?:qui |qua )?con (?:lui|lei|loro)\b"
        rf"|^no (?:e|sono) (?:la|il) {_RELATED}"
    ),
    "en": re.compile(
        r"\b(?:he|she) (?:is|s) (?:not|out|away|in a|at|with|off)\b"
        r"|\bcan i (?:help|take a message)\b|\bi (?:will|ll) (?:get|fetch) (?:him|her)\b"
        r"|\bi (?:am|m) (?:his|her|their|the|a) (?:wife|husband|son|daughter|mother|father"
        r"|neighbour|colleague|sister|brother|secretary|receptionist|flatmate)\b"
        r"|\b(?:mum|mummy|dad|daddy) is\b"
    ),
}
_SPOKEN_OF: Final = {
    "it": re.compile(
        rf"\bcerc(?:o|avo|avamo|hiamo) (?:di )?(?:la |il )?(?:sua|suo|tua|tuo) {_RELATED}"
        rf"|\b(?:sua|suo|tua|tuo) {_RELATED}(?: nome)?"
        r" (?:abita|sta|vive|lavora|e in casa|e li|c e)\b"
        rf"|\bc e (?:sua|suo|tua|tuo) {_RELATED}"
    ),
    "en": re.compile(
        r"\b(?:looking for|speak to|is) your (?:wife|husband|son|daughter|mother|father|mum|dad"
        r"|brother|sister|flatmate|colleague)\b"
    ),
}
"""Whom the operator seeks is a relative of the one on the line."""
_BACK: Final = {
    "it": re.compile(
        r"\bsono io\b|^(?:si )?pronto\b|^eccomi\b|^(?:si )?chi (?:e|parla)\b|^si$|^mi dica\b"
    ),
    "en": re.compile(r"^hello\b|^yes\b|\bspeaking\b|\bit is me\b"),
}
_KIN: Final[dict[Gender, re.Pattern[str]]] = {
    "m": re.compile(r"\b(?:mio|il) (?:marito|figlio|padre|fratello|suocero|nonno|papa|zio)\b"),
    "f": re.compile(r"\b(?:mia|la) (?:moglie|figlia|madre|sorella|suocera|nonna|mamma|zia)\b"),
}


class WhoAnswers:
    """Goes through a call, turn by turn."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._sought = False
        """Whether the operator has asked for somebody who has not answered yet."""
        self._gender: Gender | None = None
        self._called = False
        """Whether the debtor is being fetched."""
        self.third_party = False

    def read_operator(self, text: str, place: int) -> None:
        """Note whom the operator asks for."""
        words = _folded(text, self._language)
        if place <= _OPENING and _SPOKEN_OF[self._language].search(words):
            self.third_party = True
        if place > _OPENING or not _SEEKS[self._language].search(words):
            return
        self._sought = True
        if _FEMALE.search(words):
            self._gender = "f"
        elif _MALE.search(words):
            self._gender = "m"

    def read_customer(self, text: str, *, third: bool, absent: bool, holder: bool) -> None:
        """Note who answers.

        The flags say what the lexicon finds: somebody else ('sono la vicina'), an absent relative,
        the debtor ('la bolletta è mia').
        """
        words = _folded(text, self._language)
        away = bool(_AWAY[self._language].search(words))
        if self._called and _BACK[self._language].search(words) and not away:
            self.third_party, self._called, self._sought = False, False, False
            return
        if holder:
            self.third_party = self._sought = False
        elif third or (self._sought and away):
            self.third_party = True
        elif self._sought and self._is_the_debtor(words):
            self.third_party = self._sought = False
        elif absent and self._may_be_the_one(words):
            self.third_party = True
        self._called = self.third_party and away

    def _is_the_debtor(self, words: str) -> bool:
        """Whether it is the debtor who answers; from somebody else a mere 'yes' is not enough."""
        says = _SAYS_SO if self.third_party else _HOLDER
        return bool(says[self._language].search(words))

    def _may_be_the_one(self, words: str) -> bool:
        """Whether the absent relative may be whom the operator asked for."""
        return self._gender is None or bool(_KIN[self._gender].search(words))


def _folded(text: str, language: str) -> str:
    return " ".join(cut(text, language).words)
