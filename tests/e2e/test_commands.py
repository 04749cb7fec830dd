"""What a person types, and what comes back: the installed command on a real site and database."""

import json
import signal
import socket
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Called, Daemon, Site

from monitor.cli.status import free_space

Call = Callable[..., Called]
Start = Callable[..., Daemon]

FINE, NO, USAGE, UNEXPECTED, TEMPORARY, CONFIGURATION = 0, 1, 2, 70, 75, 78


@pytest.fixture
def watched(desk: Path, monitor: Call) -> Path:
    """The configuration after one pass over the site."""
    done = monitor("once", "--config", desk)
    assert done.returncode == FINE, done.stderr
    return desk


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


# --- the first screen


def test_help_groups_the_commands_and_hides_the_plumbing(monitor: Call) -> None:
    shown = monitor("--help").stdout
    assert "Watch" in shown
    assert "init" in shown
    assert "parse-feed" not in shown


def test_the_version_is_one_line(monitor: Call) -> None:
    assert monitor("--version").stdout.startswith("monitor ")


def test_an_unknown_command_is_a_usage_error(monitor: Call) -> None:
    assert monitor("frob").returncode == USAGE


def test_without_a_configuration_a_command_says_how_to_make_one(monitor: Call) -> None:
    refused = monitor("check", "--config", "nowhere")
    assert refused.returncode == NO
    assert "monitor init" in refused.stdout
    assert "Traceback" not in refused.stderr


def test_without_any_configuration_a_command_says_where_it_looked(monitor: Call) -> None:
    if Path("/etc/monitor").exists():
        pytest.skip("this machine has a configuration of its own")
    refused = monitor("run")
    assert refused.returncode == CONFIGURATION
    assert refused.stderr.startswith("config: no such directory")
    for place in ("/etc/monitor", "$MONITOR_CONFIG", "monitor init"):
        assert place in refused.stderr
    assert monitor("check").returncode == NO


def test_the_configuration_may_stand_before_the_command(desk: Path, monitor: Call) -> None:
    assert monitor("--config", desk, "check").returncode == FINE


# --- check


def test_check_says_how_much_is_watched(desk: Path, monitor: Call) -> None:
    told = monitor("check", "--config", desk)
    assert told.stdout == (
        "not looked for broad terms, rules that never fired, words of one language: there is no "
        "archive yet\n"
        "config is fine: 1 outlet, 1 feed, 1 rule, 1 channel\n"
    )


def test_check_warns_of_what_is_hardly_meant_and_is_fine_with_it(desk: Path, monitor: Call) -> None:
    (desk / "rules" / "more.yaml").write_text(
        "lists:\n  oils: [crude, crud*]\n  lost: [gas]\nrules:\n"
        "  - id: more\n    when:\n      any:\n        - $oils\n"
        "        - {all: [oil, 'regex:oil.{0,300}deal']}\n        - {all: [oil, deal, talks]}\n"
        "        - {all: [deal, oil]}\n"
        "  - {id: twin, when: {all: [{any: [meeting, talks]}, Sylvania, Freedonia]}}\n"
    )
    told = monitor("check", "--config", desk)
    assert told.returncode == FINE
    places = [line.split(": ")[:2] for line in told.stdout.splitlines()[:5]]
    assert places == [
        ["rules/more.yaml:2:10", "dead branch"],
        ["rules/more.yaml:3:3", "unused list"],
        ["rules/more.yaml:9:23", "slow pattern"],
        ["rules/more.yaml:10:11", "dead branch"],
        ["rules/talks.yaml:3:5", "duplicate rule"],
    ]
    assert "config is fine" in told.stdout
    facts = json.loads(monitor("check", "--json", "--config", desk).stdout)
    assert facts["ok"]
    assert [each["line"] for each in facts["remarks"]] == [2, 3, 9, 10, 3]
    assert facts["left_out"].endswith("there is no archive yet")


def test_check_shows_every_mistake_with_its_place(desk: Path, monitor: Call) -> None:
    (desk / "rules" / "more.yaml").write_text("rules:\n  - {id: more, whn: oil}\n")
    (desk / "monitor.yaml").write_text("stat: ../var\n")
    told = monitor("check", "--config", desk)
    assert told.returncode == NO
    assert "monitor.yaml:1:1: " in told.stdout
    assert "rules/more.yaml:2:" in told.stdout
    found = json.loads(monitor("check", "--json", "--config", desk).stdout)
    assert not found["ok"]
    assert found["problems"][0]["file"] == "monitor.yaml"


def test_a_line_of_secrets_without_a_value_is_a_mistake(
    desk: Path, monitor: Call, start: Start
) -> None:
    file = desk / "secrets.env"
    file.touch(mode=0o600)
    file.write_text("s3cretword\n")
    told = monitor("check", "--config", desk)
    assert told.returncode == NO
    assert told.stdout.startswith("secrets.env:1:1: ")
    assert "s3cretword" not in told.stdout
    daemon = start("run", "--config", desk)
    daemon.until("secrets.env:1:1: ")
    daemon.until("watching")
    assert daemon.end() == FINE


