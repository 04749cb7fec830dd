"""`parse-feed`, `extract`, `match`, `code`, `group`: the daemon's own parts, JSON lines."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

import codecs
import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from monitor.cli.exits import MisuseError
from monitor.cli.options import Config
from monitor.cli.output import emit
from monitor.core.errors import Permanent
from monitor.core.text import clean

if TYPE_CHECKING:
    from monitor.adapters.workers import Workers
    from monitor.config.load import Configuration
    from monitor.core.knowledge import Event
    from monitor.core.model import Document, Evidence, Match, Outlet

    Told = Callable[[Document, dict[str, Any]], dict[str, Any]]  # the article, and its line

LINE_LIMIT = 20_000_000  # bytes of one line of JSON; the longest article text is 3 MB
NOWHERE = "http://localhost/"  # where relative links lead when nobody says where a file is from
BINARY_WITHIN = 4_096  # bytes; no text has a zero byte among its first, unless a mark says UTF-16
MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)  # UTF-32-LE begins alike
ENTRY = ("guid", "url", "title", "summary", "author", "published", "updated", "language")
PAGE = (
    "url", "canonical_url", "title", "text", "language", "published", "modified", "authors",
    "outlet", "section", "completeness", "quality",
)  # fmt: skip
EVENT = ("type", "source", "target", "status", "speaker", "sentence", "field", "start", "end")
WORDS = ("title", "text", "summary", "language", "outlet", "published")  # text where present
EARLIEST = datetime(1970, 1, 5, tzinfo=UTC)  # no time can be taken off the first year
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")

File = Annotated[Path, typer.Argument(metavar="FILE", help="- is standard input.")]
Lines = Annotated[
    Path, typer.Argument(metavar="[FILE]", help="- is standard input.", show_default=False)
]
Url = Annotated[str, typer.Option(metavar="URL", help="Where the file comes from.")]


def parse_feed(
    file: File,
    *,
    url: Url = NOWHERE,
    content_type: Annotated[
        str | None, typer.Option("--content-type", metavar="T", help="As the server named it.")
    ] = None,
    config: Config = None,
) -> None:
    """Parse a feed: one line of JSON an entry."""
    from monitor.adapters import workers
    from monitor.adapters.languages import identify
    from monitor.polling import FEED_LIMIT

    del config  # every plumbing command takes it; this one needs nothing of it
    body = _body(file, limit=FEED_LIMIT)
    with _pool() as pool:
        parsed = pool.run(workers.parse_feed, body, url=url, content_type=content_type)
    for entry in parsed.entries:
        told = identify(f"{entry.title}\n{entry.summary or ''}", prior=entry.language)
        emit({name: getattr(entry, name) for name in ENTRY} | {"language": told}, indent=None)


def extract(
    file: File,
    *,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the file comes from.", show_default=False),
    ] = None,
    config: Config = None,
) -> None:
    """Read a web page: one line of JSON."""
    from monitor.adapters import workers
    from monitor.visits import PAGE_LIMIT

    del config
    body = _body(file, limit=PAGE_LIMIT)
    if b"\0" in body[:BINARY_WITHIN] and not body.startswith(MARKS):
        raise Permanent("this is binary, not a web page")
    with _pool() as pool:
        page = pool.run(workers.extract, body, url=url or NOWHERE, content_type=None)
    told = {name: getattr(page, name) for name in PAGE} | {"url": url}
    if url is None and (page.canonical_url or "").startswith(NOWHERE):
        told["canonical_url"] = None  # a relative link, and nobody said relative to what
    emit(told, indent=None)


def match(context: typer.Context, file: Lines = Path("-"), *, config: Config = None) -> None:
    """Match articles, one line of JSON each, against the rules of a configuration."""
    from monitor.cli.context import configured
    from monitor.core.matcher import Matcher

    configuration = configured(context, config)
    for problem in configuration.failed_examples:
        sys.stderr.write(f"{problem}\n")
    rules = [rule for rule in configuration.rules if rule.volume is None]  # no article alone
    matcher = Matcher(rules, configuration.knowledge)

    def told(found: "Document", _: dict[str, Any]) -> dict[str, Any]:
        matches = [_fields(each) for each in matcher.match(found)]
        return {"language": found.language, "matches": matches}

    _answer_lines(file, configuration, told)


def code(context: typer.Context, file: Lines = Path("-"), *, config: Config = None) -> None:
    """Find the events in articles, one line of JSON each: who did what to whom."""
    from monitor.cli.context import configured
    from monitor.core.events import Coder

    configuration = configured(context, config)
    coder = Coder(configuration.knowledge)

    def told(found: "Document", _: dict[str, Any]) -> dict[str, Any]:
        return {"events": [_event(each) for each in coder.code(found, day=found.published)]}

    _answer_lines(file, configuration, told)


def group(context: typer.Context, file: Lines = Path("-"), *, config: Config = None) -> None:
    """Put articles, one line of JSON each in the order of arrival, into stories."""
    from monitor.cli.context import configured
    from monitor.core.arrivals import Arrivals
    from monitor.core.duplicates import Relation

    configuration = configured(context, config)
    window = configuration.settings.story_window
    arrivals = Arrivals(configuration.knowledge, window=window)
    ids: list[Any] = []  # of the lines so far
    latest = EARLIEST  # when an article that does not say it came: with the one before

    def told(found: "Document", given: dict[str, Any]) -> dict[str, Any]:
        nonlocal latest
        latest = max(EARLIEST, _moment(given.get("published")) or latest)
        arrival = arrivals.add(found, at=latest)
        ids.append(given.get("id"))
        copied = arrival.takes_up if arrival.relation is Relation.COPY else None
        return {
            "story": arrival.story,
            "duplicate_of": None if copied is None else ids[copied],
            "relation": arrival.relation,
        }

    _answer_lines(file, configuration, told)


def _answer_lines(file: Path, configuration: "Configuration", told: "Told") -> None:
    """One line out for each line in; `told` is what is said of an article beside its id."""
    answer = _answering(configuration, told)
    with _opened(file) as stream:
        while line := stream.readline(LINE_LIMIT + 1):
            if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
                _skip(stream)
                emit({"id": None, "error": "a line of more than 20 MB"}, indent=None)
            elif line.strip():
                emit(answer(line), indent=None)


def _answering(configuration: "Configuration", told: "Told") -> Callable[[bytes], dict[str, Any]]:
    from monitor.adapters.languages import identify
    from monitor.core.model import Document

    outlets = {str(each.id): each for each in configuration.outlets}

    def document(given: dict[str, Any], outlet: "Outlet | None") -> "Document":
        title, text, summary = given["title"], given.get("text"), given.get("summary")
        prior = outlet.language if outlet else None
        language = given.get("language")
        if not language:
            language = identify(clean(f"{title}. {text or summary or ''}"), prior=prior)
        return Document(
            title=title,
            summary=summary,
            text=text,
            language=language,
            outlet=given.get("outlet"),
            tier=outlet.tier if outlet else None,
            country=outlet.country if outlet else None,
            published=_day(given.get("published")),
        )

    def answer(line: bytes) -> dict[str, Any]:
        given: Any = None
        try:
            given = _read(line)
            _check(given)
        except ValueError as error:
            known = given.get("id") if isinstance(given, dict) else None
            known = None if isinstance(known, dict | list) else known
            return {"id": known, "error": str(error)}
        found = document(given, outlets.get(given.get("outlet") or ""))
        return {"id": given.get("id"), **told(found, given)}

    return answer


def _day(published: str | None) -> date | None:
    """The day of an RFC 3339 time in UTC."""
    moment = _moment(published)
    return None if moment is None else moment.date()


def _moment(published: str | None) -> datetime | None:
    """An RFC 3339 time in UTC; one at the very edge of the calendar is none."""
    if published is None:
        return None
    try:
        return datetime.fromisoformat(published).astimezone(UTC)
    except OverflowError:
        return None


def _fields(found: "Match") -> dict[str, Any]:
    return {
        "rule": found.rule,
        "severity": found.severity,
        "strength": found.strength,
        "event": None if found.event is None else _event(found.event),
        "evidence": [_evidence(each) for each in found.evidence],
    }


def _event(found: "Event") -> dict[str, object]:
    return {name: getattr(found, name) for name in EVENT}


def _evidence(found: "Evidence") -> dict[str, object]:
    """A quote in the five keys of this format; `why` says for which case of severity it stands."""
    return {
        "field": found.field,
        "start": found.start,
        "end": found.end,
        "quote": found.quote,
        "why": f"{found.case}: {found.why}" if found.case else found.why,
    }


def _read(line: bytes) -> Any:
    """What a line of JSON holds. Raises ValueError, in words; JSONDecodeError is one."""
    try:
        text = line.decode("utf-8-sig")
        return json.loads(text, parse_constant=_number, parse_float=_number)
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    except RecursionError as error:
        raise ValueError("too many lists and objects inside each other") from error


def _number(written: str) -> float:
    """A number that JSON can hold. Python would read NaN and 1e999, and write no JSON then."""
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(f"{written[:40]} is no number of JSON")
    return number


def _check(given: Any) -> None:
    """Raises ValueError, in words, for a line that is no article."""
    if not isinstance(given, dict):
        raise ValueError("a line is one JSON object")  # noqa: TRY004 - the line is wrong, not us
    if isinstance(given.get("id"), dict | list):
        raise ValueError("id must be text, a number or null")  # noqa: TRY004 - the same
    if given.get("title") is None:
        raise ValueError("title is missing")
    for key in WORDS:
        if not isinstance(given.get(key), str | None):
            raise ValueError(f"{key} must be text or null")  # noqa: TRY004 - the same
    published = given.get("published")
    if published is not None:
        if not RFC3339.fullmatch(published):
            raise ValueError(f"published is no RFC 3339 time: {published[:40]!r}")
        datetime.fromisoformat(published)


def _skip(stream: BinaryIO) -> None:
    """Pass over the rest of a line."""
    while (rest := stream.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
        pass


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = file.open("rb")
    except OSError as error:
        raise MisuseError(f"{file} cannot be read: {error.strerror}") from error
    with stream:
        yield stream


def _body(file: Path, *, limit: int) -> bytes:
    """The bytes of a file. Raises Permanent above `limit`, as the daemon would."""
    with _opened(file) as stream:
        try:
            body = stream.read(limit + 1)
        except OSError as error:  # a directory opens, and cannot be read
            raise MisuseError(f"{file} cannot be read: {error.strerror}") from error
    if len(body) > limit:
        raise Permanent(f"{file} is over {limit:,} bytes")
    return body


@contextmanager
def _pool() -> Iterator["Workers"]:
    from monitor.adapters.workers import Workers

    pool = Workers(1)
    try:
        yield pool
    finally:
        pool.close()
