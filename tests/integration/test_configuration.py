import os
import re
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.adapters.dressing import check_template
from monitor.config import Configuration, ConfigurationError, LogFormat, load, read_directory
from monitor.config.problems import PROBLEM_LIMIT
from monitor.config.secrets import SECRETS_FILE, SecretsFile, read_secrets_file
from monitor.config.source import SIZE_LIMIT
from monitor.config.starter import copy_starter, starter_path
from monitor.core.errors import Permanent, Place, Problem
from monitor.core.matcher import Matcher
from monitor.core.model import Access, Document, Feed, Outlet, PageRules, Selectors, Severity
from monitor.core.rules import (
    AllOf,
    AnyOf,
    Condition,
    From,
    Near,
    NoneOf,
    OncePer,
    Scope,
    Term,
    Unit,
    WeakPolicy,
    Within,
)

BASE = Path("/nowhere/config")
DATA = Path(__file__).parents[1] / "data" / "config"
GOOD = {
    "channels.yaml": 'console: {url: "console:", default: true}\n',
    "outlets/example.yaml": (
        "outlets: [{id: example, name: Example, country: US, language: en, tier: wire, "
        'feeds: [{url: "https://example.org/rss"}]}]\n'
    ),
    "rules/a.yaml": "rules: [{id: oil, when: oil}]\n",
}
SCHEMES = frozenset({"tgram", "mailto", "mailtos", "slack"})
ENVIRONMENT = {
    "EMPTY": "",
    "HUSH": "swordfish://a/b",
    "LINES": "sword\nfish",
    "WORD": "swordfish",
}


def loaded(files: dict[str, str], base: Path = BASE, **environment: str) -> Configuration:
    return load(
        files,
        base=base,
        environment=ENVIRONMENT | environment,
        known_schemes=SCHEMES,
        check_template=check_template,
    )


def problems_of(files: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        loaded(files)
    return [str(problem) for problem in raised.value.problems]


def with_rules(text: str, **more: str) -> dict[str, str]:
    return GOOD | {"rules/a.yaml": text} | more


def condition(when: str, lists: str = "") -> Condition:
    top = f"lists: {lists}\n" if lists else ""
    return loaded(with_rules(f"{top}rules: [{{id: a, when: {when}}}]\n")).rules[0].condition


def term(written: str, list_name: str | None = None) -> Term:
    found = condition(f"'{written}'")
    assert isinstance(found, Term)
    return Term(found.words, found.written, list_name)


# --- mistakes


def mistakes() -> list[tuple[str, dict[str, str | None], list[str]]]:
    """The table: name, files (None takes one away), the problems."""
    found = []
    table = (DATA / "mistakes.txt").read_text("utf-8")
    for case in re.split(r"^=== ", table, flags=re.MULTILINE)[1:]:
        name, _, rest = case.partition("\n")
        written, _, expected = rest.partition("\n>>>\n")
        files: dict[str, str | None] = {}
        for part in re.split(r"^--- (?=\S)", written, flags=re.MULTILINE)[1:]:
            file, _, text = part.partition("\n")
            path, _, absent = file.partition(" ")
            files[path] = None if absent else text.rstrip("\n") + "\n"
        found.append((name, files, expected.strip().split("\n")))
    return found


@pytest.mark.parametrize(
    ("files", "expected"), [pytest.param(files, told, id=name) for name, files, told in mistakes()]
)
def test_a_mistake_is_told_with_its_place(
    files: dict[str, str | None], expected: list[str]
) -> None:
    given_files = {file: text for file, text in (GOOD | files).items() if text is not None}
    if any(file.startswith("rules/") for file in files) and files.get("rules/a.yaml", "") == "":
        del given_files["rules/a.yaml"]
    assert problems_of(given_files) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: the file is empty"),
        (
            'version: 1\nrules: [{id: oil, when: "oi\x07l"}]\n',
            "2:28: the invisible character U+0007 is not allowed; remove it",
        ),
        (
            'rules: [{id: oil, when: "oi\u2028l"}]\n',
            "1:28: the invisible character U+2028 is not allowed; remove it",
        ),
        ("#" * SIZE_LIMIT + "\n", "1:1: the file is over 2,000,000 bytes; split it"),
    ],
)
def test_a_file_that_cannot_be_read_as_text_is_told(text: str, message: str) -> None:
    assert problems_of(with_rules(text)) == [f"rules/a.yaml:{message}"]