def test_check_remarks_that_everybody_can_read_the_secrets(desk: Path, monitor: Call) -> None:
    (desk / "secrets.env").write_text("A=b\n")
    (desk / "secrets.env").chmod(0o644)
    told = monitor("check", "--config", desk)
    assert told.returncode == FINE
    assert told.stdout.startswith("secrets.env: everybody")
    facts = json.loads(monitor("check", "--json", "--config", desk).stdout)
    assert facts["ok"]
    assert facts["remarks"][0]["file"] == "secrets.env"


def test_check_remarks_that_a_rule_has_ended(desk: Path, monitor: Call) -> None:
    rules = "rules:\n  - {id: ended, expires: 2020-12-31, when: oil}\n"
    (desk / "rules" / "more.yaml").write_text(rules)
    told = monitor("check", "--config", desk)
    assert told.returncode == FINE
    remark = "the rule ended matches nothing: its last day was 2020-12-31"
    assert told.stdout.startswith(f"rules/more.yaml:2:5: {remark}\n")
    facts = json.loads(monitor("check", "--json", "--config", desk).stdout)
    assert facts["ok"]
    assert facts["remarks"][0]["message"] == remark


def test_secrets_that_cannot_be_read_are_one_line(desk: Path, monitor: Call) -> None:
    (desk / "secrets.env").mkdir()
    assert monitor("check", "--config", desk).returncode == NO
    for command in ("run", "status"):
        refused = monitor(command, "--config", desk)
        assert refused.returncode == CONFIGURATION
        assert refused.stderr == "secrets.env: cannot be read: Is a directory\n"


def test_check_names_a_rule_that_fails_its_examples(desk: Path, monitor: Call) -> None:
    hold_back(desk)
    told = monitor("check", "--config", desk)
    assert told.returncode == NO
    assert "held back" in told.stdout


def test_check_refuses_a_channel_with_two_targets(desk: Path, monitor: Call) -> None:
    with (desk / "channels.yaml").open("a") as file:
        file.write('chats: {url: "tgram://123456789:abcdefg_hijklmnop/11111111/22222222"}\n')
    told = monitor("check", "--config", desk)
    assert told.returncode == NO
    assert "channels.yaml:2:1: channel chats: " in told.stdout
    assert "abcdefg_hijklmnop" not in told.stdout


def hold_back(desk: Path) -> None:
    file = desk / "rules" / "talks.yaml"
    file.write_text(file.read_text().replace("Freedonia wins the cup", "Freedonia talks, Sylvania"))


# --- once, status, search, explain


def test_once_does_what_is_due_and_ends(watched: Path) -> None:
    told = (watched.parent / "var" / "alerts.log").read_text()
    assert "Freedonia" in told
    assert "wins the cup" not in told


def test_status_before_the_first_run_says_so(desk: Path, monitor: Call) -> None:
    told = monitor("status", "--config", desk)
    assert told.returncode == FINE
    assert "no database yet" in told.stdout


def test_status_tells_how_the_watch_is_doing(watched: Path, monitor: Call) -> None:
    told = monitor("status", "--config", watched).stdout
    assert told.startswith("not running\n")
    assert "1 in use: 1 ok" in told
    facts = json.loads(monitor("status", "--json", "--config", watched).stdout)
    assert facts["last_24_hours"]["entries"] == 2
    assert facts["deliveries"][0]["state"] == "sent"
    assert facts["set_aside"] == []


@pytest.mark.parametrize(
    ("free", "told"),
    [(52_340_000_000, "52.3 GB free"), (940_000_000, "940 MB free"), (4e7, "FULL, 40 MB free")],
)
def test_little_room_on_the_disk_is_told_as_such(free: int, told: str) -> None:
    cell = free_space(free)
    assert (cell if isinstance(cell, str) else cell[0]) == told


def test_status_shows_what_a_failing_feed_said(watched: Path, site: Site, monitor: Call) -> None:
    with (watched / "outlets" / "wire.yaml").open("a") as file:
        file.write(
            "  - {id: other, name: The Other, country: US, language: en, tier: national, "
            f'feeds: [{{url: "{site.url}/gone"}}]}}\n'
        )
    monitor("once", "--config", watched)
    told = monitor("status", "--config", watched).stdout
    assert "1 never succeeded" in told
    assert "404" in told


def test_status_shows_mistakes_and_the_database_all_the_same(watched: Path, monitor: Call) -> None:
    (watched / "rules" / "more.yaml").write_text("rules: [\n")
    told = monitor("status", "--config", watched)
    assert told.returncode == FINE
    assert "rules/more.yaml:" in told.stdout
    assert "1 in use: 1 ok" in told.stdout


