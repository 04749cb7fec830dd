"""How the messages of a channel look: their language, and a template of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from monitor.config import values
from monitor.config.directory import TEMPLATES
from monitor.config.fields import Fields
from monitor.config.problems import Problems, unknown
from monitor.core.errors import Place
from monitor.core.model import Channel, ChannelName, Language, Style, Template

STYLE_KEYS = ("language", "template")
TEMPLATE_LIMIT = 50_000  # characters; the longest built-in one has 6,000

_language = values.choice("language of messages", Language)

# Lines of a template and what is wrong there, on the channel that shall use it.
Check = Callable[[Channel, Template], Sequence[tuple[int, str]]]


@dataclass(frozen=True, slots=True)
class Templates:
    """The files of templates by their names, and what says whether one serves; None: nothing."""

    files: Mapping[str, str]
    check: Check | None = None


def read_style(fields: Fields, templates: Templates, url: str, problems: Problems) -> Style:
    """What the keys of a channel say of it; `url` is its address."""
    language = fields.optional("language", _language, Language.ENGLISH)

    def named(written: str) -> Template:
        if written not in templates.files:
            known = sorted(templates.files)
            note = f"; a template is a file such as {TEMPLATES}/desk.j2" if not known else ""
            raise ValueError(unknown("template", written, known, note=note))
        return Template(written, templates.files[written])

    template = fields.optional("template", named, None)
    style = Style(language=language, template=template)
    if template is not None:
        _check(template, style, url, templates.check, problems)
    return style


def _check(
    template: Template, style: Style, url: str, check: Check | None, problems: Problems
) -> None:
    if len(template.source) > TEMPLATE_LIMIT:
        told = f"a template has at most {TEMPLATE_LIMIT:,} characters"
        problems.add(Place(template.name), told)
    elif any("\ud800" <= letter <= "\udfff" for letter in template.source):
        problems.add(Place(template.name), "the file is not UTF-8")
    elif check is not None:
        channel = Channel(ChannelName("template"), url, style=style)
        for line, words in check(channel, template):
            problems.add(Place(template.name, line), words)