def test_bytes_that_are_no_utf8_are_told_with_their_place(tmp_path: Path) -> None:
    for name, text in GOOD.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "rules/a.yaml").write_bytes(b"version: 1\nrules: [{id: oil, when: petr\xf3leo}]\n")
    assert problems_of(read_directory(tmp_path)) == [
        "rules/a.yaml:2:29: byte 0xF3 is not UTF-8; save the file as UTF-8"
    ]


def test_problems_of_all_files_come_together_and_sorted() -> None:
    with pytest.raises(ConfigurationError) as raised:
        loaded(
            with_rules(
                "rules: [{id: oil, when: oi*}]\n",
                **{"monitor.yaml": "poll: {interval: often}\n", "channels.yaml": "a: [\n"},
            )
        )
    problems = raised.value.problems
    assert [problem.place.file for problem in problems] == [
        "channels.yaml",
        "monitor.yaml",
        "rules/a.yaml",
    ]
    assert list(problems) == sorted(problems)
    assert str(raised.value) == "\n".join(str(problem) for problem in problems)


def test_a_thousand_mistakes_are_cut_short() -> None:
    rules = "rules:\n" + "  - {id: A B, wen: oil}\n" * 1000
    told = problems_of(with_rules(rules))
    assert len(told) == PROBLEM_LIMIT + 1
    assert "the rest is not listed" in told[-1]


def test_a_comment_is_a_comment() -> None:
    text = "#crude\nrules:  # all of them\n  #- x\n  - {id: oil, when: oil} # see #7 #oil\n"
    assert [rule.id for rule in loaded(with_rules(text)).rules] == ["oil"]


def test_a_quoted_hashtag_is_a_term() -> None:
    found = condition('{any: ["#Chevron", "a #b"]}')
    assert isinstance(found, AnyOf)
    assert [part.written for part in found.parts if isinstance(part, Term)] == ["#Chevron", "a #b"]


@pytest.mark.parametrize("word", ["no", "on", "22:00", "1e3", "null", "true", "2026-01-01", "0x10"])
def test_every_scalar_stays_a_word(word: str) -> None:
    found = condition(f"{{all: [{word}]}}")
    assert isinstance(found, Term)
    assert found.written == word


# --- the tree


def test_several_keys_in_one_mapping_hold_together() -> None:
    found = condition("{all: [oil, gas], any: [deal, talks], none: [sport]}")
    assert found == AllOf(
        (
            AllOf((term("oil"), term("gas"))),
            AnyOf((term("deal"), term("talks"))),
            NoneOf((term("sport"),)),
        )
    )


def test_the_smallest_rule_has_every_default() -> None:
    text = "rules: [{id: chevron, when: {all: [Venezuela, Chevron]}}]\n"
    rule = loaded(with_rules(text)).rules[0]
    assert (rule.id, rule.title, rule.severity) == ("chevron", "chevron", Severity.NORMAL)
    assert (rule.once_per, rule.weak) == (OncePer.INCIDENT, WeakPolicy.DIGEST)
    assert (rule.channels, rule.enabled, rule.examples) == ((), True, ())
    assert rule.condition == AllOf((term("Venezuela"), term("Chevron")))
    assert rule.place == Place("rules/a.yaml", 1, 9)