def test_search_finds_the_newest_first(watched: Path, monitor: Call) -> None:
    found = json.loads(monitor("search", "freedonia", "--json", "--config", watched).stdout)
    assert {each["outlet"] for each in found} == {"The Wire"}
    assert len(found) == 2
    assert found[0]["article"] > found[1]["article"]
    assert found[0]["seen"].endswith("Z")


def test_search_takes_a_phrase_that_the_shell_unquoted(watched: Path, monitor: Call) -> None:
    assert "wins the cup" in monitor("search", "wins the cup", "--config", watched).stdout
    assert monitor("search", "cup the wins", "--config", watched).returncode == NO


def test_explain_tells_why_and_what_became_of_the_article(
    watched: Path, site: Site, monitor: Call
) -> None:
    told = monitor("rules", "explain", f"{site.url}/one", "talks", "--config", watched).stdout
    assert "talks v1 (strong): first report of this story" in told
    assert "talks to log, digest: sent" in told
    assert "✓ talks: strong match" in told
    told = monitor("rules", "explain", f"{site.url}/two", "talks", "--config", watched).stdout
    assert "none matched" in told
    assert "✗ Sylvania  not in title" in told
    assert "why not\n✗ talks: no match\n    Sylvania: not in title" in told
    words = ("rules", "explain", f"{site.url}/two", "talks", "--json", "--config", watched)
    facts = json.loads(monitor(*words).stdout)
    assert [each["branch"] for each in facts["misses"]] == ["Sylvania", "talks | meeting"]


def test_explain_says_that_a_rule_is_not_at_work(watched: Path, site: Site, monitor: Call) -> None:
    (watched / "rules" / "off.yaml").write_text("rules: [{id: a, enabled: false, when: cup}]\n")
    told = monitor("rules", "explain", f"{site.url}/two", "a", "--config", watched).stdout
    assert "a is not at work: enabled: false" in told
    assert "✓ a: strong match" in told


def test_explain_of_a_page_that_was_never_seen_says_how_to_try_it(
    watched: Path, site: Site, monitor: Call
) -> None:
    refused = monitor("rules", "explain", f"{site.url}/none", "talks", "--config", watched)
    assert refused.returncode == NO
    assert f"`monitor rules test talks --url {site.url}/none`" in refused.stderr


def test_explain_of_an_unknown_article_is_a_no(watched: Path, monitor: Call) -> None:
    refused = monitor("rules", "explain", "77", "talks", "--config", watched)
    assert refused.returncode == NO
    assert refused.stderr == "no article has this number or address: 77\n"


# --- feeds


def test_feeds_list_and_show_tell_how_a_feed_is_doing(
    watched: Path, site: Site, monitor: Call
) -> None:
    told = monitor("feeds", "list", "--config", watched)
    assert told.returncode == FINE, told.stderr
    assert told.stdout.splitlines()[-1].startswith("1 feed: 1 ok")
    (found,) = json.loads(monitor("feeds", "list", "--json", "--config", watched).stdout)
    assert (found["url"], found["state"]) == (f"{site.url}/feed", "ok")
    told = monitor("feeds", "show", "/feed", "--config", watched)
    assert told.returncode == FINE, told.stderr
    assert "The Wire (wire)" in told.stdout
    refused = monitor("feeds", "show", "nowhere", "--config", watched)
    assert (refused.returncode, refused.stderr) == (
        NO,
        "no feed has this address or number: nowhere\n",
    )


def test_feeds_discover_proposes_yaml_that_loads(desk: Path, site: Site, monitor: Call) -> None:
    link = "<link rel='alternate' type='application/rss+xml' href='/other'>"
    site.pages["/"] = ("text/html", f"<html><head>{link}</head><body></body></html>")
    site.pages["/other"] = site.pages["/feed"]
    told = monitor("feeds", "discover", site.url, "--config", desk)
    assert told.returncode == FINE, told.stderr
    assert f"{site.url}/other" in told.stdout
    _, _, proposal = told.stdout.partition("for a file in outlets/:\n")
    (desk / "outlets" / "new.yaml").write_text(proposal)
    assert "2 feeds" in monitor("check", "--config", desk).stdout


def test_feeds_discover_proposes_nothing_that_is_configured(
    desk: Path, site: Site, monitor: Call
) -> None:
    told = monitor("feeds", "discover", f"{site.url}/feed", "--json", "--config", desk)
    assert told.returncode == FINE, told.stderr
    found = json.loads(told.stdout)
    assert [each["works"] for each in found["candidates"]] == [True]
    assert found["yaml"] is None


def test_feeds_discover_of_something_that_is_no_address_is_a_usage_error(
    desk: Path, monitor: Call
) -> None:
    refused = monitor("feeds", "discover", "paper.example", "--config", desk)
    assert refused.returncode == USAGE
    assert "https://paper.example" in refused.stderr


