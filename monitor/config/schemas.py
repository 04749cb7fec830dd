"""JSON Schemas of the configuration files, for editors: they complete keys and check as one types.

Built from the constants that the loader itself uses. They say no more than the loader does: what
looks at two places (an unknown list, an outlet that stands twice, a rule of negatives only) is told
by `monitor check` alone.

Draft-07, not 2020-12: the YAML language server behind the editors knows draft-07 in full and passes
over much of what came later (`unevaluatedProperties`, `$dynamicRef`), and nothing here needs it.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from monitor.config import bots, channels, outlets, proof, selectors, settings, shapes
from monitor.config.access import HEADERS_LIMIT
from monitor.config.calendar_schema import shapes_of_peace, timezone
from monitor.config.knowledge_schema import knowledge_files
from monitor.config.rule_schema import rule_files
from monitor.config.shapes import Shape, known
from monitor.config.values import ID, URL_LIMIT
from monitor.core import facts
from monitor.core.errors import Permanent
from monitor.core.model import Language, Tier

FOLDER = ".schemas"  # beside the files; the loader does not look into it
WEBHOOK = "webhook"  # no file of the configuration, so it is printed and not written beside them
DIALECT = "http://json-schema.org/draft-07/schema#"


def document(name: str) -> Shape:
    """The schema of one kind of file, one of NAMES, or of what a webhook gets."""
    if name == WEBHOOK:
        return {"$schema": DIALECT} | facts.SCHEMA
    title = {"$schema": DIALECT, "title": f"media-monitor: {name}"}
    return title | _DOCUMENTS[name]()


def written(name: str) -> str:
    """The text of a schema's file."""
    return json.dumps(document(name), ensure_ascii=False, indent=2) + "\n"


def write_schemas(directory: Path) -> tuple[Path, ...]:
    """All of them into `.schemas` of a configuration directory; raises Permanent if it cannot."""
    folder = directory / FOLDER
    files = {folder / f"{name}.json": written(name) for name in NAMES}
    try:
        folder.mkdir(exist_ok=True)
        for file, content in files.items():
            file.write_text(content, "utf-8")
    except OSError as error:
        raise Permanent(f"{folder} cannot be written: {error.strerror}") from error
    return tuple(files)


# --- outlets/*.yaml


def _outlet_files() -> Shape:
    outlet = shapes.mapping(
        "Who publishes.",
        known(outlets.OUTLET_KEYS, _outlet_keys()),
        required=("id", "name", "country", "language", "tier"),
    )
    keys = {"version": shapes.version(), "outlets": shapes.several("The outlets.", outlet)}
    return shapes.mapping(
        "Outlets and their feeds.", known(outlets.FILE_KEYS, keys), required=("outlets",)
    )


def _outlet_keys() -> dict[str, Shape]:
    credit = shapes.text("A name.", minLength=outlets.CREDIT_LEAST, maxLength=outlets.CREDIT_LIMIT)
    return {
        "id": shapes.name("Only once in all files: lower-case letters, digits, -, _."),
        "name": shapes.text("As it stands in messages."),
        "country": shapes.country("ISO 3166, as in US; also EU and UN."),
        "language": shapes.language("BCP 47, as in en or es-VE."),
        "tier": shapes.choice("What kind of publisher.", Tier),
        "credits": shapes.several("The names by which others sign what is theirs.", credit),
        "pages": shapes.mapping(
            "How its pages are read, where the usual way does not do.",
            known(selectors.PAGE_RULE_KEYS, _page_rule_keys()),
        ),
        "feeds": shapes.several(
            "Its feeds.",
            shapes.mapping("A feed.", known(outlets.FEED_KEYS, _feed_keys()), required=("url",)),
        ),
    }


def _css(description: str) -> Shape:
    return shapes.text(f"CSS selector {description}", maxLength=selectors.SELECTOR_LIMIT)


def _user_agent(description: str) -> Shape:
    told = "Printable ASCII on one line."
    return shapes.matching(description, "^[ -~]*[!-~][ -~]*$", told=told, type=[*shapes.SCALAR])


