"""Which lines of a mail are not its writer's: quotations, and the thread below or above."""

from __future__ import annotations

import re
from collections.abc import Sequence

_QUOTED = re.compile(r"\s*>")
_QUOTED_NUMBER = re.compile(r"\s*>\s*[\d€]")
_SEPARATOR = re.compile(
    r"[^\w]{0,60}(?:messaggio (?:originale|inoltrato)|inizio messaggio inoltrato|original message"
    r"|(?:begin )?forwarded message|ursprüngliche nachricht|weitergeleitete nachricht"
    r"|message (?:d'origine|transféré)|mensaje original|forwarded by .{0,80}|inoltrato da .{0,80}"
    r"|[\w ]{0,40}(?:sopra (?:a )?questa (?:riga|linea)|above this line)[\w ]{0,40})[^\w]{0,60}",
    re.IGNORECASE,
)
_DASHED = re.compile(r"[-_=*]{3}|#|.*:$")
_RULE = re.compile(r"[_\-*=]{10,}")

_HEADERS = {
    "from": "da|from|mittente|von|de|van",
    "sent": "inviat[oa]|sent|gesendet|envoyé(?: le)?|enviado|verzonden",
    "date": "data|date|datum|fecha",
    "to": "a|to|destinatari[oa]|an|à|para|aan",
    "copy": "cc|ccn|bcc",
    "subject": "oggetto|subject|betreff|objet|asunto|onderwerp",
    "other": "priorità|importanza|importance|rispondi a|reply-to|allegati|attachments",
}
_HEADER = re.compile(
    r"\s*[*_]{0,2}(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in _HEADERS.items())
    + r")\s?[*_]{0,2}:",
    re.IGNORECASE,
)
_LONGEST_HEADER_BLOCK = 14
_LONGEST_HEADER = 400

_WROTE = r"(?:ha scritto|ha risposto|scrive|scrisse|wrote|writes|a écrit|escribió|schrieb)"
_ATTRIBUTION = re.compile(
    r".*(?<!\bmi )(?<!\bci )(?<!\ble )(?<!\bgli )"
    rf"(?:{_WROTE}|schrieb .{{1,120}})\s?:?",
    re.IGNORECASE,
)
_ANY_ATTRIBUTION = re.compile(
    r".*\b\d{1,2}[:.]\d{2}\b.*[<(]\s?[^\s<>()@]{1,80}@[^\s<>()@]{1,120}\s?[>)].{0,30}\s?:"
)
"""In any language: a time of day and an address, then a colon."""
_GMAIL_ATTRIBUTION = re.compile(r"\d{4}-\d{2}-\d{2} .{0,160}<[^<>\s]+@[^<>\s]+>\s?:")
_WEEKDAY = r"(?:lun|mar|mer|gio|ven|sab|dom|mon|tue|wed|thu|fri|sat|sun)[a-zì]{0,8}"
_ON = r"(?:il giorno|il|in data|on|am|le|el)"
_DATED_START = re.compile(
    rf"{_ON}\s+(?:{_WEEKDAY}\b|\d{{1,4}}[\s./-]|[a-z]{{3,9}} \d)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,120}")
_MOMENT = re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b20\d\d\b")
_LONGEST_ATTRIBUTION = 300
_WRAPPED_FROM = 60
"""Characters from which a line may have been broken by a mail program."""

_ATTRIBUTION_LINES = 3

_INLINE_WROTE = re.compile(rf"\b{_WROTE}\s?:", re.IGNORECASE)
_INLINE_START = re.compile(rf"(?:^|(?<=[\s.!?)])){_ON}\s", re.IGNORECASE)
_INLINE_SENT = re.compile(r"\b(?:inviato|sent)\s?:\s", re.IGNORECASE)
_INLINE_FROM = re.compile(r"(?:^|(?<=\s))(?:da|from)\s?:\s", re.IGNORECASE)
_INLINE_TO = re.compile(r"\b(?:a|to|oggetto|subject)\s?:\s", re.IGNORECASE)
_LOOK_BACK = 220


def without_thread(text: str) -> str:
    """The lines of `text` that its writer has written, lines between quotations too.

    Time is proportional to the length.
    """
    lines = text.split("\n")
    old = _old_lines(lines)
    new = [_cut_inline(line) if not gone else None for line, gone in zip(lines, old, strict=True)]
    own: list[str] = []
    for line, before in zip(new, lines, strict=True):
        if line is None:
            continue
        own.append(line)
        if line != before:
            break
    return "\n".join(own)


def _old_lines(lines: Sequence[str]) -> list[bool]:
    """For each line, whether it is of an older message or introduces one."""
    old = [False] * len(lines)
    place, written = 0, False
    while place < len(lines):
        line = lines[place]
        if _QUOTED.match(line) and not _is_comparison(lines, place, old):
            old[place] = True
            place += 1
            if _wrapped(line, lines[place] if place < len(lines) else ""):
                old[place] = True
                place += 1
            continue
        if _starts_older(lines, place):
            return _rest_old(old, place)
        headers, kinds = _header_block(lines, place)
        if headers:
            if written or "sent" in kinds:
                return _rest_old(old, place)
            old[place : place + headers] = [True] * headers
            place += headers
            continue
        attribution = _attribution(lines, place)
        if attribution:
            after = place + attribution
            if not _quoted_next(lines, after):
                return _rest_old(old, place)
            old[place:after] = [True] * attribution
            place = after
            continue
        written = written or bool(line.strip())
        place += 1
    return old


