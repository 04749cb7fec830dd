"""Layouts of the user's own: what is told of a mistake, and what they may cost."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.adapters import dressing
from monitor.adapters.dressing import HANDS, check_template, dress
from monitor.core.contents import Content, Form
from monitor.core.messages import Message
from monitor.core.model import Channel, ChannelName, Language, Style, Template
from monitor.core.samples import sample, samples
from monitor.core.wording.english import ENGLISH

NOW = datetime(2026, 11, 21, 3, 2, tzinfo=UTC)
BUILT_IN = Path(dressing.__file__).parent
TITLE = "{{ content.title|strong }}"
NAME = "templates/desk.j2"
KINDS = (*HANDS, "slack", "ntfys", "console", "json")
GROWING = "{% set n = namespace(x='aaaa') %}{% for a in range(99) %}"
LOOPS = "{% for a in range(999) %}{% for b in range(999) %}{% endfor %}{% endfor %}"


def a_channel(source: str, kind: str = "tgram", language: Language = Language.ENGLISH) -> Channel:
    style = Style(language=language, template=Template(NAME, source))
    return Channel(ChannelName("desk"), f"{kind}://somewhere", style=style)


def told(source: str, kind: str = "tgram") -> list[str]:
    channel = a_channel(source, kind)
    assert channel.style.template is not None
    found = check_template(channel, channel.style.template)
    return [f"{line}: {words}" for line, words in found]


def message(
    source: str, form: Form | Content = Form.ALERT, kind: str = "tgram", room: int = 4_000
) -> Message:
    content = form if isinstance(form, Content) else sample(form, now=NOW, words=ENGLISH)
    return dress(a_channel(source, kind), content, room=room, now=NOW)


def body(found: Message) -> str:
    return found.dressed.body if found.dressed else found.body


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ contnt.title }}", '1: unknown name "contnt"; did you mean "content"?'),
        (
            "Alert\n{{ content.titl }}",
            '2: tried on an alert: there is no "titl" in content; did you mean "title"?',
        ),
        (
            "{% for each in content.items %}\n\n{{ each.headlin }}\n{% endfor %}" + TITLE,
            '3: tried on an alert: there is no "headlin" in item; did you mean "headline"?',
        ),
        ("{% if %}", "1: Expected an expression, got 'end of statement block'"),
        ("\n\n{{ content.title|stong }}", '3: unknown filter "stong"; did you mean "strong"?'),
        (
            "{{ content.title|safe }}",
            ('1: the filter "safe" is not available: all is escaped by itself; strong, hits, '
            "address and line make markup"),
        ),
        ("{% include 'chat.j2' %}", "1: a template stands alone: it cannot take in another file"),
        ("{% extends '/etc/passwd' %}", ("1: a template stands alone: it cannot take in another "
         "file")),
        ("", "1: tried on an alert: it shows nothing"),
        ("{% if content.form == 'alert' %}{{ content.title }}{% endif %}",
         "1: tried on an update: it shows nothing"),
        (TITLE, "1: tried on a digest: it leaves out a headline"),
        ("hello", "1: tried on an alert: it leaves out a headline"),
        (TITLE + "{% for each in content.items %}{{ each.headline }}{% endfor %}",
         "1: tried on a notice: it leaves out content.lines, which are all that a notice says"),
        (
            "{{ content.items|join(attribute='headline') }}{{ content.items[0].link }}",
            "1: tried on a notice: tuple object has no element 0",
        ),
        ("{{ 1 / 0 }}", "1: tried on an alert: division by zero"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_before_any_message_depends_on_it(source, words):
    assert told(source) == [words]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (LOOPS, "more than 10,000 rounds of loops and macros"),
        ("{{ range(100000) }}", "a range of more than 1,000"),
        (GROWING + "{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}", "a text of more than"),
        (GROWING + "{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}", "a text of more than"),
        (GROWING + "{% set n.x = [n.x, n.x]|join %}{% endfor %}{{ n.x }}", "a text of more than"),
        (
            GROWING + "{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}{{ n.x }}",
            "a text of more than",
        ),
        (GROWING + "{{ 'x' ~ range(900)|list }}{% endfor %}", "more than 200,000 characters"),
        (("{% set n = namespace(x=99) %}{% for a in range(99) %}{% set n.x = n.x * n.x %}"
         "{% endfor %}{{ n.x }}"), "a number above"),
        ("{{ 'x' * 1000000000 }}", '"*" is for numbers alone'),
        ("{{ '%01000000000d' % 1 }}", '"%" is for numbers alone'),
        ("{{ 9 ** 9 ** 9 }}", '"**" is not available'),
        ("{{ 'x'.center(1000000000) }}", "center() is not available"),
        ("{{ '{:>1000000000}'.format(1) }}", "format() is not available"),
        ("{{ 'x'.replace('', 'x') }}", "replace() is not available"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
        ("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "recursion"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ content.words.number.__func__.__globals__ }}", "unsafe"),
        ("{{ namespace.__init__ }}", "unsafe"),
        ("{{ " + "-" * 3_000 + "1 }}", "nested too deeply"),
        ("{% set x = content.items.append(1) %}", "has no attribute 'append'"),
        ("{{ content.reports[0].headline }}", "tuple object has no element 0"),
    ],
)  # fmt: skip
def test_what_would_cost_too_much_or_reach_too_far_is_refused_at_once(source, words):
    [found] = told(source + TITLE)
    assert words in found
    assert " at 0x" not in found


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_of_the_built_in_layout_is_a_template_and_looks_the_same(kind):
    hand = HANDS.get(kind)
    source = (BUILT_IN / (hand.template if hand else "chat.j2")).read_text("utf-8")
    assert told(source, kind) == []
    for content in samples(now=NOW, words=ENGLISH):
        own = message(source, content, kind)
        plain = Channel(ChannelName("desk"), f"{kind}://somewhere")
        assert own.failure == ""
        assert own == dress(plain, content, room=4_000, now=NOW) or hand is None


def test_a_template_puts_what_it_is_given_in_the_form_of_its_channel():
    source = "{{ content.items[0].headline|strong if content.items }}\n{{ content.title }}"
    assert body(message(source)).startswith("<b>Norland strikes a Sudanian harbour")
    assert body(message(source, kind="discord")).startswith("**Norland strikes")
    assert body(message(source, kind="slack")).startswith("Norland strikes")
    assert body(message(source, Form.NOTICE, kind="json")) == "\n[ops] A feed is back".strip()


def test_what_a_template_joins_is_escaped_beside_what_is_marked_up():
    content = replace(sample(Form.ALERT, now=NOW, words=ENGLISH), title="<i>a & b</i>")
    found = body(message("{{ '<' ~ content.title|strong }} {{ [content.title]|join }}", content))
    assert found == "&lt;<b>&lt;i&gt;a &amp; b&lt;/i&gt;</b> &lt;i&gt;a &amp; b&lt;/i&gt;"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ content.items[0].whys[7].rule }}", f"{NAME}:1: tuple object has no element 7"),
        ("\n" + LOOPS, f"{NAME}:2: more than 10,000 rounds of loops and macros"),
        ("{% if %}", f"{NAME}:1: Expected an expression, got 'end of statement block'"),
        ("{{ ' ' }}", f"{NAME}: shows nothing of this message"),
        ("x" * 5_000, f"{NAME}: does not fit into 4,000 characters"),
    ],
)
@pytest.mark.parametrize("kind", ["tgram", "mailto", "discord", "console"])
def test_a_template_that_breaks_costs_nobody_a_message(source, why, kind):
    built_in = dress(
        Channel(ChannelName("desk"), f"{kind}://somewhere"),
        sample(Form.ALERT, now=NOW, words=ENGLISH),
        room=4_000,
        now=NOW,
    )
    found = message(source, kind=kind)
    assert found.failure == why
    assert replace(found, failure="") == built_in


def test_what_is_too_long_loses_pieces_in_a_template_too():
    lines = "{% for each in content.items %}\n{{ each.headline }}\n{% endfor %}\n"
    *_, digest, _ = samples(now=NOW, words=ENGLISH)
    digest = replace(digest, preface="")
    found = message(lines + "{{ content.words.left(content.more) }}", digest, "slack", room=600)
    assert found.failure == ""
    assert len(found.body) <= 600
    shown = len(found.body.split("\n")) - 1
    assert found.body.endswith(f"and {40 - shown} more")


def test_that_a_message_stands_in_for_another_channel_is_said_whatever_the_template_shows():
    content = replace(sample(Form.ALERT, now=NOW, words=ENGLISH), preface="Stands in for x.")
    assert body(message(TITLE, content)).count("Stands in for x.") == 1
    own = message(TITLE + "\n{{ content.preface }}", content)
    assert re.search(r"</b><br/>Stands in for x\.$", body(own))


def test_every_kind_of_message_has_a_sample_with_all_its_pieces():
    shown = {form: sample(form, now=NOW, words=ENGLISH) for form in Form}
    assert {content.form for content in shown.values()} == set(Form)
    item = shown[Form.ALERT].items[0]
    assert all((item.source, item.carried, item.times, item.delays, item.link, item.standing))
    assert item.whys[0].event
    assert item.whys[0].quotes
    assert shown[Form.UPDATE].beside
    assert shown[Form.UPDATE].folded


@pytest.mark.parametrize("kind", KINDS)
def test_the_template_of_the_documentation_serves(kind):
    document = Path(__file__).resolve().parents[2] / "docs" / "messages.md"
    [source] = re.findall(r"```jinja\n(.*?)```", document.read_text("utf-8"), re.DOTALL)
    assert told(source, kind) == []
    assert "http" in body(message(source, kind=kind))
