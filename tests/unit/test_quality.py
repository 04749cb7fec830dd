"""Walls, teasers and errors in their wordings, and what must not be taken for one."""

from dataclasses import replace

import pytest

from monitor.core import refrains
from monitor.core.model import Completeness, Page
from monitor.core.quality import Found, judge, without_repetition

LEAD = (
    "The harbour master and the pilots' union met on Monday for the first time in a week, ending "
    "a silence that had kept eleven ships waiting. "
)
ENTRADA = (
    "El capitán del puerto y el sindicato de prácticos se reunieron el lunes por primera vez en "
    "una semana y pusieron fin a un silencio. "
)
ENGLISH, SPANISH = LEAD * 4, ENTRADA * 4  # 100 words: an article that could be a teaser


def quality(title: str | None, text: str, **more: object) -> str:
    return judge(replace(Found(title=title, text=text), **more))[1]


@pytest.mark.parametrize(
    ("title", "text", "free", "verdict"),
    [
        ("News", "", True, (Completeness.TITLE, "empty")),
        ("News", "word " * 59, True, (Completeness.SUMMARY, "too short")),
        ("News", "word " * 60, True, (Completeness.FULL, "ok")),
        ("404 Not Found", "word " * 80, True, (Completeness.TITLE, "error page")),
        ("Just a moment...", "", True, (Completeness.TITLE, "bot check")),
        ("404 migrants rescued at sea", "word " * 300, True, (Completeness.FULL, "ok")),
        ("News", "word " * 70 + "Subscribe to continue.", True, (Completeness.SUMMARY, "paywall")),
        ("Nota", "voz " * 70 + "Para seguir leyendo", True, (Completeness.SUMMARY, "paywall")),
        ("News", "word " * 70, False, (Completeness.SUMMARY, "paywall")),
        ("News", "word " * 300, False, (Completeness.FULL, "ok")),
    ],
)
def test_how_much_of_an_article_a_page_gave_is_judged(title, text, free, verdict):
    assert judge(Found(title=title, text=text, free=free)) == verdict


@pytest.mark.parametrize(
    "ending",
    [
        "Thank you for your patience while we verify access.\nAlready a subscriber? Log in.",
        "Continue reading your article with a subscription",
        "Subscribe to unlock this article",
        "This article is exclusive to subscribers",
        "Sign up for free to keep reading",
        "Create a free account to continue reading",
        "This content is for members only.",
        "You have used all of your free articles.",
        "Para seguir leyendo, hazte Premium",
        "Este contenido es exclusivo para suscriptores",
        "Has llegado al límite de contenidos del mes",
        "Suscribite para leer la nota completa",
        "Esta noticia es solo para socios",
        "Inicia sesión para continuar leyendo",
    ],
)
def test_a_short_text_that_ends_in_a_request_for_money_is_a_teaser(ending):
    assert quality("News", f"{ENGLISH}\n{ending}") == "paywall"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Gazette", "Please enable JS and disable any ad blocker"),
        ("Gazette", "Please verify you are a human\nWe believe you are using automation tools."),
        ("Pardon Our Interruption", "Something made us think you were a bot."),
        ("", "Request unsuccessful. Incident ID: 4330-19"),
        ("Attention Required! | Cloudflare", "Sorry, you have been blocked"),
        ("DDoS-Guard", "Checking your browser before accessing gazette.example."),
        ("Human Verification", ""),
        ("Gaceta", "Estamos comprobando que usted es humano. Complete el captcha."),
    ],
)
def test_a_bot_check_is_told_from_an_article(title, text):
    assert quality(title, text) == "bot check"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Page not found – Gazette", "Oops! That page can’t be found.\nMaybe try a search?"),
        ("Nada encontrado - Gaceta", "Parece que no hay nada aquí."),
        ("Gaceta", "Lo sentimos, la página que busca no existe."),
        ("", "Error establishing a database connection"),
        ("Account Suspended", "This account has been suspended. Ask your provider."),
        ("503 Service Temporarily Unavailable", "nginx"),
        ("504 Gateway Time-out", ""),
        ("Gaceta", "El contenido que intenta ver ya no está disponible."),
        ("Gazette", "Sorry, the page you requested doesn't exist."),
        ("Error 500", "Something went wrong."),
    ],
)
def test_an_error_that_came_with_status_200_is_told_from_an_article(title, text):
    assert quality(title, text) == "error page"


