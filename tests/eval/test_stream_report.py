"""What counts as telling an event, on an invented night."""

from datetime import UTC, datetime, timedelta

from stream_kept import Alert, Article, Kept, Message
from stream_report import Event, told

HAPPENED = datetime(2026, 1, 3, 4, tzinfo=UTC)  # midnight in Caracas
EVENT = Event("1", "K", "critical", (7,), "Two ships are stopped")
FOUND, OF_STORY, OF_INCIDENT, BEFORE = range(1, 5)  # articles
STORY, INCIDENT = 10, 20


def at(minutes: float) -> datetime:
    return HAPPENED + timedelta(minutes=minutes)


def message(number: int, minutes: float, article: int, *, kind: str = "alert") -> Message:
    told = [Alert("ships", INCIDENT, article, at(minutes))]
    return Message(number, kind, at(minutes), at_once=kind != "digest", title="", alerts=told)


def kept(*messages: Message) -> Kept:
    """The item was seen five minutes after it appeared; an older article is in its incident."""
    articles = {
        FOUND: Article(FOUND, 7, at(5), STORY, None),
        OF_STORY: Article(OF_STORY, 8, at(6), STORY, None),
        OF_INCIDENT: Article(OF_INCIDENT, 9, at(7), STORY + 1, None),
        BEFORE: Article(BEFORE, 3, at(-30), STORY + 2, None),
    }
    return Kept(
        messages=list(messages),
        alerts=[alert for each in messages for alert in each.alerts],
        articles=articles,
        by_line={article.line: article for article in articles.values()},
        unjudged=0,
        incidents={FOUND: [("ships", INCIDENT)]},
        decisions={FOUND: ["ships (strong): already told"]},
    )


def test_the_first_message_is_that_which_names_an_item() -> None:
    found = told(EVENT, kept(message(1, 5, FOUND), message(2, 9, OF_STORY)), [HAPPENED])
    assert found.first is not None
    assert (found.first.id, found.how, found.named_at) == (1, "item", at(5))
    assert found.messages == 2


def test_a_message_that_leads_with_another_article_says_so() -> None:
    buried = message(1, 5, FOUND)
    buried.leads = OF_STORY
    assert told(EVENT, kept(buried), [HAPPENED]).how == "item below another"


def test_another_article_of_its_story_or_incident_tells_it_too() -> None:
    found = told(EVENT, kept(message(1, 7, OF_INCIDENT), message(2, 8, OF_STORY)), [HAPPENED])
    assert found.first is not None
    assert (found.first.id, found.how, found.named_at) == (1, "incident", None)
    assert told(EVENT, kept(message(2, 8, OF_STORY)), [HAPPENED]).how == "story"


def test_what_was_seen_before_it_happened_does_not_tell_it() -> None:
    found = told(EVENT, kept(message(1, -20, BEFORE), message(2, 10, BEFORE)), [HAPPENED])
    assert found.first is None
    assert found.older
    assert found.why == "ships (strong): already told"


def test_what_tells_another_picked_event_does_not_tell_it() -> None:
    of_both = kept(message(1, 7, OF_INCIDENT), message(2, 8, FOUND))
    found = told(EVENT, of_both, [HAPPENED], others=[7, 9])
    assert found.first is not None
    assert found.first.id == 2


def test_interruptions_are_counted_by_night() -> None:
    by_day = 60 * 8  # noon comes later, the night ends at six
    found = told(
        EVENT,
        kept(
            message(1, 5, FOUND),
            message(2, 40, OF_STORY, kind="digest"),
            message(3, 60, OF_STORY, kind="update"),
            message(4, by_day, OF_STORY),
        ),
        [HAPPENED],
    )
    assert (found.messages, found.digests, found.interruptions) == (3, 1, 2)