def _is_comparison(lines: Sequence[str], place: int, old: Sequence[bool]) -> bool:
    """Whether a line starts with 'more than' and a number, within its writer's words."""
    return (
        _QUOTED_NUMBER.match(lines[place]) is not None
        and place > 0
        and bool(lines[place - 1].strip())
        and not any(old[:place])
        and not (place + 1 < len(lines) and _QUOTED.match(lines[place + 1]))
    )


def _wrapped(quoted: str, following: str) -> bool:
    """Whether a quoted line that was too long continues in the next, without its `>`."""
    return (
        len(quoted) >= _WRAPPED_FROM and quoted.rstrip()[-1].isalpha() and following[:1].islower()
    )


def _rest_old(old: list[bool], place: int) -> list[bool]:
    return old[:place] + [True] * (len(old) - place)


def _starts_older(lines: Sequence[str], place: int) -> bool:
    """Whether here is a separator, or a rule with headers below it."""
    line = lines[place].strip()
    if not line or len(line) > _LONGEST_HEADER:
        return False
    if _DASHED.match(line) and _SEPARATOR.fullmatch(line):
        return True
    if not _RULE.fullmatch(line):
        return False
    below = next(
        (n for n in range(place + 1, min(place + 4, len(lines))) if lines[n].strip()), None
    )
    return below is not None and _header_block(lines, below)[0] > 0


def _header_block(lines: Sequence[str], place: int) -> tuple[int, set[str]]:
    """How many lines of mail headers start here, and which kinds; 0 where it is no block."""
    kinds: set[str] = set()
    end = place
    for at in range(place, min(place + _LONGEST_HEADER_BLOCK, len(lines))):
        line = lines[at]
        header = _HEADER.match(line) if len(line) <= _LONGEST_HEADER else None
        if header is not None and header.lastgroup is not None:
            kinds.add(header.lastgroup)
            end = at + 1
        elif at == place or (line.strip() and not _continues(lines, at)):
            break
    enough = "from" in kinds and (len(kinds) >= 3 or "sent" in kinds)
    return (end - place, kinds) if enough else (0, set())


def _continues(lines: Sequence[str], at: int) -> bool:
    """Whether a line continues a long header: the next one is a header again."""
    return at + 1 < len(lines) and _HEADER.match(lines[at + 1][:_LONGEST_HEADER]) is not None


def _attribution(lines: Sequence[str], place: int) -> int:
    """How many lines from here say who wrote what follows; 0 where none do."""
    joined = ""
    for count in range(1, min(_ATTRIBUTION_LINES, len(lines) - place) + 1):
        line = lines[place + count - 1].strip()
        joined = f"{joined} {line}".strip("-* ")
        if not line or len(joined) > _LONGEST_ATTRIBUTION:
            return 0
        dated = _DATED_START.match(joined) is not None
        if count > 1 and not dated and not _MOMENT.search(lines[place]):
            return 0
        if _says_who_wrote(joined, dated=dated, quoted=_quoted_next(lines, place + count)):
            return count
    return 0


def _says_who_wrote(text: str, *, dated: bool, quoted: bool) -> bool:
    """Whether `text` introduces an older message; `quoted` lines below it need less proof."""
    moment = _MOMENT.search(text) is not None
    if _ANY_ATTRIBUTION.fullmatch(text) or _GMAIL_ATTRIBUTION.fullmatch(text):
        return moment
    if not _ATTRIBUTION.fullmatch(text):
        return False
    address = _ADDRESS.search(text) is not None
    if not text.endswith(":"):
        return dated and moment and address
    return address or (dated and moment) or quoted


def _quoted_next(lines: Sequence[str], place: int) -> bool:
    """Whether the next line that is not empty is a quotation."""
    following = next((line for line in lines[place : place + 4] if line.strip()), "")
    return _QUOTED.match(following) is not None


def _cut_inline(line: str) -> str:
    """A line without the thread that a system has appended in the same line."""
    for wrote in _INLINE_WROTE.finditer(line):
        start = max(0, wrote.start() - _LOOK_BACK)
        window = line[start : wrote.start()]
        starts = [found.start() for found in _INLINE_START.finditer(window)]
        for at in reversed(starts):
            attribution = window[at:]
            if (
                _DATED_START.match(attribution)
                and _MOMENT.search(attribution)
                and _ADDRESS.search(attribution)
            ):
                return line[: start + at].rstrip()
    for sent in _INLINE_SENT.finditer(line):
        start = max(0, sent.start() - _LOOK_BACK)
        senders = list(_INLINE_FROM.finditer(line, start, sent.start()))
        if senders and _INLINE_TO.search(line, sent.end(), sent.end() + _LOOK_BACK):
            return line[: senders[-1].start()].rstrip()
    return line