def test_feeds_add_writes_a_new_outlet_and_never_a_feed_twice(
    desk: Path, site: Site, monitor: Call
) -> None:
    site.pages["/other"] = site.pages["/feed"]
    told = monitor("feeds", "add", f"{site.url}/other", "--outlet", "other", "--config", desk)
    assert told.returncode == FINE, told.stderr
    assert "fill in: name, country" in told.stdout
    assert "2 outlets, 2 feeds" in monitor("check", "--config", desk).stdout
    again = monitor("feeds", "add", f"{site.url}/other", "--config", desk)
    assert again.returncode == NO
    assert "is a feed of other already" in again.stderr


def test_feeds_add_prints_the_lines_for_an_outlet_that_exists(
    desk: Path, site: Site, monitor: Call
) -> None:
    site.pages["/other"] = site.pages["/feed"]
    told = monitor("feeds", "add", f"{site.url}/other", "--outlet", "wire", "--config", desk)
    assert f'- url: "{site.url}/other"' in told.stdout
    assert "1 feed" in monitor("check", "--config", desk).stdout
    refused = monitor("feeds", "add", f"{site.url}/one", "--config", desk)
    assert refused.returncode == NO
    assert "monitor feeds discover" in refused.stderr


def test_feeds_go_to_another_desk_as_opml(desk: Path, tmp_path: Path, monitor: Call) -> None:
    assert monitor("feeds", "export", "feeds.opml", "--config", desk).returncode == FINE
    assert monitor("feeds", "export", "feeds.opml", "--config", desk).returncode == NO
    (desk / "outlets" / "wire.yaml").unlink()
    told = monitor("feeds", "import", "feeds.opml", "--config", desk)
    assert told.returncode == FINE, told.stderr
    assert "1 outlet and 1 feed" in told.stdout
    assert "1 outlet, 1 feed" in monitor("check", "--config", desk).stdout
    (tmp_path / "bad.opml").write_text("<opml>\n<body>\n")
    refused = monitor("feeds", "import", "bad.opml", "--config", desk)
    assert refused.returncode == NO
    assert refused.stderr.startswith("bad.opml:3:")


# --- rules test


def test_rules_test_runs_the_examples(desk: Path, monitor: Call) -> None:
    assert monitor("rules", "test", "--config", desk).returncode == FINE
    hold_back(desk)
    told = monitor("rules", "test", "talks", "--config", desk)
    assert told.returncode == NO
    assert "1 example failed" in told.stdout
    assert "should be silent and matches" in told.stdout


def test_rules_test_marks_the_hits_in_a_text(desk: Path, monitor: Call) -> None:
    told = monitor("rules", "test", "--text", "Freedonia in talks with Sylvania", "--config", desk)
    assert told.returncode == FINE
    assert "»Freedonia« in »talks« with »Sylvania«" in told.stdout
    told = monitor("rules", "test", "--text", "Freedonia sings", "--config", desk)
    assert told.returncode == NO
    assert "✗ Sylvania  not in title" in told.stdout


def test_rules_test_reads_a_page(desk: Path, site: Site, monitor: Call) -> None:
    told = monitor("rules", "test", "--url", f"{site.url}/one", "--config", desk)
    assert told.returncode == FINE, told.stderr
    assert "✓ talks" in told.stdout


def test_rules_test_takes_an_address_and_reads_it_as_its_outlets(
    desk: Path, site: Site, monitor: Call
) -> None:
    (desk / "rules" / "wire.yaml").write_text(
        "rules: [{id: wire, when: {tier: wire, country: US, all: [Freedonia]}}]\n"
    )
    told = monitor("rules", "test", "wire", f"{site.url}/one", "--config", desk)
    assert told.returncode == FINE, told.stderr
    assert "title: »Freedonia« offers talks to Sylvania" in told.stdout
    assert "»Freedonia« term" in told.stdout
    twice = monitor("rules", "test", f"{site.url}/one", "--text", "Freedonia", "--config", desk)
    assert twice.returncode == USAGE


def test_rules_test_knows_the_language_of_a_text(desk: Path, monitor: Call) -> None:
    (desk / "rules" / "es.yaml").write_text("rules: [{id: es, when: {all: [negociar~]}}]\n")
    words = "La negociación con el gobierno de Freedonia sigue"
    told = monitor("rules", "test", "es", "--text", words, "--json", "--config", desk)
    found = json.loads(told.stdout)
    assert found["document"]["language"] == "es"
    assert [each["quote"] for each in found["matches"][0]["evidence"]] == ["negociación"]


