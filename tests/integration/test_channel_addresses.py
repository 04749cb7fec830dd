"""Channel addresses: which are good, how they are shown, and those the documents print."""

import io
import re
from pathlib import Path

import pytest
import yaml

from monitor.adapters.channels import room, send
from monitor.adapters.services import KnownSchemes, check_url, describe, redact
from monitor.core.messages import Message
from monitor.core.model import Channel, ChannelName
from monitor.core.outbox import Fate

PASSWORD = "hunter2 sécret@x"  # needs percent-encoding in a URL
QUOTED = "hunter2%20s%C3%A9cret%40x"
HEADER = "Bearer-tok-4711"
DOCS = Path(__file__).parents[2] / "docs" / "channels.md"
TELEGRAM = "123456789:AAF-abcdefghijklmnopqrstuvwxyz01234"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"tgram://{TELEGRAM}/-100123/-100124", "one channel per target"),
        ("mailtos://a:pass@mail.example.org?to=b@example.org,c@example.org", "one channel per"),
        ("mailtos://a:pass@mail.example.org?to=b@example.org&cc=c@example.org", "one channel per"),
        ("json://127.0.0.1/?format=markdown", "plain text"),
        ("json://127.0.0.1/?optional=yes", "count as sent"),
        ("json://127.0.0.1/?retry=3", "tries again"),
        ("pigeon://loft/7", "no service is called 'pigeon'"),
        ("tgram://nonsense-token/1", "tgram://"),
        ("file:", "needs a path"),
        ("console:now", "'now'"),
        ("", "no service is called ''"),
    ],
)
def test_an_address_we_cannot_deliver_to_is_refused(url: str, words: str) -> None:
    assert words in (check_url(url) or "")


@pytest.mark.parametrize(
    "url", ["console:", "file:alerts.log", f"tgram://{TELEGRAM}/-100123", "jsons://example.org/x"]
)
def test_an_address_with_one_target_is_good(url: str) -> None:
    assert check_url(url) is None


def test_a_refused_address_does_not_say_its_token() -> None:
    problem = check_url("slack://xoxb-hunter2-hunter2/#desk") or "good"
    assert "hunter2" not in problem
    bad = Channel(name=ChannelName("x"), url="slack://hunter2hunter2/hunter2hunter2/hunter2/#desk")
    message = Message(title="title", body="body")
    outcome = send(bad, message, key="k", state=Path("/nonexistent"), out=io.StringIO())
    assert outcome.state is Fate.FAILED
    assert "hunter2" not in outcome.detail


@pytest.mark.parametrize(
    "url",
    [
        f"tgram://{TELEGRAM}/-100123",
        f"jsons://ops:{QUOTED}@example.org/hook?+X-Token={HEADER}",
        f"mailtos://a:{QUOTED}@mail.example.org?to=b@example.org",
    ],
)
def test_a_described_channel_hides_its_credentials(url: str) -> None:
    shown = describe(Channel(name=ChannelName("x"), url=url))
    assert shown.startswith(url.partition(":")[0])
    for secret in (TELEGRAM, TELEGRAM.partition(":")[2], QUOTED, PASSWORD, HEADER):
        assert secret not in shown


@pytest.mark.parametrize(
    ("url", "characters"),
    [
        (f"tgram://{TELEGRAM}/-100123", 4_096 - 182),
        ("discord://417429632418316298/JHZ7lQml277CDHmQKMHI8qBe7bk2ZwO5UKjCiOAF", 2_000 - 182),
        ("json://127.0.0.1/", 32_768),
        ("console:", 100_000),
        ("pigeon://loft/7", 100_000),
    ],
)
def test_a_channel_knows_how_much_it_shows(url: str, characters: int) -> None:
    assert room(Channel(name=ChannelName("x"), url=url)) == characters


def test_the_longer_secret_goes_first_and_short_words_stay() -> None:
    assert redact("a: abcd-efgh, b: abcd, port 25", ("abcd", "abcd-efgh", "25", "")) == (
        "a: ***, b: ***, port 25"
    )


def test_the_loader_knows_the_services() -> None:
    assert {"console", "file", "tgram", "mailtos", "slack", "json", "ntfys"} <= set(KnownSchemes())


# --- the documents --------------------------------------------------------------------------

ENVIRONMENT = {
    "TELEGRAM_TOKEN": TELEGRAM,
    "TELEGRAM_CHAT": "-1001234567890",
    "MAIL_USER": "monitor",
    "MAIL_PASSWORD": QUOTED,
    "SLACK_TOKEN": "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "DISCORD_WEBHOOK": "417429632418316298/JHZ7lQml277CDHmQKMHI8qBe7bk2ZwO5UKjCiOAF7711o33",
    "NTFY_TOKEN": "tk_abcdefghijklmnopqrstuvwxyz012",
    "NTFY_TOPIC": "desk-k3v9",
    "NTFY_TOPIC_HEAD": "head-k3v9",
    "WEBHOOK_TOKEN": "abcdef0123456789",
}


def documented_channels() -> list[tuple[str, str]]:
    blocks = re.findall(r"^```yaml\n(.*?)^```", DOCS.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    loaded = [yaml.safe_load(block) for block in blocks]
    return [(name, keys["url"]) for block in loaded for name, keys in block.items()]


@pytest.mark.parametrize(("name", "url"), documented_channels())
def test_every_channel_in_the_documents_can_be_used(name: str, url: str) -> None:
    resolved = re.sub(r"\$\{(\w+)\}", lambda m: ENVIRONMENT[m[1]], url)
    assert check_url(resolved) is None


def test_the_documents_walk_through_six_services() -> None:
    schemes = {url.partition(":")[0] for _, url in documented_channels()}
    assert {"tgram", "mailtos", "slack", "discord", "ntfys", "jsons"} <= schemes
