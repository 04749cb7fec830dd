"""Who published an article, and which agency wrote it, where the feed's outlet did not. Pure.

Where agencies sign in English and Spanish: the byline, the dateline before the first sentence,
the end. A name in the running text ("told Reuters", "según dijo a EFE") is a source, no author.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from monitor.core.model import Entry, Outlet, OutletId, Page, Tier
from monitor.core.text import fold

OPENING = 3  # lines in which a byline or a dateline may stand
ENDING = 3  # lines in which a signature may stand
BYLINE = 500  # characters of a byline that are looked at
LINE = 90  # characters of a line that may be a byline
DATELINE = 80  # characters before the agency's name in a dateline
SIGNATURE = 240  # characters of a line that may be a signature
ACRONYM = 5  # letters; names as short in capitals are words in other spelling ("ap", "efe")

_PARTED = re.compile(r"\s*[,;/|·•()\[\]–—&]\s*|\s+-\s+|\s+(?:y|e|and|with|via|vía)\s+")
_LED_IN = re.compile(
    r"^(?:(?:by|por|de|from|texto:?|text:?|source:?|fuentes?:?|con información de|"
    r"con datos de|con reportes? de|with (?:information|reporting|files) from|with|con)\s+)*"
    r"(?:(?:the|la|el|agencias?|agency|news agency)\s+)*",
    re.IGNORECASE,
)
_LED_OUT = re.compile(
    r"(?:\s+(?:staff|news|newswire|agency|noticias|agencia))+\s*$|[\s.:*]+$", re.IGNORECASE
)
_BRACKETS = re.compile(r"[()\[\]]")
_JOIN = re.compile(r"(?<=\w)/(?=\w)")
_ON_PICTURES = re.compile(
    r"^\W*(?:fotos?|fotografías?|photos?|photographs?|pictures?|images?|imagen|imágenes|vídeos?|"
    r"videos?|file|archivo|gráficos?|graphics?|crédito|credit)\b",
    re.IGNORECASE,
)
_SMALL = (
    r"de|del|la|las|los|el|y|e|of|the|and|en|in|a|"
    r"ene|feb|mar|abr|may|jun|jul|ago|sep|sept|oct|nov|dic|"
    r"enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|"
    r"diciembre|lunes|martes|miércoles|jueves|viernes|sábado|domingo|redacción"
)
_WORDS_OF_PLACE = re.compile(rf"(?:[^\W_a-zà-ÿ][\w.'’]*+|(?:{_SMALL})\b\.?|[\s,./|·•–—-])*+")
_BEFORE = rf"^(?P<place>[^\n()]{{0,{DATELINE}}}?)"


@dataclass(frozen=True, slots=True)
class Source:
    """Who stands behind an article that its feed's outlet did not publish or did not write.

    `publisher` is whom an aggregator shows; `carrier` is who counts as having published it: the id
    of the outlet of that name, else the folded name. `credit` is the id of the agency that wrote.
    """

    publisher: str | None = None
    carrier: str | None = None
    credit: str | None = None


NO_SOURCE = Source()


def shown_credit(
    credit: str | None, *, agency: str | None, carrier: str | None, outlet: str
) -> str | None:
    """The agency that a message credits; None where it is who shows the article.

    `agency` is the name of the outlet whose id `credit` is, if it is still configured.
    """
    return None if credit == (carrier or outlet) else agency or credit


def source_of(
    entry: Entry,
    page: Page,
    *,
    outlet: OutletId,
    outlets: Mapping[OutletId, Outlet],
    names: Mapping[str, Sequence[str]],
    aggregated: bool,
) -> Source:
    """Who published and who wrote what an entry of `outlet` and its page show.

    `outlets` are the configured ones, `names` those of agencies, as in `credited`. Where a feed is
    `aggregated` and names no publisher, the page may name itself.
    """
    publisher = entry.publisher or (page.outlet if aggregated else None)
    credit = credited(
        names,
        author=", ".join(filter(None, (entry.author, *page.authors))),
        text=page.text or entry.text or entry.summary or entry.title,
        publisher=publisher,
        outlet=outlet,
    )
    carrier = _carrier(publisher, outlet, outlets) if aggregated and publisher else None
    return Source(publisher, carrier, credit)


def _carrier(publisher: str, outlet: OutletId, outlets: Mapping[OutletId, Outlet]) -> str | None:
    """Who counts as a publisher: the outlet of that name, else the name, where there is any.

    A search for one outlet's articles stays with that outlet, however it is spelled there.
    """
    name = _folded(publisher)
    named = [
        each.id
        for each in outlets.values()
        if name in {_folded(known) for known in (each.name, *each.credits)}
    ]
    if named:
        return outlet if outlet in named else named[0]
    ours = outlets.get(outlet)
    return name or None if ours is not None and ours.tier is Tier.AGGREGATOR else None


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return " ".join(fold(name).split())


class Carried(Protocol):
    """An article as far as it counts for its story."""

    @property
    def outlet_id(self) -> str: ...
    @property
    def carrier(self) -> str | None: ...
    @property
    def credit(self) -> str | None: ...
    @property
    def duplicate_of(self) -> int | None: ...
    @property
    def relates_to(self) -> int | None: ...


def counted(articles: Collection[Carried]) -> tuple[int, int]:
    """How many outlets carry a story, and from how many independent sources.

    Whoever repeats an agency, or another outlet word for word or with something added, is no source
    of its own; nor is an aggregator, which counts as the publisher that it shows.
    """
    original = [each for each in articles if each.duplicate_of is None and each.relates_to is None]
    at_first_hand = {each.outlet_id for each in original if each.carrier is None}
    sources = {
        each.credit or each.carrier or each.outlet_id
        for each in original
        if each.carrier not in at_first_hand
    }
    # Where all of them repeat something else there is one source, which is not among them.
    least = 1 if articles else 0
    return len({each.carrier or each.outlet_id for each in articles}), max(len(sources), least)


@lru_cache(maxsize=1024)
def _patterns(name: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """How an agency's name stands in a dateline, in a signature, and at the end of a sentence."""
    flags = re.NOFLAG if _is_acronym(name) else re.IGNORECASE
    agency = rf"(?<!\w){re.escape(name)}(?!\w)"
    dateline = re.compile(
        rf"{_BEFORE}(?:\((?:[^()\n]{{1,40}}[/,] ?)?{agency}"
        rf"(?: ?[/,-][^()\n]{{1,40}})?\)\s*(?:[.:]|[.]?\s*[-–—]+)|{agency}\s?\.\s?[-–—]+\s|"
        rf"(?<=[,./|·]\s){agency}\s+[-–—]+\s)",
        flags,
    )
    lead = (
        r"(?:©|\(c\)|copyright|(?i:fuente|source)s?:|"
        r"(?i:con información de|con datos de|with (?:information|reporting|files) from|"
        r"(?:originally |first )?published (?:by|on)|produced by|provided by|distributed by|"
        r"publicad[oa] originalmente (?:por|en)|cortesía de|reporting by)|"
        r"(?:(?i:reporting|reported|edited|editing|writing) by [^;()]{1,160};))"
    )
    signature = re.compile(
        rf"{lead}[\s\d,.:©-]*(?:(?i:by|the|la|agencia|copyright)\s+)*[\s\d,.]*{agency}",
        flags,
    )
    ending = re.compile(rf"(?:^|[.!?»”\"]\s+)[(\[]?(?:Agencia |The )?{agency}[)\]]?\W*$", flags)
    return dateline, signature, ending


