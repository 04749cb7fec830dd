"""Who follows a configuration directory, as other processes see it."""

from monitor.runners.lock import Followed, held


def test_a_directory_is_held_while_it_is_followed(tmp_path):
    assert not held(tmp_path)
    with Followed(tmp_path):
        assert held(tmp_path)
        assert held(tmp_path), "looking changes nothing"
    assert not held(tmp_path)
    assert [*tmp_path.iterdir()] == [], "nothing is written there"


def test_a_second_watch_holds_it_once_the_first_has_ended(tmp_path):
    first, second = Followed(tmp_path), Followed(tmp_path)
    with second:
        with first:
            second.take()
        second.take()
        assert held(tmp_path)
    assert not held(tmp_path)


def test_nobody_holds_what_is_not_there(tmp_path):
    assert not held(tmp_path / "gone")
    with Followed(tmp_path / "gone"):
        pass
