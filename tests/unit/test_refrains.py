"""Lines that an outlet repeats: bounded memory, nothing new dropped, order kept."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.refrains import HASH, LINES, OFTEN, PAGES, remember, without_refrains

BOX = "Join our channel and be the first to know."
OWN = "The pilots went back to work on Monday, and the ships came in one after the other."
lines = st.sampled_from(["", " ", "Publicidad", "PUBLICIDAD ", "one", "a line of words", "é", "2"])
texts = st.lists(lines, max_size=12).map("\n".join)


def ring(*pages: str, start: bytes = b"") -> bytes:
    """What is remembered of pages, each under an address of its own."""
    for number, page in enumerate(pages):
        start = remember(start, page, address=f"/{number}")
    return start


def test_a_line_of_three_earlier_pages_is_dropped():
    seen = ring(*(f"{number}\n{BOX}" for number in range(OFTEN)))
    assert without_refrains(f"{OWN}\n{BOX.upper()}", seen=seen)[0] == OWN


def test_a_line_of_two_earlier_pages_stays():
    seen = ring(*(f"{number}\n{BOX}" for number in range(OFTEN - 1)))
    assert without_refrains(f"{OWN}\n{BOX}", seen=seen)[0] == f"{OWN}\n{BOX}"


def test_a_line_said_thrice_on_one_page_counts_once():
    assert without_refrains(f"{OWN}\n{BOX}", seen=ring(f"{BOX}\n{BOX}\n{BOX}"))[0].endswith(BOX)


def test_a_copy_of_earlier_pages_loses_nothing():
    seen = ring(*[f"{OWN}\n{BOX}"] * OFTEN)
    assert without_refrains(f"{OWN}\n{BOX}", seen=seen)[0] == f"{OWN}\n{BOX}"
    assert without_refrains(f"{OWN}\n{BOX}", seen=seen)[1] == 1.0


def test_a_page_takes_the_place_of_its_earlier_version():
    seen = b""
    for number in range(OFTEN + 1):
        seen = remember(seen, f"{OWN}\nNews {number}", address="/live")
    assert without_refrains(OWN, seen=seen)[1] == 0.0


def test_pages_are_forgotten_in_the_order_they_came():
    seen = ring(*[BOX] * OFTEN, *(f"page {number}" for number in range(PAGES)))
    assert without_refrains(f"{OWN}\n{BOX}", seen=seen)[0].endswith(BOX)


@given(st.lists(st.integers(0, 2 * LINES), max_size=PAGES + 3))
def test_the_ring_is_bounded_whatever_it_is_fed(lengths):
    seen = ring(*("\n".join(map(str, range(length))) for length in lengths))
    assert len(seen) <= PAGES * (1 + (1 + LINES) * HASH)


@given(st.lists(texts, max_size=6), texts)
def test_only_lines_seen_before_are_dropped_and_the_order_is_kept(pages, text):
    written, kept = text.split("\n"), without_refrains(text, seen=ring(*pages))[0].split("\n")
    before = {" ".join(line.casefold().split()) for page in pages for line in page.split("\n")}
    left = iter(written)
    assert all(line in left for line in kept)
    dropped = len(written) - len(kept)
    assert dropped <= sum(" ".join(line.casefold().split()) in before for line in written)
    assert 2 * len(" ".join(kept).split()) >= len(text.split())


@given(texts, st.binary(max_size=2_000))
def test_a_damaged_ring_does_no_harm(text, seen):
    assert set(without_refrains(text, seen=seen)[0].split("\n")) <= set(text.split("\n"))