def test_a_whole_rule_is_read() -> None:
    rule = loaded(
        with_rules(
            "rules:\n  - id: oil\n    title: Oil news\n    severity: critical\n    when: oil\n"
            "    alert: {once_per: article, weak: log}\n    enabled: false\n"
            "    notify: {channels: [console, console]}\n"
            "    examples: {match: [Oil], silent: [{title: Gas, outlet: example, text: gas}]}\n"
        )
    ).rules[0]
    assert (rule.title, rule.severity, rule.enabled) == ("Oil news", Severity.CRITICAL, False)
    assert (rule.once_per, rule.weak) == (OncePer.ARTICLE, WeakPolicy.LOG)
    assert rule.channels == ("console",)
    assert [example.document for example in rule.examples] == [
        Document("Oil"),
        Document("Gas", text="gas", language="en", outlet="example", tier="wire", country="US"),
    ]


def test_a_list_stands_for_any_of_its_terms_and_of_the_lists_it_uses() -> None:
    lists = "{fuels: [oil, $gases], gases: [methane, oil, $more], more: [propane]}"
    assert condition("$fuels", lists) == AnyOf(
        (term("oil", "fuels"), term("methane", "fuels"), term("propane", "fuels"))
    )


def test_a_list_of_a_knowledge_file_serves_every_rule() -> None:
    files = with_rules(
        "rules: [{id: a, when: $fuels}]\n", **{"knowledge/b.yaml": "lists: {fuels: [oil]}\n"}
    )
    assert loaded(files).rules[0].condition == term("oil", "fuels")


def test_near_takes_terms_and_lists() -> None:
    near = condition("{near: {terms: [$fuels, deal]}}", "{fuels: [oil, gas]}")
    assert near == Near(((term("oil", "fuels"), term("gas", "fuels")), (term("deal"),)), 10)
    near = condition("{near: {terms: [oil, gas], within: sentence, ordered: true}}")
    assert near == Near(((term("oil"),), (term("gas"),)), Unit.SENTENCE, ordered=True)
    near = condition("{near: {terms: [oil, gas], within: 3 words}}")
    assert near == Near(((term("oil"),), (term("gas"),)), 3)


def test_in_narrows_what_stands_beside_it() -> None:
    assert condition("{in: title, any: [oil, gas]}") == Within(
        frozenset({Scope.TITLE}), AnyOf((term("oil"), term("gas")))
    )
    found = condition("{in: [title, lead], all: [oil], none: [gas], language: es}")
    assert found == AllOf(
        (
            From(languages=("es",)),
            Within(
                frozenset({Scope.TITLE, Scope.LEAD}), AllOf((term("oil"), NoneOf((term("gas"),))))
            ),
        )
    )


def test_sources_narrow_by_outlet_tier_country_and_language() -> None:
    found = condition(
        "{all: [oil], outlet: example, tier: [wire, official], country: [US], language: es-VE}"
    )
    assert found == AllOf(
        (From(("example",), ("wire", "official"), ("US",), ("es-VE",)), term("oil"))
    )


@pytest.mark.parametrize(
    "when",
    [
        "{language: es, all: [oil, {language: es-VE, any: [gas]}]}",
        "{any: [{language: es, any: [oil]}, {language: en, any: [gas]}]}",
        "{all: [{any: [{tier: wire, all: [gas]}, x]}, {any: [{tier: official, all: [oil]}, y]}]}",
        "{all: [oil], none: [{in: section, any: [oil]}]}",
        "{all: [{any: [oil, gas]}], none: [gas]}",
        "{all: [US], none: [=US]}",
        "{tier: wire, all: [oil], none: [sport]}",
    ],
)
def test_a_condition_that_can_match_is_no_contradiction(when: str) -> None:
    assert condition(when)


# --- versions


def version_of(text: str) -> str:
    return loaded(with_rules(text)).rules[0].version


