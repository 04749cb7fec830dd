"""Codes of messages, and what people write back: understood, or told why not."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest

from monitor.core.answers import Asked, UnclearError, Verb, understood, verb_of
from monitor.core.codes import ALPHABET, code_of, number_of

CODE = code_of(4_711)


@pytest.mark.parametrize("number", [0, 1, 10_050, 10_051, 250_000, 10**7, 10**9])
def test_a_code_says_its_number_in_small_letters_too(number):
    assert number_of(code_of(number).lower()) == number


def test_no_two_messages_have_one_code_and_codes_are_short():
    codes = [code_of(number) for number in range(20_000)]
    assert len(set(codes)) == 20_000
    assert {len(code) for code in codes} == {4, 5}
    assert not any(code.isdigit() for code in codes)


def test_a_wrong_sign_or_two_that_are_swapped_are_noticed():
    for code in map(code_of, range(0, 9_000, 450)):
        for at, right in enumerate(code):
            wrong = [code[:at] + sign + code[at + 1 :] for sign in ALPHABET if sign != right]
            assert not any(number_of(each) is not None for each in wrong)
        for at, (left, right) in enumerate(pairwise(code)):
            swapped = code[:at] + right + left + code[at + 2 :]
            assert left == right or number_of(swapped) is None


@pytest.mark.parametrize("code", ["", "A", "AAA", "A" * 12, "OIL1", "ack!", "ÁÁÁÁ"])
def test_other_words_are_no_codes(code):
    assert number_of(code) is None


@pytest.mark.parametrize(
    ("text", "verb", "span"),
    [
        ("ack {}", Verb.ACK, None),
        ("ACK, calling the desk. {}", Verb.ACK, None),
        ("/ack@desk_bot {}", Verb.ACK, None),
        ("got it {}", Verb.ACK, None),
        ("Visto {}", Verb.ACK, None),
        ("me encargo {}", Verb.ACK, None),
        ("snooze {}", Verb.SNOOZE, timedelta(hours=1)),
        ("snooze 30m {}", Verb.SNOOZE, timedelta(minutes=30)),
        ("posponer {} por 2 horas", Verb.SNOOZE, timedelta(hours=2)),
        ("más tarde 1d {}", Verb.SNOOZE, timedelta(days=1)),
        ("mute story {}", Verb.MUTE, timedelta(days=3)),
        ("silenciar la historia 6h {}", Verb.MUTE, timedelta(hours=6)),
        ("noise {}", Verb.NOISE, timedelta(days=3)),
        ("falsa alarma, es fútbol {}", Verb.NOISE, timedelta(days=3)),
    ],
)
def test_an_answer_is_understood_with_its_code_or_as_a_reply(text, verb, span):
    quoted = f"🟠 HIGH · Talks\nCode {CODE} · reply ack, snooze 2h"
    assert understood(text.format(CODE)) == Asked(verb, (4_711,), span)
    assert understood(text.format(""), quoted=quoted) == Asked(verb, (4_711,), span)


def test_the_code_in_an_answer_counts_before_that_of_the_message_replied_to():
    other = code_of(5)
    assert understood(f"ack {other}", quoted=f"Código {CODE}").deliveries == (5,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ack", "Which message?"),
        ("ack K7Q2", "no code of mine"),
        (f"snooze until noon {CODE}", "“until” behind snooze"),
        (f"snooze 2x {CODE}", "write 30m, 2h or 1d"),
        (f"snooze 0h {CODE}", "from 1 minute to 7 days"),
        (f"snooze 30d {CODE}", "from 1 minute to 7 days"),
        (f"mute rule {CODE}", "monitor silences add --rule"),
        ("what?", "I do not know “what”"),
        ("", "I do not know that"),
    ],
)
def test_what_is_not_understood_is_told_why(text, said):
    with pytest.raises(UnclearError, match=re.escape(said)):
        understood(text)


def test_talk_among_people_is_for_nobody_here():
    assert verb_of("anybody for lunch?") is None
    assert verb_of("I have seen it") is None