@pytest.mark.parametrize(
    "text",
    [
        """Antes de continuar
        Utilizamos cookies y datos para ofrecer los servicios y medir la audiencia.
        Si eliges Aceptar todo, usaremos cookies para mostrar anuncios personalizados.
        Si rechazas, no las usaremos. Puedes cambiar tus ajustes.""",
        """When you use our sites, we use cookies to authenticate users and measure usage.
        If you click Accept all, we and our partners will store information on a device and use
        personal data for personalised advertising.
        If you do not want this, click Reject all.""",
        """Con su acuerdo, nosotros y nuestros socios usamos cookies para acceder a datos
        personales. Puede retirar su consentimiento en cualquier momento.""",
        """By clicking “Accept All Cookies”, you agree to the storing of cookies on your device to
        analyze site usage and assist in our marketing.
        Cookies Settings
        Reject All""",
    ],
)
def test_a_text_that_mostly_asks_for_consent_is_a_cookie_wall(text):
    assert quality("Gazette", text) == "cookie wall"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Officials fail to find the page that was lost", ENGLISH),
        ("Error de cálculo en el puerto", SPANISH),
        ("Error judicial: liberan a dos prácticos", SPANISH),
        ("Acceso denegado: los isleños sin ferry", SPANISH),
        ("Un momento de calma", SPANISH),
        ("Maintenance workers walk out", ENGLISH + "They will be back soon, the union says."),
        ("Please wait, says the mayor", ENGLISH),
        ("Sorry seems to be the hardest word", ENGLISH),
        ("Service unavailable for commuters", ENGLISH),
        ("404 and counting", ENGLISH),
        ("Robots take over the harbour", ENGLISH + "A robot checks the ships."),
        (
            "Bank asks clients to accept cookies",
            f"{ENGLISH} Customers must accept cookies, and regulators want personal data private.",
        ),
        ("La Gaceta lanza su muro de pago", SPANISH + "Los lectores tendrán que suscribirse."),
        ("Gazette to sell", ENGLISH + "Members of the union may subscribe for shares."),
        ("No maintenance", ENGLISH + "Residents were told to try again later."),
    ],
)
def test_an_article_that_mentions_such_things_stays_an_article(title, text):
    assert judge(Found(title=title, text=text, is_article=True)) == (Completeness.FULL, "ok")


def test_a_brief_counts_as_whole_only_where_the_page_calls_itself_an_article():
    brief = (LEAD + "The harbour master expects to open it again at noon.").strip()
    assert quality("Port closed", brief, is_article=True) == "ok"
    assert quality("Port closed", brief) == "too short"
    assert quality("Port closed", brief[:-1] + " …", is_article=True) == "too short"


def test_a_text_far_shorter_than_the_publisher_counts_is_a_part():
    assert quality("News", ENGLISH, promised=900) == "too short"
    assert quality("News", ENGLISH, promised=110) == "ok"
    assert quality("News", ENGLISH, promised=len(ENGLISH)) == "ok"  # counted in letters


def test_a_text_in_a_language_that_nobody_announced_is_kept_and_marked():
    found = Found(title="News", text=ENGLISH, language="en", expected=("es", "fr"))
    assert judge(found) == (Completeness.FULL, "wrong language")
    assert judge(replace(found, expected=("es", "en"))) == (Completeness.FULL, "ok")
    assert judge(replace(found, expected=())) == (Completeness.FULL, "ok")
    assert judge(replace(found, language=None)) == (Completeness.FULL, "ok")


def page(text: str) -> Page:
    return Page(url="u", text=text, completeness=Completeness.FULL, quality="ok")


def seen(*texts: str) -> bytes:
    ring = b""
    for number, text in enumerate(texts):
        ring = refrains.remember(ring, text, address=f"/{number}")
    return ring


BOX = "Join our channel and be the first to know what happens in the harbour and beyond it."


def test_a_refrain_goes_and_the_article_stays_whole():
    ring = seen(*(f"{number}\n{BOX}" for number in range(3)))
    assert without_repetition(page(f"{ENGLISH}\n{BOX}"), seen=ring) == page(ENGLISH)


def test_what_is_too_short_without_its_refrains_is_boilerplate():
    ring = seen(*(f"{number}\n{BOX} {BOX}" for number in range(3)))
    found = without_repetition(page(f"{LEAD * 2}\n{BOX} {BOX}"), seen=ring)
    assert (found.completeness, found.quality) == (Completeness.SUMMARY, "boilerplate")
    assert found.text == LEAD * 2


def test_a_page_without_a_word_of_its_own_is_no_article():
    found = without_repetition(page(ENGLISH), seen=seen(ENGLISH, ENGLISH, ENGLISH))
    assert (found.text, found.completeness, found.quality) == (
        None, Completeness.TITLE, "boilerplate",
    )  # fmt: skip


def test_two_earlier_pages_make_no_refrain():
    assert without_repetition(page(ENGLISH), seen=seen(ENGLISH, ENGLISH)) == page(ENGLISH)