def test_a_version_changes_with_what_decides_and_with_nothing_else() -> None:
    rule = "rules: [{id: a, title: One, when: {any: [oil, $fuels]}}]\n"
    base = version_of("lists: {fuels: [gas], rest: [x]}\n" + rule)
    assert len(base) == 12
    assert version_of("# new\nlists: {fuels: [gas], rest: [y]}\n" + rule) == base
    assert version_of("lists: {fuels: [gas]}\n" + rule.replace("One", "Two")) == base
    assert version_of("lists: {fuels: [gas, coal]}\n" + rule) != base
    assert version_of("lists: {fuels: [gas]}\n" + rule.replace("any:", "all:")) != base
    critical = rule.replace("title: One", "severity: critical")
    assert version_of("lists: {fuels: [gas]}\n" + critical) != base


# --- examples


def test_a_rule_that_fails_its_examples_is_held_and_the_others_go_live() -> None:
    configuration = loaded(
        with_rules(
            "rules:\n"
            "  - {id: oil, when: oil, examples: {match: [Gas deal], silent: [Oil deal]}}\n"
            "  - {id: gas, when: gas, examples: {match: [Gas deal], silent: [Oil deal]}}\n"
        )
    )
    assert [rule.id for rule in configuration.rules] == ["gas"]
    assert configuration.failed_examples == (
        Problem(
            Place("rules/a.yaml", 2, 45),
            'the rule "oil" is held back: its example "Gas deal" should match and does not '
            "(oil: not in title, lead, body)",
        ),
        Problem(
            Place("rules/a.yaml", 2, 65),
            'the rule "oil" is held back: its example "Oil deal" should be silent and matches '
            "(»Oil«)",
        ),
    )


def test_a_weak_match_breaks_silence() -> None:
    text = (
        "rules: [{id: oil, when: oil, examples: {silent: [{title: A, summary: B, text: oil}]}}]\n"
    )
    assert not loaded(with_rules(text)).rules


def test_loaded_rules_match() -> None:
    rules = loaded(with_rules("rules: [{id: oil, when: {all: [petroleo, chevron]}}]\n")).rules
    found = Matcher(rules).match(Document("Chevron y el petróleo"))
    assert [match.rule for match in found] == ["oil"]


# --- settings, channels, secrets


def test_without_monitor_yaml_the_defaults_hold() -> None:
    found = loaded(GOOD).settings
    assert found.state == Path("/nowhere/var")
    assert found.database_url == "sqlite:////nowhere/var/monitor.db"
    assert found.poll_interval.total_seconds() == 300


def test_the_documented_defaults_are_the_defaults() -> None:
    document = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    block = document.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert loaded(GOOD | {"monitor.yaml": block}).settings == loaded(GOOD).settings


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("20 seconds", 20),
        ("1 second", 1),
        ("30s", 30),
        ("5m", 300),
        ("6h", 21_600),
        ("2d", 172_800),
    ],
)
def test_a_duration_is_a_number_and_a_unit(written: str, seconds: int) -> None:
    found = loaded(GOOD | {"monitor.yaml": f"poll: {{interval: {written}}}\n"}).settings
    assert found.poll_interval.total_seconds() == seconds