def test_rules_test_says_of_a_rule_that_does_not_match_what_came_nearest(
    desk: Path, monitor: Call
) -> None:
    (desk / "rules" / "near.yaml").write_text(
        "rules: [{id: near, when: {near: {terms: [Freedonia, cup], within: 1 words}}}]\n"
    )
    told = monitor("rules", "test", "--text", "Freedonia wins the cup", "--config", desk)
    assert "»Freedonia« and »cup« are 2 words apart, at most 1 allowed" in told.stdout
    assert "2 rules did not match; name one to see all that was tried" in told.stdout
    named = monitor("rules", "test", "near", "--text", "Freedonia wins the cup", "--config", desk)
    assert "✓ Freedonia  »Freedonia« in title" in named.stdout


def test_a_misspelt_rule_gets_a_suggestion(desk: Path, monitor: Call) -> None:
    refused = monitor("rules", "test", "talk", "--config", desk)
    assert refused.returncode == USAGE
    assert "Did you mean talks?" in refused.stderr


# --- channels test


def test_channels_test_repeats_what_the_service_said(desk: Path, site: Site, monitor: Call) -> None:
    with (desk / "channels.yaml").open("a") as file:
        file.write(f'room: {{url: "json://127.0.0.1:{site.port}/room"}}\n')
    assert monitor("channels", "test", "--config", desk).returncode == FINE
    assert "TEST of the channel room" in site.received[0]
    site.answer = 403
    told = monitor("channels", "test", "room", "--config", desk)
    assert told.returncode == NO
    assert "403" in told.stdout
    assert "this room is closed" in told.stdout


# --- init


def test_init_makes_a_configuration_that_passes_check(tmp_path: Path, monitor: Call) -> None:
    assert monitor("init", "new", "--no-input").returncode == FINE
    assert monitor("check", "--config", "new").returncode == FINE
    assert 'state: "var"' in (tmp_path / "new" / "monitor.yaml").read_text()


def test_init_keeps_the_address_of_a_channel_secret(
    tmp_path: Path, site: Site, monitor: Call
) -> None:
    url = f"json://127.0.0.1:{site.port}/room?+Authorization=Bearer%20s3cretword"
    made = monitor("init", "new", "--no-input", "--channel-url", url, "--channel-name", "room")
    assert made.returncode == FINE, made.stderr
    secrets = tmp_path / "new" / "secrets.env"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert url in secrets.read_text()
    pieces = [str(site.port), "127.0.0.1", "/room", "Authorization", "s3cretword"]
    for file in (tmp_path / "new").rglob("*"):
        if file.is_file() and file != secrets:
            assert not [each for each in pieces if each in file.read_text()], file
    assert "# json://…; secrets.env has it" in (tmp_path / "new" / "channels.yaml").read_text()
    assert monitor("channels", "test", "room", "--config", "new").returncode == FINE
    assert len(site.received) == 2


def test_init_with_an_address_that_the_starter_has_makes_no_second_channel_of_it(
    tmp_path: Path, monitor: Call
) -> None:
    made = monitor("init", "new", "--no-input", "--channel-url", "file:alerts.log")
    assert made.returncode == FINE, made.stderr
    written = (tmp_path / "new" / "channels.yaml").read_text()
    assert written.count("file:alerts.log") == 1
    assert 'desk: {url: "file:alerts.log", default: true}' in written
    assert 'console: {url: "console:", default: true}' in written


def test_init_writes_nothing_when_the_channel_refuses(
    tmp_path: Path, site: Site, monitor: Call
) -> None:
    site.answer = 401
    url = f"json://127.0.0.1:{site.port}/room"
    refused = monitor("init", "new", "--no-input", "--channel-url", url)
    assert refused.returncode == NO
    assert "this room is closed" in refused.stdout
    assert not (tmp_path / "new").exists()


def test_init_asks_again_and_the_console_may_be_kept(site: Site, monitor: Call) -> None:
    made = monitor("init", "new", said="nosuch://x\n\n")
    assert made.returncode == FINE
    assert "no service is called 'nosuch'" in made.stdout


def test_init_does_not_overwrite(tmp_path: Path, monitor: Call) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine").write_text("precious")
    refused = monitor("init", "new", "--no-input")
    assert refused.returncode == NO
    assert "nothing was written" in refused.stderr


# --- migrate


def test_migrate_makes_the_database_once(desk: Path, monitor: Call) -> None:
    assert "brought up to date" in monitor("migrate", "--config", desk).stdout
    assert monitor("migrate", "--config", desk).stdout == "the database is up to date\n"


# --- run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_cleanly_at_a_signal(desk: Path, start: Start, number: signal.Signals) -> None:
    daemon = start("run", "--config", desk)
    line = daemon.until("watching 1 feed of 1 outlet with 1 rule; telling log")
    assert "watch.started" not in line
    daemon.until("entry.read")  # worker processes are up, and get the signal too
    assert daemon.end(number) == FINE
    assert "Traceback" not in "".join(daemon.heard)


