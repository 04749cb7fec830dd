"""`monitor rules test` on a text or a page: which rules match it, and by which words."""

# ruff: noqa: PLC0415 - see monitor.cli: only what runs is imported

from datetime import UTC
from typing import TYPE_CHECKING

import typer

from monitor.cli import trees
from monitor.cli.exits import Exit
from monitor.cli.output import FAINT, GOOD, STRONG, count, emit, say
from monitor.core.misses import misses
from monitor.core.text import clean
from monitor.core.urls import same_site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.load import Configuration
    from monitor.core.knowledge import Knowledge
    from monitor.core.model import Document, Outlet, Page
    from monitor.core.rules import Rule

READ_WELL = "ok"


def written(text: str) -> "Document":
    """What somebody typed, as an article in the language it is in; the first line is the title."""
    from monitor.core.model import Document

    title, _, rest = text.strip().partition("\n")
    rest = rest.strip()
    language = _language(title, rest, prior=None)
    return Document(title=title, text=rest or None, language=language)


def fetched(url: str, configuration: "Configuration") -> "Document":
    """A page, fetched and read as the watch would. Raises Temporary or Permanent, with the reason.

    It counts as published by the outlet that has feeds on the same site, if there is one.
    """
    from monitor.core.model import Document

    outlet = _outlet_of(url, configuration)
    page = _page(url, configuration, outlet)
    _remark(page)
    prior = outlet.language if outlet else page.language
    return Document(
        title=page.title or "",
        text=page.text,
        section=page.section,
        author=", ".join(page.authors) or None,
        url=page.url,
        language=_language(page.title or "", page.text or "", prior=prior),
        outlet=outlet.id if outlet else None,
        tier=outlet.tier.value if outlet else None,
        country=outlet.country if outlet else None,
        published=page.published and page.published.astimezone(UTC).date(),
    )


def _language(title: str, text: str, *, prior: str | None) -> str | None:
    """As the watch tells it, of an article with this title and text."""
    from monitor.adapters.languages import identify

    return identify(clean(f"{title}. {text}"), prior=prior)


def _outlet_of(url: str, configuration: "Configuration") -> "Outlet | None":
    """The one outlet with feeds on this site; an aggregator's are not its own."""
    found = {
        feed.outlet
        for feed in configuration.feeds
        if not feed.aggregator and same_site(feed.url, url)
    }
    outlets = [each for each in configuration.outlets if each.id in found]
    return outlets[0] if len(outlets) == 1 else None


def _page(url: str, configuration: "Configuration", outlet: "Outlet | None") -> "Page":
    from monitor.adapters import workers
    from monitor.adapters.fetcher import Fetcher, Request
    from monitor.core.model import Access, PageRules
    from monitor.visits import PAGE_LIMIT, PAGE_TYPES

    settings = configuration.settings
    rules = outlet.pages if outlet else PageRules()
    access = Access(user_agent=rules.user_agent)
    with Fetcher(
        user_agent=settings.fetch_user_agent,
        deadline=settings.fetch_deadline,
        connections=1,
        allow=settings.fetch_allow,
    ) as fetcher:
        asked = Request(url, limit=PAGE_LIMIT, accept=PAGE_TYPES, access=access)
        response = fetcher.get(asked)
    pool = workers.Workers(1)
    try:
        return pool.run(
            workers.extract,
            response.body,
            url=response.url,
            content_type=response.headers.get("content-type"),
            keep=rules.keep,
            drop=rules.drop,
            expected=outlet.language if outlet else None,
        )
    finally:
        pool.close()


def _remark(page: "Page") -> None:
    """What keeps the page from saying all it says to a reader: rules see no more than this."""
    if page.quality != READ_WELL:
        typer.echo(f"of this page only the {page.completeness} was read: {page.quality}", err=True)


def show(
    rules: "Sequence[Rule]",
    knowledge: "Knowledge",
    document: "Document",
    *,
    whole_trees: bool,
    as_json: bool,
) -> None:
    """Try the rules and print what they found; exit with NO if none matched.

    `whole_trees`: of rules that do not match, everything that was tried, not only what was missing.
    """
    from monitor.core.matcher import Matcher

    matcher = Matcher(rules, knowledge)
    matches = matcher.match(document)
    matched = {match.rule for match in matches}
    counts = {rule.id for rule in rules if rule.volume is not None}
    silent = [matcher.explain(rule.id, document) for rule in rules if rule.id not in matched]
    if as_json:
        lacking = [misses(tree) for tree in silent]
        emit({"document": document, "matches": matches, "silent": silent, "misses": lacking})
    else:
        language = f"  ({document.language})" if document.language else ""
        say((document.title, STRONG), (language, FAINT))
        for match in matches:
            told = "counts" if match.rule in counts else f"{match.severity}"
            say((f"✓ {match.rule}", GOOD), f": {match.strength} match, {told}")
            for quote in trees.quoted(match.evidence, document):
                say(quote, indent=4)
            for why in trees.reasons(match.evidence):
                say((why, FAINT), indent=4)
        for tree in silent:
            trees.show(tree) if whole_trees else trees.show_misses(tree)
        if silent and not whole_trees:
            rest = count(len(silent), "rule")
            say((f"{rest} did not match; name one to see all that was tried", FAINT))
    if not matches:
        raise typer.Exit(Exit.NO)