def _page_rule_keys() -> dict[str, Shape]:
    return {
        "keep": _css("of the part that holds the article."),
        "drop": shapes.several(
            "What does not belong to the article.", _css("of what does not belong to it.")
        ),
        "user_agent": _user_agent("For its pages only."),
        "feed_text": {
            "description": "full: the feeds carry the whole text, so no page is fetched.",
            "enum": ["full"],
        },
        "headline_only": shapes.flag(
            "true: no page is fetched, the words of the feed are all there is.", default=False
        ),
        "respect_robots": shapes.flag("For the pages of this outlet.", default=True),
    }


def _feed_keys() -> dict[str, Shape]:
    page = shapes.mapping(
        "The address is a plain page, and these selectors find its items.",
        known(selectors.SELECTOR_KEYS, _selector_keys()),
        required=("items",),
    )
    headers = shapes.named(
        'Names and values to send along, as in X-Api-Key: "${KEY}".',
        shapes.text("The value; secrets only as ${NAME}."),
        pattern=r"\S+",
    )
    return {
        "url": shapes.matching(
            "Its address, only once in all files.",
            r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s@/?#]+(?:[/?#]\S*)?$",
            told="http:// or https:// with a host, without user name or password.",
            maxLength=URL_LIMIT,
        ),
        "source": shapes.text("Where the address was found, for the person who keeps the list."),
        "verified": shapes.flag("Whether somebody saw it work.", default=False),
        "enabled": shapes.flag("false: not asked.", default=True),
        "interval": shapes.duration("The longest pause between two polls of this feed."),
        "page": page | {"dependencies": {"date_format": ["date"]}},
        "aggregator": shapes.flag(
            "true for searches whose links do not lead to the article.", default=False
        ),
        "headers": headers | {"maxProperties": HEADERS_LIMIT},
        "credentials": shapes.text('HTTP Basic: "${USER}:${PASSWORD}", two references.'),
        "proxy": shapes.text('"http://host:port", with a password only by reference.'),
    }


def _selector_keys() -> dict[str, Shape]:
    return {
        "items": _css("of the items; the others are looked for inside of each."),
        "link": _css("of the element with the address; else a."),
        "title": _css("of the title; else the text of the link."),
        "date": _css("of the element with the date."),
        "date_format": shapes.text(
            'Of Python\'s strptime, naming day, month and year, as in "%d/%m/%Y".',
            maxLength=selectors.DATE_FORMAT_LIMIT,
        ),
        "summary": _css("of the summary."),
    }


# --- channels.yaml


def _channels_file() -> Shape:
    keys = {
        "url": shapes.text(
            '"console:", "file:PATH" or an address of Apprise; secrets only as ${NAME}.'
        ),
        "default": shapes.flag("true: told by rules without notify; at least one.", default=False),
        "ops": shapes.flag("true: hears how the watch itself is doing.", default=False),
        "pace": shapes.duration("At least so long between two messages; at most 1 hour."),
        "budget": _budget(),
        "fallback": _fallback(),
        "language": shapes.choice("Of our own words in its messages.", Language, default="en"),
        "template": shapes.matching(
            "templates/*.j2",
            r"^templates/[^/]+\.j2$",
            told="A layout of its own, out of the folder templates.",
        ),
        **shapes_of_peace(),
        "escalate": shapes.escalation(),
        "answers": shapes.flag(
            "true: what its Telegram chat answers is read: ack, snooze, mute, noise.", default=False
        ),
        "telegram_api": shapes.text(f'Where the Bot API is; else "{bots.API}".'),
        "canary": shapes.flag(
            "true: gets canaries, and nothing else because of it.", default=False
        ),
        "notes": shapes.flag("true: hears when the watch starts and stops.", default=False),
        "silent_after": shapes.duration(
            "Without a message for so long, people are told elsewhere."
        ),
    }
    channel = shapes.mapping("A channel.", known(channels.KEYS, keys), required=("url",))
    top = shapes.named("Whom to tell: one key per channel.", channel, pattern=ID.pattern)
    return top | {"properties": {"version": shapes.version()}}


def _budget() -> Shape:
    keys = {
        "messages": shapes.whole("How many at most.", least=1, most=channels.MOST_MESSAGES),
        "every": shapes.duration("In how long."),
    }
    told = "At most so many messages in so long: a provider's limit."
    return shapes.mapping(told, known(channels.BUDGET_KEYS, keys), required=("messages", "every"))