def test_every_setting_is_read() -> None:
    text = (
        "state: /data\ndatabase: sqlite\n"
        "poll: {interval: 1m, shortest: 30s, longest: 1 hour, first_sight: 2 hours}\n"
        "fetch: {user_agent: us, deadline: 5s, host_spacing: 2s, connections: 3, workers: 4, "
        'respect_robots: false, allow: ["127.0.0.1:8080", "[::1]:80", "LocalHost:81"]}\n'
        "story: {window: 1 day}\n"
        "retention: {articles: 1d, deliveries: 2d, tombstones: 3d, ledger: 4d}\n"
        "logging: {level: debug, format: json}\n"
    )
    found = loaded(GOOD | {"monitor.yaml": text}).settings
    spans = (found.poll_interval, found.poll_shortest, found.poll_longest, found.first_sight)
    assert [span.total_seconds() for span in spans] == [60, 30, 3600, 7200]
    spans = (found.fetch_deadline, found.host_spacing)
    assert [span.total_seconds() for span in spans] == [5, 2]
    kept = (found.retention_articles, found.retention_deliveries, found.retention_tombstones)
    days = [span.days for span in (found.story_window, *kept, found.retention_ledger)]
    assert days == [1, 1, 2, 3, 4]
    assert not found.respect_robots
    assert (found.fetch_user_agent, found.fetch_connections, found.fetch_workers) == ("us", 3, 4)
    assert found.fetch_allow == {("127.0.0.1", 8080), ("::1", 80), ("localhost", 81)}
    assert (found.database_url, found.log_format) == ("sqlite:////data/monitor.db", LogFormat.JSON)


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("{}", (2, 5, 10)),
        ("{interval: 1 minute}", (1, 1, 10)),
        ("{interval: 1 hour}", (2, 60, 60)),
        ("{interval: 1 hour, longest: 30 minutes}", (2, 60, 60)),
        ("{longest: 3 minutes}", (2, 3, 3)),
        ("{shortest: 10 minutes}", (10, 10, 10)),
        ("{shortest: 4m, longest: 4m}", (4, 4, 4)),
    ],
)
def test_a_written_interval_widens_its_bounds_and_the_default_gives_way(
    written: str, minutes: tuple[int, int, int]
) -> None:
    found = loaded(GOOD | {"monitor.yaml": f"poll: {written}\n"}).settings
    spans = (found.poll_shortest, found.poll_interval, found.poll_longest)
    assert tuple(span.total_seconds() / 60 for span in spans) == minutes


# --- outlets and feeds


def outlet(*keys: str) -> Outlet:
    """The outlet with these keys beside those it must have."""
    written = ", ".join(("id: a, name: A, country: US, language: en, tier: wire", *keys))
    files = GOOD | {"outlets/a.yaml": f"outlets: [{{{written}}}]\n"}
    return next(each for each in loaded(files).outlets if each.id == "a")


def feeds(*written: str, **environment: str) -> tuple[Feed, ...]:
    """Feeds of one outlet, numbered, with these keys beside their addresses."""
    listed = ", ".join(
        f'{{url: "https://a.example/{number}", {keys}}}' for number, keys in enumerate(written)
    )
    top = "outlets: [{id: example, name: A, country: US, language: en, tier: wire"
    files = GOOD | {"outlets/example.yaml": f"{top}, feeds: [{listed}]}}]\n"}
    return loaded(files, **environment).feeds


def test_a_feed_without_an_interval_leaves_it_to_the_settings() -> None:
    found = feeds("verified: true", "interval: 1h")
    assert [each.interval for each in found] == [None, timedelta(hours=1)]
    assert [each.verified for each in found] == [True, False]


def test_a_feed_that_is_switched_off_is_left_out() -> None:
    found = feeds("enabled: false", "enabled: true", "aggregator: true")
    assert [each.url for each in found] == ["https://a.example/1", "https://a.example/2"]
    assert [each.aggregator for each in found] == [False, True]


def test_a_feed_that_is_switched_off_still_holds_its_address() -> None:
    text = GOOD["outlets/example.yaml"]
    off = text.replace("id: example", "id: off").replace('rss"', 'rss", enabled: false')
    with pytest.raises(ConfigurationError, match="already defined"):
        loaded(GOOD | {"outlets/off.yaml": off})


def test_an_outlet_says_how_it_is_credited_and_how_its_pages_are_read() -> None:
    assert (outlet().credits, outlet().pages) == ((), PageRules())
    assert outlet('credits: [AP, "The  Associated Press"]').credits == (
        "AP",
        "The Associated Press",
    )
    whole = outlet(
        "pages: {keep: 'article > .body', drop: [.ad, 'aside, .more:not(p)'], "
        "user_agent: Mozilla/5.0, feed_text: full, respect_robots: false}"
    )
    assert whole.pages == PageRules(
        keep="article > .body",
        drop=(".ad", "aside, .more:not(p)"),
        user_agent="Mozilla/5.0",
        feed_text_full=True,
        respect_robots=False,
    )
    assert outlet("pages: {headline_only: true}").pages == PageRules(headline_only=True)