def test_a_second_monitor_is_sent_away(desk: Path, start: Start, monitor: Call) -> None:
    start("run", "--config", desk).until("watching")
    refused = monitor("run", "--config", desk)
    assert refused.returncode == TEMPORARY
    assert refused.stderr.startswith("another monitor works on ")
    assert monitor("status", "--config", desk).stdout.startswith("running\n")


def test_run_refuses_a_wrong_configuration_with_every_mistake(desk: Path, monitor: Call) -> None:
    (desk / "rules" / "talks.yaml").write_text("rules: [{id: a, whn: b}, {id: c, when: [}]\n")
    (desk / "channels.yaml").write_text("log: {ur: x}\n")
    refused = monitor("run", "--config", desk)
    assert refused.returncode == CONFIGURATION
    assert "channels.yaml:1:" in refused.stderr
    assert "rules/talks.yaml:1:" in refused.stderr


def test_run_keeps_the_last_good_configuration_in_force(watched: Path, start: Start) -> None:
    (watched / "rules" / "more.yaml").write_text("rules: [\n")
    daemon = start("run", "--config", watched)
    daemon.until("rules/more.yaml:")
    daemon.until("stays in force as it was")
    daemon.until("watching 1 feed of 1 outlet with 1 rule")
    assert daemon.end() == FINE


def test_run_names_the_rules_that_are_held_back(desk: Path, start: Start) -> None:
    hold_back(desk)
    daemon = start("run", "--config", desk)
    assert "is held back" in daemon.until("rules/talks.yaml:")
    daemon.until("with 0 rules")
    assert daemon.end() == FINE


def test_without_a_network_one_line_says_so(desk: Path, start: Start) -> None:
    with socket.socket() as closed:  # bound and not listening: refuses
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        (desk / "monitor.yaml").write_text(
            f'state: ../var\nfetch: {{allow: ["127.0.0.1:{port}", "localhost:{port}"]}}\n'
        )
        (desk / "outlets" / "wire.yaml").write_text(
            "outlets:\n  - {id: wire, name: Wire, country: US, language: en, tier: wire, feeds: ["
            f'{{url: "http://127.0.0.1:{port}/feed"}}, {{url: "http://localhost:{port}/feed"}}]}}\n'
        )
        daemon = start("run", "--config", desk)
        line = daemon.until("no network: 0 of 2 feeds since ")
        assert line.endswith("; see it work: make demo\n")
        assert daemon.end() == FINE
    assert sum("feed.failed" in each for each in daemon.heard) == 0


def test_the_log_as_json_keeps_the_fields(desk: Path, start: Start) -> None:
    daemon = start("--log-format", "json", "run", "--config", desk)
    event = json.loads(daemon.until("watch.started"))
    assert event["feeds"] == 1
    assert "said" not in event
    assert daemon.end() == FINE


def test_run_tells_systemd_when_it_is_ready(desk: Path, tmp_path: Path, start: Start) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000000"}
        daemon = start("run", "--config", desk, environment=told)
        assert manager.recv(4096).startswith(b"READY=1\nSTATUS=watching 1 feed")
        assert manager.recv(4096) == b"WATCHDOG=1"
        assert daemon.end() == FINE
        heard = set()
        while b"STOPPING=1" not in heard:
            heard.add(manager.recv(4096))


@pytest.mark.parametrize(
    "damaged", [b"no database at all" * 500, b"SQLite format 3\0" + b"x" * 9000]
)
def test_a_damaged_database_is_told_in_one_line(desk: Path, monitor: Call, damaged: bytes) -> None:
    (desk.parent / "var").mkdir()
    (desk.parent / "var" / "monitor.db").write_bytes(damaged)
    for command in ("status", "run", "migrate"):
        refused = monitor(command, "--config", desk)
        assert refused.returncode == UNEXPECTED
        assert refused.stderr == "monitor.db is damaged or not a database: restore a backup\n"


def test_a_locked_database_is_temporary(watched: Path, monitor: Call) -> None:
    file = watched.parent / "var" / "monitor.db"
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        refused = monitor("status", "--config", watched)
    assert refused.returncode == TEMPORARY
    assert "locked" in refused.stderr
    assert "Traceback" not in refused.stderr


# --- plumbing