def _fallback() -> Shape:
    keys = {
        "channel": shapes.name("Another channel of this file."),
        "after": shapes.duration(
            "How long a message may go undelivered.", default=channels.FALLBACK_AFTER
        ),
    }
    told = "Who gets a message that this channel does not take."
    return shapes.mapping(told, known(channels.FALLBACK_KEYS, keys), required=("channel",))


# --- monitor.yaml

_SECTIONS = {
    "poll": "How often feeds are asked.",
    "fetch": "How feeds and pages are fetched.",
    "story": "What counts as one story.",
    "retention": "How long things are kept.",
    "canary": "Invented articles that show that the whole chain works.",
    "heartbeat": "An address that is asked as long as the watch really moves.",
    "logging": "What is logged, and how.",
}
_SETTINGS = {
    "poll_interval": "The pause between two polls that a feed begins with.",
    "poll_shortest": "No shorter pause, however much a feed has to tell.",
    "poll_longest": "No longer pause, however little, as long as the feed answers.",
    "first_sight": "On first sight of a feed, older entries are stored and not told.",
    "fetch_user_agent": "What the program calls itself.",
    "fetch_deadline": "For one request in all, redirects included; at most 30 seconds.",
    "host_spacing": "Between two pages of one host.",
    "fetch_connections": "Requests at the same time; to one host they go one after another.",
    "fetch_workers": "Processes that read feeds and pages.",
    "respect_robots": "Whether a page is left alone where robots.txt says so.",
    "story_window": "How long articles can join a story.",
    "retention_articles": "Articles, their matches and alerts with them.",
    "retention_deliveries": "Messages.",
    "retention_tombstones": "How long it is remembered that a deleted entry is not news.",
    "retention_ledger": "What each poll showed, and the gaps.",
    "canary_every": "How often one sets out.",
    "canary_within": "How long it may take; then people are told.",
    "heartbeat_every": "How often the address is asked.",
    "log_level": "The least urgent event that is logged.",
    "log_format": "How a log line looks.",
}
_MOST = {
    "fetch_connections": settings.CONNECTIONS_LIMIT,
    "fetch_workers": settings.WORKERS_LIMIT,
}


def _monitor_file() -> Shape:
    sections = {name: _section(name) for name in settings.SECTIONS}
    keys = {
        "version": shapes.version(),
        "state": shapes.text(
            "Directory of the database; relative to this file's.", default="../var"
        ),
        "database": shapes.text(
            'sqlite, or "postgresql+psycopg://user:${PGPASSWORD}@host/name".', default="sqlite"
        ),
        "timezone": timezone() | {"description": "Of times of the day that name none; else UTC."},
        **sections,
    }
    return shapes.mapping("How the program runs.", known(settings.TOP_KEYS, keys))


def _section(name: str) -> Shape:
    keys = {key: _setting(field) for section, key, field, _ in settings.KEYS if section == name}
    if name == "fetch":
        pair = shapes.matching(
            "host:port", r"^\S+:[0-9]{1,5}$", told='Host and port, as in "intranet.example:8080".'
        )
        keys["allow"] = shapes.several(
            "Addresses on this machine or a private network that may be fetched.", pair
        )
    if name == "heartbeat":
        keys[proof.URL] = shapes.text("What is asked by GET; secrets as ${NAME}.")
        return shapes.mapping(_SECTIONS[name], keys, required=(proof.URL,))
    return shapes.mapping(_SECTIONS[name], keys)


def _setting(field: str) -> Shape:
    """The shape of a setting, by the type of its field."""
    said, default = _SETTINGS[field], settings.Settings.model_fields[field].default
    if isinstance(default, timedelta):
        return shapes.duration(said, default=default)
    if isinstance(default, bool):
        return shapes.flag(said, default=default)
    if isinstance(default, int):
        return shapes.whole(said, least=1, most=_MOST[field], default=default)
    if isinstance(default, settings.LogLevel | settings.LogFormat):
        return shapes.choice(said, type(default), default=default.value)
    return _user_agent(said)


_DOCUMENTS: dict[str, Callable[[], Shape]] = {
    "rules": rule_files,
    "outlets": _outlet_files,
    "knowledge": knowledge_files,
    "channels": _channels_file,
    "monitor": _monitor_file,
}
NAMES = tuple(_DOCUMENTS)