def test_a_page_is_a_feed_by_its_selectors() -> None:
    (least, whole) = feeds(
        "page: {items: 'ul.news > li'}",
        'page: {items: tr, link: "td a[href]", title: h3, date: "td:nth-child(2)", '
        'date_format: "%d.%m.%y %H:%M", summary: p}',
    )
    assert least.page == Selectors(items="ul.news > li")
    assert whole.page == Selectors(
        items="tr",
        link="td a[href]",
        title="h3",
        date="td:nth-child(2)",
        date_format="%d.%m.%y %H:%M",
        summary="p",
    )


@pytest.mark.parametrize(
    "written",
    ["%Y-%m-%d", "%B %d, %Y", "%d %b %Y, %I:%M %p", "%A, %d/%m/%y", "%Y-%m-%dT%H:%M:%S%z"],
)
def test_a_date_format_that_says_the_day_is_taken(written: str) -> None:
    (found,) = feeds(f'page: {{items: li, date: time, date_format: "{written}"}}')
    assert found.page is not None
    assert found.page.date_format == written


@pytest.mark.parametrize("deep", [":not(" * 90, ":is(" * 120, "a " * 249, "a>" * 200, "[" * 400])
def test_a_tower_of_a_selector_is_read_or_refused(deep: str) -> None:
    with suppress(ConfigurationError):
        outlet(f"pages: {{keep: '{deep}'}}")


def test_headers_hold_references_and_their_values_are_secret() -> None:
    (found,) = feeds(
        'headers: {x-desk: "a  b", Authorization: "Bearer ${TOKEN}", user-agent: Mozilla/5.0}',
        TOKEN="t0k/en=",
    )
    assert found.access == Access(
        {"X-Desk": "a  b", "Authorization": "Bearer t0k/en="}, None, "Mozilla/5.0"
    )
    assert "t0k" not in repr(found)


def test_credentials_become_an_authorization_header_and_are_secret_in_every_form() -> None:
    files = GOOD | {
        "outlets/example.yaml": GOOD["outlets/example.yaml"].replace(
            '/rss"', '/rss", credentials: "${USER}:${PASSWORD}"'
        )
    }
    found = loaded(files, USER="Aladdin", PASSWORD="open sesame")
    encoded = "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617, 2
    assert found.feeds[0].access.headers == {"Authorization": f"Basic {encoded}"}
    assert {"Aladdin", "open sesame", encoded} <= set(found.secrets)
    assert "sesame" not in repr(found)
    assert encoded not in repr(found)


def test_a_proxy_takes_its_password_by_reference() -> None:
    (plain, named) = feeds(
        'proxy: "http://proxy.example:3128"', 'proxy: "http://me:${WORD}@proxy.example:3128/"'
    )
    assert plain.access == Access({}, "http://proxy.example:3128", None)
    assert named.access.proxy == "http://me:swordfish@proxy.example:3128/"


def test_a_feed_without_access_keys_shares_the_usual_access() -> None:
    assert [each.access for each in feeds("verified: true", "verified: true")] == [Access()] * 2


def test_a_channel_may_hear_how_the_watch_is_doing() -> None:
    text = 'a: {url: "console:", default: true, ops: true}\nb: {url: "file:b.log"}\n'
    found = loaded(GOOD | {"channels.yaml": text}).channels
    assert [channel.ops for channel in found] == [True, False]


