"""What comes below a mail's words: signatures, lines of devices, notices of confidentiality."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DELIMITER = re.compile(r"\s*(--|—|__)\s*")
_LONGEST_SIGNATURE = 25
_DEVICES = (
    "iphone|ipad|android|galaxy|samsung|huawei|xiaomi|redmi|oppo|smartphone|cellulare|telefonino"
    "|telefono|tablet|blackberry|outlook|yahoo|libero|gmail|windows|virgilio|tiscali|alice"
    "|proton|protonmail|thunderbird|dispositivo|phone|device|mobile|mail"
)
_SENT_FROM = re.compile(
    r"(?:(?:inviat[oa]|spedit[oa]|sent)\s(?:da|dal|dall'|con|tramite|via|from|using)\b.{0,30}?"
    rf"\b(?:{_DEVICES})\b"
    rf"(?:[\s,.:;-]{{1,3}}(?:{_DEVICES}|app|su|per|for|on|ios|s\d\d|note|ultra|plus|pro|5g|4g|1\d"
    r"|<\S{1,200}>)\b){0,5}"
    r"(?:[\s,.:;-]{1,3}(?:scus|mi scuso|(?:please )?excuse).{0,60})?"
    r"|sent from my (?:[\w.+-]{1,20}\s?){1,5}"
    r"|(?:ottieni|scarica|get|download)\soutlook\s(?:per|for)\s\w{2,10}\s?(?:<\S{1,200}>)?)[\s.>]*",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:.{0,100}[\s,])?(?:cordiali?|distinti|cari|tanti|migliori) salut[oi]|cordialmente"
    r"|saluti(?: cordiali)?|cordialità|in fede|con osservanza"
    r"|grazie(?: mille)?(?: anticipatamente| in anticipo)?(?: e (?:cordiali )?saluti)?"
    r"|(?:best |kind |warm |many )?regards|best wishes|sincerely|many thanks|thanks in advance"
    r"|yours (?:sincerely|faithfully|truly)|cheers|mit freundlichen grüßen)[\s,.!]*",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"\b(?:tel|cell|fax|mob|phone|e-?mail|pec|p\.? ?iva|c\.? ?f|cod\. fisc|rea|via|viale|piazza"
    r"|corso|largo|www|https?|s\.?r\.?l|s\.?p\.?a|s\.?n\.?c|s\.?a\.?s|ltd|llc|inc|gmbh)\b"
    r"|[\w.+-]{1,64}@[\w-]{1,63}\.|\d[\d\s./-]{5,}",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\s*(?:il |la |l'|lo )?(?:ufficio|servizio|reparto|direzione|responsabile|team|amministra\w+"
    r"|titolare|gestore|gestione|dott|avv|geom|ing|rag|sig|customer|department|manager|director|office"
    r"|back office|credit)\b",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"\s*(?:p\.? ?s\.?|n\.? ?b\.?|post ?scriptum)(?:\s|:|$)", re.IGNORECASE)
_BLOCK_LINES = 10
_BLOCK_WORDS = 12
_MOST_PLAIN_WORDS = 3
"""Words in small letters that a line of a signature may have: more make a sentence."""


_NOTICE_TITLE = re.compile(
    r"\W*(?:avviso di riservatezza|nota di riservatezza|clausola di riservatezza|riservatezza"
    r"|confidentiality(?: notice)?|disclaimer|informativa (?:sulla )?privacy|legal notice"
    r"|privacy notice)\W*",
    re.IGNORECASE,
)
_NOTICE_START = re.compile(
    r"\W*(?:(?:questo|il presente|la presente|questa|le informazioni|i contenuti|il contenuto"
    r"|ai sensi|si precisa che|this|the information|the contents?|if you (?:are not|have received)"
    r"|avviso di riservatezza|nota di riservatezza|confidentiality|disclaimer|privacy|qualora"
    r"|chi(?:unque)? (?:le |lo )?ricev|se (?:lo |la )?(?:avete|ha) ricevuto)\b)",
    re.IGNORECASE,
)
_NOTICE_WORDS = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        r"riservat|confidenzial|confidential|privileged",
        r"destinatari|esclusiv|addressee|recipient|intended|solely",
        r"per errore|erroneamente|in error|by mistake",
        r"allegat|attachment",
        r"2016/679|196/2003|gdpr|616 c\.?p|norma di legge|unlawful|unauthori[sz]ed|proibit|vietat",
        r"diffusion|distribuzion|divulgazion|copiatur|disclos|distribut|disseminat|copying",
        r"cancellar|distrugger|eliminar|delete|destroy",
    )
)
_FOOTER = re.compile(
    r"\W*(?:(?:prima di stampare|rispetta l.ambiente|pensa all.ambiente|per favore,? non stamp"
    r"|please consider the environment|think before (?:you )?print|save a tree)\b.{0,160}"
    r"|(?:mail|e-?mail) priva di virus\b.{0,120}|virus-free\b.{0,120}"
    r"|questa e-?mail è stata controllata (?:per individuare virus|da)\b.{0,120}"
    r"|this e-?mail has been checked for viruses\b.{0,120})",
    re.IGNORECASE,
)
_LONGEST_FOOTER = 240


def without_signature(text: str) -> str:
    """`text` without what mail programs and firms add below the words of a mail.

    A closing such as 'Cordiali saluti' remains; the name and address below it are removed.
    """
    lines = text.split("\n")
    lines = lines[: _delimiter(lines)]
    lines = [line for line in lines if not _is_footer(line)]
    lines = _without_notices(lines)
    return "\n".join(_without_block(lines))


def _delimiter(lines: Sequence[str]) -> int:
    """The place of the line that separates a signature; the end where there is none."""
    for place, line in enumerate(lines):
        if _DELIMITER.fullmatch(line):
            below = sum(bool(each.strip()) for each in lines[place + 1 :])
            return place if below <= _LONGEST_SIGNATURE else len(lines)
    return len(lines)


def _is_footer(line: str) -> bool:
    text = line.strip()
    if not text or len(text) > _LONGEST_FOOTER:
        return False
    return bool(_SENT_FROM.fullmatch(text) or _FOOTER.fullmatch(text))


def _without_notices(lines: Sequence[str]) -> list[str]:
    """The lines without paragraphs that are notices of confidentiality, and what is below a
    notice's title."""
    own: list[str] = []
    paragraph: list[str] = []
    for line in lines:
        if _NOTICE_TITLE.fullmatch(line[:_LONGEST_FOOTER]):
            own += [] if _is_notice(paragraph) else paragraph
            return own
        if line.strip():
            paragraph.append(line)
            continue
        own += ([] if _is_notice(paragraph) else paragraph) + [line]
        paragraph = []
    return own + ([] if _is_notice(paragraph) else paragraph)


