"""What is told of mistakes: what is new, and what is mended."""

from itertools import pairwise

from monitor.core.mistakes import CLEAR, MENDED, STAYS, WRONG, notice, still_open

QUOTE = "monitor.yaml:4:51: this quote is not closed"
LIST = 'rules/a.yaml:3:7: unknown list "fuels"'


def test_every_mistake_is_told_once():
    assert notice([], [QUOTE, LIST]) == (WRONG, f"{QUOTE}\n{LIST}\n{STAYS}")
    assert notice([QUOTE, LIST], [QUOTE, LIST]) is None


def test_a_mistake_that_moved_in_its_file_is_no_news():
    assert notice([LIST], [LIST.replace("3:7", "4:7")]) is None


def test_the_same_mistake_made_twice_is_news():
    again = LIST.replace("3:7", "9:7")
    assert notice([LIST], [LIST, again])[1].splitlines()[0] == again


def test_only_what_is_new_is_told_beside_what_is_open():
    told = "1 told before is still open: `monitor status`"
    assert notice([QUOTE], [QUOTE, LIST]) == (WRONG, f"{LIST}\n{told}\n{STAYS}")
    assert notice([QUOTE, LIST], [QUOTE]) == (MENDED, f"mended: rules/a.yaml\n{told}")


def test_when_all_is_mended_it_is_told():
    assert notice([LIST], []) == (
        CLEAR,
        "mended: rules/a.yaml\nAll that stands in the files is in force.",
    )
    assert notice([], []) is None


def test_what_is_open_can_be_read_from_what_was_told():
    states = ([], [QUOTE], [QUOTE, LIST], [LIST])
    told = [notice(*pair) for pair in pairwise(states)]
    assert still_open(told) == [LIST]
    assert still_open([*told, notice([LIST], [])]) == []


def test_one_of_two_mistakes_in_a_file_is_told_to_be_mended():
    other = 'rules/a.yaml:9:7: unknown list "oils"'
    told = "1 told before is still open: `monitor status`"
    assert notice([LIST, other], [other.replace("9:7", "8:7")]) == (
        MENDED,
        f"mended: {LIST}\n{told}",
    )
    assert still_open([notice([], [LIST, other]), notice([LIST, other], [other])]) == [other]


def test_of_the_same_mistake_made_twice_one_is_told_to_be_mended():
    again = LIST.replace("3:7", "9:7")
    assert notice([LIST, again], [LIST])[1].splitlines()[0] == f"mended: {again}"
    told = [notice([], [LIST, again]), notice([LIST, again], [again])]
    assert told[1][1].splitlines()[0] == f"mended: {LIST}"
    assert still_open(told) == [again]


def test_what_a_broken_file_hides_is_not_told_to_be_mended():
    broken = "rules/a.yaml:1:1: this quote is not closed"
    assert notice([LIST], [broken]) == (WRONG, f"{broken}\n{STAYS}")