def test_a_secret_is_put_in_encoded_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sw/ord fish\n")
    (tmp_path / "dsn").write_text("pass@word")
    files = GOOD | {
        "channels.yaml": (
            'a: {url: "tgram://${file:token}/${CHAT}", default: true}\n'
            'b: {url: "${WHOLE}"}\nc: {url: "slack://$${x}/${cred:dsn}"}\n'
        ),
        "monitor.yaml": 'database: "postgresql+psycopg://me:${cred:dsn}@host/name"\n',
    }
    found = loaded(
        files,
        tmp_path,
        CHAT="-12345",
        WHOLE="slack://a/b?c=d",
        CREDENTIALS_DIRECTORY=str(tmp_path),
    )
    assert [channel.url for channel in found.channels] == [
        "tgram://sw%2Ford%20fish/-12345",
        "slack://a/b?c=d",
        "slack://${x}/pass%40word",
    ]
    assert found.settings.database_url == "postgresql+psycopg://me:pass%40word@host/name"
    assert set(found.secrets) == {"slack://a/b?c=d", "sw/ord fish", "pass@word", "-12345"}
    for secret in ("fish", "12345", "c=d", "pass"):
        assert secret not in repr(found)


def test_tokens_inside_an_address_are_secrets_of_their_own() -> None:
    files = GOOD | {
        "channels.yaml": (
            'a: {url: "${WHOLE}", default: true}\n'
            'b: {url: "mailto://127.0.0.1:2525/?to=desk@example.org"}\n'
        )
    }
    found = loaded(files, WHOLE="slack://T1JJ3T3L2/A1BRTD4JD/p%40ssw0rd99/alerts")
    assert {"p@ssw0rd99", "A1BRTD4JD", "T1JJ3T3L2"} < set(found.secrets)


@pytest.mark.parametrize("file", ["channels.yaml", "monitor.yaml"])
def test_a_wrong_address_does_not_show_its_secret(file: str) -> None:
    text = {"channels.yaml": 'a: {url: "${HUSH}"}\n', "monitor.yaml": 'database: "${HUSH}"\n'}[file]
    assert "swordfish" not in "\n".join(problems_of(GOOD | {file: text}))


# --- whatever is in the files


SCRAPS = [
    "rules:", "- id: a", "when: ", "{", "}", "[", "]", "\n", "  ", ": ", "- ", "any", "none",
    "near", "terms", "$a", "lists:", "*", "&a", "#b", '"', "'", "“", "\t", "within: 3 words",
    "oil*", "|",
    "in: title", "outlet: x", "examples", "? ", "<<: ", "!x", "%", "---", "language: es", "${", ",",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted({*GOOD, "monitor.yaml", "knowledge/a.yaml"})),
    st.text() | st.lists(st.sampled_from(SCRAPS)).map("".join),
)
def test_random_text_is_read_or_refused(file: str, text: str) -> None:
    with suppress(ConfigurationError):
        loaded(GOOD | {file: text})


@pytest.mark.parametrize("bomb", ["[" * 100_000, "- " * 100_000, "{a: " * 100_000, "? " * 100_000])
def test_a_bomb_of_brackets_is_refused_at_once(bomb: str) -> None:
    started = time.monotonic()
    assert "more than 20" in problems_of(with_rules(bomb))[0]
    assert time.monotonic() - started < 2


def test_a_thousand_rules_load_quickly() -> None:
    rule = (
        "  - id: rule-{0}\n    when:\n      all:\n        - any: [crude, refiner*, oil deal {0}]\n"
        "        - near: {{terms: [$fuels, tanker*], within: 12 words}}\n"
        "      none:\n        - {{in: section, any: [sport*]}}\n"
        "    examples: {{silent: [Nothing of the kind {0}]}}\n"
    )
    text = "lists: {fuels: [oil, gas]}\nrules:\n" + "".join(map(rule.format, range(1000)))
    started = time.process_time()
    assert len(loaded(with_rules(text)).rules) == 1000
    assert time.process_time() - started < 5  # about 0.7 s; machines of a test farm are slow


def test_ten_thousand_feeds_load_in_seconds() -> None:
    feed = '      - {{url: "https://{0}.example/{1}", source: a list, interval: 10 minutes}}\n'
    outlet = "  - id: o{0}\n    name: O {0}\n    country: US\n    language: en\n    tier: wire\n"
    text = "outlets:\n" + "".join(
        outlet.format(number)
        + "    feeds:\n"
        + "".join(feed.format(number, path) for path in range(5))
        for number in range(2000)
    )
    started = time.process_time()
    assert len(loaded(GOOD | {"outlets/many.yaml": text}).feeds) == 10_001
    assert time.process_time() - started < 6  # about 2 s; machines of a test farm are slow


