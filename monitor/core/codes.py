"""The short code of a message, by which people answer it: read aloud, typed on a phone, checked.

A code is made of the number of the delivery and says it again, so nothing has to be looked up to
know whether one was mistyped. No letter looks or sounds like a digit in it.
"""

from math import gcd

ALPHABET = (
    "ACDEFGHJKMNPQRTVWXY3479"  # 23, a prime: a wrong or a swapped sign never passes the check
)
LETTERS = 19  # of them; a code begins with one, so that none looks like the number of an alert
SHORTEST = 3  # signs before the check
LONGEST = 8
_SIGNS = len(ALPHABET)
_SCATTERED = 0.618  # of the room: messages that follow each other get unlike codes


def code_of(number: int) -> str:
    """The code of a delivery; numbers from 0."""
    length, place = SHORTEST, number
    while place >= _room(length):
        place -= _room(length)
        length += 1
    place = place * _factor(length) % _room(length)
    values = []
    for _ in range(length - 1):
        place, value = divmod(place, _SIGNS)
        values.append(value)
    values = [place, *reversed(values)]
    return "".join(ALPHABET[value] for value in (*values, _check(values)))


def number_of(code: str) -> int | None:
    """The delivery that a code stands for; None if it is no code, or a mistyped one."""
    written = code.upper()
    length = len(written) - 1
    if not SHORTEST <= length <= LONGEST or not set(written) <= set(ALPHABET):
        return None
    *values, check = (ALPHABET.index(sign) for sign in written)
    if values[0] >= LETTERS or _check(values) != check:
        return None
    place = 0
    for value in values:
        place = place * _SIGNS + value
    place = place * pow(_factor(length), -1, _room(length)) % _room(length)
    return place + sum(map(_room, range(SHORTEST, length)))


def looks_like_one(word: str) -> bool:
    """Whether somebody may have meant a code: its signs, written large or with a digit."""
    fits = SHORTEST < len(word) <= LONGEST + 1 and word.isascii() and word.isalnum()
    return fits and (word.isupper() or any(each.isdigit() for each in word))


def _room(length: int) -> int:
    return LETTERS * int(_SIGNS ** (length - 1))


def _factor(length: int) -> int:
    factor = int(_room(length) * _SCATTERED)
    while gcd(factor, _room(length)) > 1:
        factor += 1
    return factor


def _check(values: list[int]) -> int:
    """Neighbours weigh differently, so that two that are swapped do not pass."""
    return sum(weight * value for weight, value in enumerate(values, 2)) % _SIGNS
