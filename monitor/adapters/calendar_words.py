"""Dates as pages write them, in English and Spanish. Pure."""

import re
from datetime import UTC, datetime

from monitor.adapters.windows import DATE_LIMIT, rough_date

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan enero ene", "february feb febrero", "march mar marzo",
            "april apr abril abr", "may mayo", "june jun junio", "july jul julio",
            "august aug agosto ago", "september sept sep septiembre setiembre",
            "october oct octubre", "november nov noviembre", "december dec diciembre dic",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_ENGLISH = tuple(
    datetime(2000, month, 1, tzinfo=UTC).strftime("%B") for month in range(1, 13)
)  # as strptime knows them
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?!\d)"
_TIME = r"(?:\D{1,8}(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?:\s?(?P<half>[ap])\.?\s?m\b)?)?"
_FORMS = tuple(
    re.compile(form + _TIME, re.IGNORECASE)
    for form in (
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|º|°)?\s+(?:de\s+)?{_MONTH}\b\.?,?\s+(?:del?\s+)?{_YEAR}",
        rf"\b{_MONTH}\b\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?:de\s+)?{_YEAR}",
    )
)
_SPANISH = re.compile(rf"\b{_MONTH}\b", re.IGNORECASE)
_HALF_DAY = 12  # hours


def read_date(written: str, *, form: str | None = None) -> datetime | None:
    """The instant of a date in words, ISO 8601 or RFC 5322; by strptime's `form` if given.

    A date without a time is its first moment; one without a zone is UTC. Figures alone
    ("3/4/2026") mean different days in different places and need a `form`. None if unreadable.
    """
    text = " ".join(written.split())[:DATE_LIMIT]
    if form:
        return _by_form(text, form)
    if date := rough_date(text):
        return date
    for pattern in _FORMS:
        if found := pattern.search(text):
            return _built(found)
    return None


def _by_form(text: str, form: str) -> datetime | None:
    """By strptime, which knows months in English only."""
    for spelled in (text, _SPANISH.sub(_english, text)):
        try:
            date = datetime.strptime(spelled, form)  # noqa: DTZ007 - a zone follows where missing
        except (ValueError, re.error):
            continue
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    return None


def _english(found: re.Match[str]) -> str:
    return _ENGLISH[_MONTHS[found["month"].lower()] - 1]


def _built(found: re.Match[str]) -> datetime | None:
    hour, minute = int(found["hour"] or 0), int(found["minute"] or 0)
    if found["half"]:
        hour = hour % _HALF_DAY + (_HALF_DAY if found["half"].lower() == "p" else 0)
    month = _MONTHS[found["month"].lower()]
    try:
        return datetime(int(found["year"]), month, int(found["day"]), hour, minute, tzinfo=UTC)
    except ValueError:
        return None
