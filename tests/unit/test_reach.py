"""Telling a host that fails from our own network."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.reach import Change, Reach

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes):
    return NOW + minutes * MINUTE


def answered(reach, numbers, *, minute=0.0):
    return [reach.answered(f"h{number}", now=at(minute)) for number in numbers]


def failed(reach, numbers, *, hosts, minute=0.0):
    return [reach.failed(f"h{number}", hosts=hosts, now=at(minute)) for number in numbers]


def lost_network(*, hosts=40):
    reach = Reach()
    answered(reach, range(hosts))
    failed(reach, range(hosts), hosts=hosts, minute=5)
    assert reach.lost
    return reach


def test_when_every_host_fails_it_is_our_own_network():
    reach = Reach()
    assert failed(reach, range(8), hosts=40) == [None] * 4 + [Change.LOST] + [None] * 3
    assert (reach.lost, reach.since, reach.proven) == (True, NOW, False)


def test_the_outage_began_when_the_first_host_fell():
    reach = Reach()
    answered(reach, range(40))
    for number in range(5):
        failed(reach, [number], hosts=40, minute=1 + number)
    assert reach.since == at(1)


def test_one_host_that_fails_over_and_over_is_not_our_network():
    reach = Reach()
    answered(reach, range(90))
    assert failed(reach, [1] * 50, hosts=90) == [None] * 50
    assert failed(Reach(), [1] * 50, hosts=1) == [None] * 50


def test_a_desk_with_two_hosts_has_lost_its_network_when_both_fail():
    reach = Reach()
    assert failed(reach, [1, 2], hosts=2) == [None, Change.LOST]


def test_a_feed_in_our_own_house_does_not_hide_an_outage():
    reach = Reach()
    answered(reach, range(90))
    for number in range(20):
        reach.answered("house", now=at(1 + number / 10))
        failed(reach, [number], hosts=90, minute=1 + number / 10)
    assert reach.lost
    assert [reach.answered("house", now=at(4 + number)) for number in range(9)] == [None] * 9
    assert reach.lost


def test_hosts_that_are_dead_anyway_do_not_make_an_outage():
    reach = Reach()
    answered(reach, range(20, 90))
    for number in range(20):  # they die one by one, over three days, while the others answer
        failed(reach, [number], hosts=90, minute=200 * number)
        answered(reach, range(20, 90), minute=200 * number + 1)
    assert failed(reach, list(range(20)) * 5, hosts=90, minute=5000) == [None] * 100


def test_hosts_that_share_a_broken_supplier_do_not_make_an_outage():
    chance = random.Random(4)  # one host in five fails at once, in every order of polling
    for _ in range(30):
        reach = Reach()
        answered(reach, range(300))
        order = chance.sample(range(300), 300)
        for turn, number in enumerate(order):
            if number < 60:
                failed(reach, [number], hosts=300, minute=1 + turn / 60)
            else:
                answered(reach, [number], minute=1 + turn / 60)
            assert not reach.lost


def test_an_outage_is_seen_before_a_tenth_of_the_hosts_has_been_tried_twice():
    reach = Reach()
    answered(reach, range(1000))
    changes = failed(reach, range(1000), hosts=1000, minute=0.5)
    assert changes.index(Change.LOST) < 150
    assert changes.count(Change.LOST) == 1


def test_the_first_answer_of_a_host_that_fell_brings_the_network_back():
    reach = lost_network()
    assert answered(reach, [7], minute=65) == [Change.BACK]
    assert (reach.lost, reach.since) == (False, None)
    assert answered(reach, [8, 9], minute=66) == [None, None]


def test_answers_of_hosts_that_were_not_tried_before_bring_it_back_too():
    reach = Reach()
    failed(reach, range(5), hosts=40)
    assert answered(reach, [20, 20, 21], minute=3) == [None, None, Change.BACK]


def test_whether_somebody_has_answered_since_a_moment_is_known():
    reach = Reach()
    assert not reach.heard_since(at(0))
    answered(reach, [1, 2], minute=3)
    assert reach.heard_since(at(3))
    assert not reach.heard_since(at(3.1))
    failed(reach, [1, 2], hosts=40, minute=4)
    assert not reach.heard_since(at(0)), "their answers count no more"


def test_an_outage_is_remembered_when_it_is_over():
    reach = lost_network()
    assert reach.lost_since(at(9))
    answered(reach, [1], minute=10)
    assert not reach.lost
    assert reach.lost_since(at(10)), "what was begun before then, was begun in the outage"
    assert not reach.lost_since(at(10.1))


def test_a_second_outage_is_told_again():
    reach = lost_network()
    answered(reach, range(40), minute=60)
    assert failed(reach, range(40), hosts=40, minute=90).count(Change.LOST) == 1


def test_a_host_long_dead_does_not_end_an_outage_of_the_others_memory():
    reach = Reach()
    answered(reach, range(1, 40))
    failed(reach, [0], hosts=40)
    failed(reach, range(1, 40), hosts=40, minute=300)
    answered(reach, range(1, 40), minute=400)
    assert failed(reach, [0, 0, 0, 0, 0], hosts=40, minute=401) == [None] * 5


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_years_of_running_need_no_more_memory_than_there_are_hosts(share):
    chance, reach = random.Random(7), Reach()
    for turn in range(5000):
        number = chance.randrange(50)
        if chance.random() < share:
            failed(reach, [number], hosts=50, minute=turn)
        else:
            answered(reach, [number], minute=turn)
        assert not reach.lost
    assert len(reach._fallen) + len(reach._answered) + len(reach._others) <= 50