def test_match_answers_line_by_line(desk: Path, monitor: Call) -> None:
    given = [
        '{"id": 1, "title": "Freedonia offers talks to Sylvania", "outlet": "wire", "other": 1}',
        "no JSON",
        '{"id": 3, "title": null}',
        '{"id": 4, "title": "Freedonia", "published": "yesterday"}',
        '{"id": 5, "title": "Freedonia \\ud800 sings", "published": "2026-01-03T14:02:00Z"}',
    ]
    told = monitor("match", "-", "--config", desk, said="\n".join(given) + "\n")
    assert told.returncode == FINE, told.stderr
    first, second, third, fourth, fifth = lines(told.stdout)
    assert first["language"] == "en"
    (match,) = first["matches"]
    assert (match["rule"], match["severity"], match["strength"]) == ("talks", "high", "strong")
    assert match["evidence"][0] == {
        "field": "title",
        "start": 0,
        "end": 9,
        "quote": "Freedonia",
        "why": "term",
    }
    assert second["id"] is None
    assert second["error"]
    assert (third["id"], third["error"]) == (3, "title is missing")
    assert "published" in str(fourth["error"])
    assert fifth["matches"] == []


def test_match_answers_hostile_lines_and_goes_on(desk: Path, tmp_path: Path, monitor: Call) -> None:
    hostile = [
        (b"[" * 200_000, "too many lists"),
        (b'{"id": NaN, "title": "a"}', "NaN"),
        (b'{"id": [-Infinity], "title": "a"}', "-Infinity"),
        (b'{"id": 1e999, "title": "a"}', "1e999"),
        (b'{"id": [[1]], "title": "a"}', "id must be"),
        (b'{"id": 1, "title": "petr\xf3leo"}', "not UTF-8"),
        (b'{"id": 1, "title": "' + b"a" * 20_000_000 + b'"}', "a line of more than 20 MB"),
    ]
    good = b'{"id": 2.5, "title": "Freedonia sings"}'
    (tmp_path / "lines").write_bytes(b"\n".join([*(line for line, _ in hostile), good]))
    told = monitor("match", "lines", "--config", desk)
    assert told.returncode == FINE, told.stderr
    *errors, last = lines(told.stdout)
    for (_, words), error in zip(hostile, errors, strict=True):
        assert error["id"] is None
        assert words in str(error["error"])
    assert (last["id"], last["matches"]) == (2.5, [])


KNOWN = """\
actors:
  freedonia: {title: Freedonia, names: [Freedonia], adjectives: [Freedonian]}
  freedonia.government:
    title: the government
    names: [Firefly, {names: [Pinky], since: 2026-05-01}]
  sylvania: {title: Sylvania, names: [Sylvania]}
offices:
  government: [president]
modifiers:
  may: {words: [may], status: hypothetical}
bindings:
  says: [says]
types:
  strike: {title: a strike, family: force, cues: [[strikes, strike]]}
  talks: {title: talks, family: dialogue, two_parties: true, cues: [[meets]]}
"""
ASKING = """\
rules:
  - id: attacks
    when: {event: {type: strike, source: freedonia, target: [sylvania, unknown]}}
    examples:
      match: ["Freedonia strikes Sylvania"]
      silent:
        - "Sylvania strikes Freedonia"
        - {title: "Pinky strikes Sylvania", published: 2026-04-30}
"""


@pytest.fixture
def knowing(desk: Path) -> Path:
    """The configuration with events, and a rule that asks for one."""
    (desk / "knowledge").mkdir()
    (desk / "knowledge" / "world.yaml").write_text(KNOWN)
    (desk / "rules" / "attacks.yaml").write_text(ASKING)
    return desk


def test_code_answers_line_by_line(knowing: Path, monitor: Call) -> None:
    given = [
        '{"id": 1, "title": "Freedonia strikes Sylvania, Firefly says", "summary": "Rain."}',
        "no JSON",
        '{"id": 3, "title": null}',
        '{"id": 4, "title": "é 🛢 Pinky meets Sylvania", "published": "2026-05-01T14:02:00Z"}',
        '{"id": 5, "title": "Pinky meets Sylvania", "published": "2026-05-01T01:00:00+02:00"}',
        '{"id": 6, "title": "Rain"}',
    ]
    told = monitor("code", "-", "--config", knowing, said="\n".join(given) + "\n")
    assert told.returncode == FINE, told.stderr
    first, second, third, fourth, fifth, sixth = lines(told.stdout)
    assert first == {
        "id": 1,
        "events": [
            {
                "type": "strike",
                "source": "freedonia.government",
                "target": "sylvania",
                "status": "claimed",
                "speaker": "Firefly",
                "sentence": "Freedonia strikes Sylvania, Firefly says",
                "field": "title",
                "start": 0,
                "end": 26,
            }
        ],
    }
    assert second["id"] is None
    assert second["error"]
    assert (third["id"], third["error"]) == (3, "title is missing")
    (event,) = fourth["events"]
    assert (event["type"], event["start"], event["end"]) == ("talks", 4, 24)
    assert fifth == {"id": 5, "events": []}, "in UTC it is the day before Pinky took office"
    assert sixth == {"id": 6, "events": []}