def credited(
    names: Mapping[str, Sequence[str]],
    *,
    author: str | None,
    text: str | None,
    publisher: str | None = None,
    outlet: str,
) -> str | None:
    """Return the id of the outlet that wrote an article of `outlet`, or None.

    `names` are the names by which each outlet's copy is signed, by its id; `publisher` is whom an
    aggregator names. The byline counts before the text. An outlet never credits itself.
    """
    own = {name.casefold() for name in names.get(outlet, ())} | {outlet}
    signed = [
        (agency, name)
        for agency, known in names.items()
        for name in known
        if agency != outlet and name.casefold() not in own
    ]
    lines = [line.strip() for line in (text or "").split("\n") if line.strip()]
    return (
        _in_byline(signed, author)
        or _in_byline(signed, publisher)
        or _in_opening(signed, lines[:OPENING])
        or _in_ending(signed, lines[-ENDING:])
    )


def _is_acronym(name: str) -> bool:
    return len(name) <= ACRONYM and name.isupper()


def _same(written: str, name: str) -> bool:
    return written == name if _is_acronym(name) else written.casefold() == name.casefold()


def _parts(byline: str) -> Iterator[str]:
    """The names in a byline, without "By", "Agencia", "Staff"."""
    for part in _PARTED.split(byline):
        yield _LED_OUT.sub("", _LED_IN.sub("", part.strip())).strip()


