"""What a line of the log says, and what it never says."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
import structlog

from monitor import log
from monitor.core.secrets import redactor

TOKEN = "tok/aZ9/+x"
LATE = datetime(2026, 11, 22, 0, 56, 0, 123_456, tzinfo=UTC)


class Kind(StrEnum):
    DIGEST = "digest"


@pytest.fixture(autouse=True)
def configured_again() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize("style", ["text", "json"])
def test_times_and_members_are_written_as_people_write_them(
    style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure(level="info", style=style)
    east = LATE.astimezone(timezone(timedelta(hours=5)))
    structlog.get_logger().info("x", again=LATE, east=east, kind=Kind.DIGEST, every=[LATE], n=3)
    line = capsys.readouterr().err
    assert line.count("2026-11-22T00:56:00Z") == 3
    assert "digest" in line
    assert "datetime" not in line
    assert "Kind" not in line
    if style == "json":
        assert json.loads(line)["n"] == 3
        assert json.loads(line)["kind"] == "digest"


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize(
    "value", [f"at {TOKEN}", "at tok/aZ9%2F+x", ["tok%2faZ9/%2Bx"], {"a": TOKEN}, OSError(TOKEN)]
)
def test_no_value_of_any_kind_says_a_secret(
    style: str, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure(level="info", style=style, secrets=[TOKEN])
    structlog.get_logger().info("x", value=value)
    logging.getLogger("somebody").warning("it said %s", value)
    said = capsys.readouterr().err
    assert "aZ9" not in said
    assert said.count("***") == 2


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("año nuevo", "a%c3%B1o+nuevo"),
        ("año nuevo", r"a\u00f1o%20nuevo"),
        ("a%2Fb%2Fc", "a/b%2Fc"),
        ('say "hi"', r"say \"hi\""),
        ("𝄞clef", "%F0%9D%84%9Eclef"),
        ("an\u0303o nuevo", "año nuevo"),
    ],
)
def test_a_secret_is_known_in_every_spelling(secret: str, text: str) -> None:
    assert redactor([secret])(f"<{text}>") == "<***>"


def test_the_longest_secret_is_masked_first_and_short_ones_stay() -> None:
    redact = redactor(["abcd", "abcdefgh", "25", ""])
    assert redact("abcdefgh abcd 25") == "*** *** 25"


def test_a_line_of_apprise_is_left_to_our_own_event(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(level="info", style="text")
    logging.getLogger("apprise").error("Failed to send")
    logging.getLogger("apprise.plugins").error("Failed to send")
    logging.getLogger("apprised").error("is heard")
    assert capsys.readouterr().err.count("\n") == 1


def test_a_secret_that_comes_later_is_hidden_from_then_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure(level="info", style="json", secrets=["first-secret"])
    log.hide(["later-secret"])
    structlog.get_logger().info(
        "x.happened", said="first-secret", found="later-secret first-secret"
    )
    assert "secret" not in capsys.readouterr().err