def test_match_gives_the_event_of_a_match(knowing: Path, monitor: Call) -> None:
    given = [
        '{"id": 1, "title": "Freedonia may strike Sylvania"}',
        '{"id": 2, "title": "Freedonia offers talks to Sylvania"}',
    ]
    told = monitor("match", "--config", knowing, said="\n".join(given) + "\n")
    assert told.returncode == FINE, told.stderr
    first, second = lines(told.stdout)
    (match,) = first["matches"]
    assert (match["rule"], match["strength"]) == ("attacks", "weak")
    assert match["event"]["status"] == "hypothetical"
    assert match["event"]["speaker"] is None
    (evidence,) = match["evidence"]
    assert evidence["why"] == "event strike: Freedonia → Sylvania, hypothetical"
    assert [each["event"] for each in second["matches"]] == [None]


def test_rules_test_names_the_nearest_event(knowing: Path, monitor: Call) -> None:
    text = "Sylvania strikes Freedonia"
    told = monitor("rules", "test", "attacks", "--text", text, "--config", knowing)
    assert "✗ event strike: freedonia → sylvania | unknown" in told.stdout, told.stderr
    assert "found strike Sylvania → Freedonia in title: source is sylvania" in told.stdout
    assert monitor("rules", "test", "attacks", "--config", knowing).returncode == FINE


def test_parse_feed_gives_one_line_an_entry(tmp_path: Path, site: Site, monitor: Call) -> None:
    site.publish("one", "Freedonia &amp; Sylvania", "")
    (tmp_path / "feed.xml").write_text(site.pages["/feed"][1])
    told = monitor("parse-feed", "feed.xml", "--url", f"{site.url}/feed")
    (entry,) = lines(told.stdout)
    assert list(entry) == [
        *("guid", "url", "title", "summary", "author", "published", "updated", "language")
    ]
    assert entry["title"] == "Freedonia & Sylvania"
    assert str(entry["published"]).endswith("Z")


def test_parse_feed_refuses_what_is_no_feed(monitor: Call) -> None:
    refused = monitor("parse-feed", "-", said="<html><body>Welcome</body></html>")
    assert refused.returncode == NO
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1


def test_extract_reads_a_page(site: Site, monitor: Call) -> None:
    site.publish("one", "Freedonia offers talks", "The president spoke.")
    told = monitor("extract", "-", "--url", f"{site.url}/one", said=site.pages["/one"][1])
    (page,) = lines(told.stdout)
    assert page["title"] == "Freedonia offers talks"
    assert page["completeness"] == "full"
    assert " ".join(page) == (
        "url canonical_url title text language published modified authors outlet section "
        "completeness quality"
    )


def test_extract_without_an_address_makes_none_up(site: Site, monitor: Call) -> None:
    site.publish("one", "Freedonia offers talks", "The president spoke.")
    page = site.pages["/one"][1].replace("<title>", '<link rel=canonical href="/here"><title>')
    told = monitor("extract", "-", said=page)
    (found,) = lines(told.stdout)
    assert found["url"] is None
    assert "localhost" not in told.stdout


def test_extract_refuses_what_is_binary(tmp_path: Path, monitor: Call) -> None:
    (tmp_path / "page").write_bytes(bytes(range(256)) * 20)
    refused = monitor("extract", "page")
    assert refused.returncode == NO
    assert refused.stdout == ""
    assert refused.stderr == "this is binary, not a web page\n"


# --- PostgreSQL


@pytest.fixture
def shared(desk: Path, postgresql_server: Callable[[], str]) -> Path:
    """The configuration with a PostgreSQL of its own."""
    with (desk / "monitor.yaml").open("a") as file:
        file.write(f"database: {json.dumps(postgresql_server())}\n")
    return desk


def test_the_commands_work_on_postgresql_too(shared: Path, site: Site, monitor: Call) -> None:
    refused = monitor("status", "--config", shared)
    assert refused.returncode == NO
    assert "monitor migrate" in refused.stderr
    assert monitor("once", "--config", shared).returncode == FINE
    told = monitor("status", "--config", shared)
    assert told.returncode == FINE, told.stderr
    assert "1 in use: 1 ok" in told.stdout
    assert "2 articles" in monitor("search", "freedonia", "--config", shared).stdout
    told = monitor("rules", "explain", f"{site.url}/one", "talks", "--config", shared)
    assert "✓ talks: strong match" in told.stdout, told.stderr


def test_a_database_that_cannot_be_reached_is_temporary(desk: Path, monitor: Call) -> None:
    with socket.socket() as closed:  # bound and not listening: refuses
        closed.bind(("127.0.0.1", 0))
        address = f"postgresql+psycopg://127.0.0.1:{closed.getsockname()[1]}/monitor"
        with (desk / "monitor.yaml").open("a") as file:
            file.write(f"database: {address}\n")
        for command in ("status", "run"):
            refused = monitor(command, "--config", desk)
            assert refused.returncode == TEMPORARY, refused.stderr
            assert "Traceback" not in refused.stderr