# --- the directory


def test_only_configuration_files_are_read(tmp_path: Path) -> None:
    for name in ("rules/a.yaml", "rules/.b.yaml.swp", "rules/notes.txt", "rules/.c.yaml",
                 "demo/d.yaml", "monitor.yaml", "other.yaml", "outlets/e.yml"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("version: 1\n")
    assert sorted(read_directory(tmp_path)) == ["monitor.yaml", "outlets/e.yml", "rules/a.yaml"]


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such directory"):
        read_directory(tmp_path / "none")


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").mkdir()
    with pytest.raises(ConfigurationError, match=r"^rules/a\.yaml: cannot be read"):
        read_directory(tmp_path)


def test_a_missing_directory_has_no_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="none: no such directory"):
        read_directory(tmp_path / "none")


def test_folders_that_cannot_be_listed_are_told_together(tmp_path: Path) -> None:
    for folder in ("rules", "outlets"):
        (tmp_path / folder).write_text("no folder")
    with pytest.raises(ConfigurationError) as raised:
        read_directory(tmp_path)
    assert [str(each) for each in raised.value.problems] == [
        "outlets: cannot be read: Not a directory",
        "rules: cannot be read: Not a directory",
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", [".", "rules", "rules/a.yaml"])
def test_what_may_not_be_read_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text("rules: []\n")
    (tmp_path / name).chmod(0)
    with pytest.raises(ConfigurationError, match="cannot be read: Permission denied"):
        read_directory(tmp_path)
    (tmp_path / name).chmod(0o700)


# --- secrets.env


def test_a_secrets_file_is_lines_of_names_and_values(tmp_path: Path) -> None:
    file = tmp_path / SECRETS_FILE
    file.write_text("# a=b\n\nTOKEN = a=b \n  # c\ns3cret w0rd\n")
    file.chmod(0o640)
    found = read_secrets_file(tmp_path)
    assert found.values == {"TOKEN": "a=b"}
    assert [str(each) for each in found.problems] == [
        'secrets.env:5:1: a line is NAME=value, and this one has no "="'
    ]
    assert not found.remarks
    file.chmod(0o644)
    assert "chmod 640" in str(read_secrets_file(tmp_path).remarks[0])


def test_no_secrets_file_is_no_mistake(tmp_path: Path) -> None:
    assert read_secrets_file(tmp_path) == SecretsFile({})


def test_a_secrets_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / SECRETS_FILE).mkdir()
    with pytest.raises(ConfigurationError, match=r"^secrets\.env: cannot be read: Is a directory$"):
        read_secrets_file(tmp_path)


def test_a_secrets_file_that_is_no_utf8_is_told_without_its_words(tmp_path: Path) -> None:
    (tmp_path / SECRETS_FILE).write_bytes(b"A=b\nTOKEN=s3cr\xe9t\n")
    with pytest.raises(ConfigurationError) as raised:
        read_secrets_file(tmp_path)
    assert str(raised.value) == "secrets.env:2:1: this line is not UTF-8; save the file as UTF-8"


def test_the_starter_is_copied_and_loads(tmp_path: Path) -> None:
    target = tmp_path / "mine" / "config"
    copy_starter(target)
    assert not (target / "demo").exists()
    assert (target / "channels.yaml").read_bytes() == (
        starter_path() / "channels.yaml"
    ).read_bytes()
    configuration = load(read_directory(target), base=target, environment={})
    assert not configuration.held
    assert configuration.settings.state == tmp_path / "mine" / "var"
    assert [channel.name for channel in configuration.channels if channel.default] == [
        "console",
        "log",
    ]


def test_the_starter_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").write_text("version: 1\n")
    with pytest.raises(Permanent, match="nothing was written"):
        copy_starter(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["monitor.yaml"]