def _is_notice(paragraph: Sequence[str]) -> bool:
    text = " ".join(paragraph)
    if not _NOTICE_START.match(text):
        return False
    return sum(words.search(text) is not None for words in _NOTICE_WORDS) >= 3


def _without_block(lines: Sequence[str]) -> list[str]:
    """The lines without the name and address that follow the last closing."""
    closings = [n for n, line in enumerate(lines) if _CLOSING.fullmatch(line[:120].strip())]
    if not closings:
        return list(lines)
    below = closings[-1] + 1
    own = list(lines[:below])
    seen = 0
    for place in range(below, len(lines)):
        line = lines[place]
        if _POSTSCRIPT.match(line) or seen >= _BLOCK_LINES:
            return own + list(lines[place:])
        seen += bool(line.strip())
        if not _names_or_contact(line):
            own.append(line)
    return own


def _names_or_contact(line: str) -> bool:
    """Whether a line is part of a signature: names, roles, addresses; no sentence."""
    words = line.split()
    if not words or len(words) > _BLOCK_WORDS or len(line) > _LONGEST_FOOTER:
        return False
    long = [word for word in (each.strip(".,;:!?()") for each in words) if len(word) > 3]
    plain = [word for word in long if word.isalpha() and word[0].islower()]
    ends = words[-1].endswith((".", "!", "?", ":"))
    if (ends and long and long[-1] in plain) or len(plain) > _MOST_PLAIN_WORDS:
        return False
    if _CONTACT.search(line) or _ROLE.match(line):
        return True
    return bool(long) and not plain and not ends