def _in_byline(signed: Sequence[tuple[str, str]], byline: str | None) -> str | None:
    """The agency that is one of a byline's names, or ends one ("Ana Ruiz Associated Press")."""
    for part in _parts((byline or "")[:BYLINE]):
        for agency, name in signed:
            joined = " " in name and part.casefold().endswith(f" {name.casefold()}")
            if _same(part, name) or joined:
                return agency
    return None


def _in_opening(signed: Sequence[tuple[str, str]], lines: Sequence[str]) -> str | None:
    for line in lines:
        if _ON_PICTURES.match(line):
            continue
        if agency := _in_dateline(signed, line) or _in_line_of_names(signed, line):
            return agency
    return None


def _in_dateline(signed: Sequence[tuple[str, str]], line: str) -> str | None:
    """The agency after nothing but a place and a day; the first if there are several.

    "LIMA (AP) —", "Washington, 3 ene (EFE).-", "EFE.-".
    """
    found = []
    opening = line[: 2 * DATELINE]
    for agency, name in _named(signed, opening):
        match = _patterns(name)[0].search(opening)
        if match and _WORDS_OF_PLACE.fullmatch(match["place"]):
            found.append((match[0].casefold().rindex(name.casefold()), agency))
    return min(found)[1] if found else None


def _named(signed: Sequence[tuple[str, str]], line: str) -> list[tuple[str, str]]:
    """Those whose names stand in a line at all: patterns cost ten times as much."""
    folded = line.casefold()
    return [(agency, name) for agency, name in signed if name.casefold() in folded]


def _in_line_of_names(signed: Sequence[tuple[str, str]], line: str) -> str | None:
    """A short line of names and places only: "Por EFE", "Reuters | Lima", "Redacción/EFE".

    "EFE/Ana Ruiz" signs a picture.
    """
    if len(line) > LINE or (" " in line and line.endswith((".", "?", "!"))):
        return None
    said = _LED_IN.sub("", line)
    if not _WORDS_OF_PLACE.fullmatch(_BRACKETS.sub(" ", said)):
        return None
    return _in_byline(signed, said[_joined(said) :])


def _joined(said: str) -> int:
    """Where in "Redacción/EFE" the last name begins; 0 where no slash joins two words."""
    joins = [match.end() for match in _JOIN.finditer(said)]
    return joins[-1] if joins else 0


def _in_ending(signed: Sequence[tuple[str, str]], lines: Sequence[str]) -> str | None:
    for line in reversed(lines):
        if _ON_PICTURES.match(line):
            continue
        tail = line[-SIGNATURE:]
        for agency, name in _named(signed, line):
            _, signature, ending = _patterns(name)
            if ending.search(tail) or (len(line) <= SIGNATURE and signature.search(line)):
                return agency
    return None
