"""Which address a neighbour in the lab speaks from."""

from tests.lab.machinery.neighbour import FIRST_ADDRESS, LAST_ADDRESS, numbers_of


def test_visitors_of_two_names_do_not_inherit_each_others_bans() -> None:
    guessers = ("guesser-of-deploy", "guesser-of-nobody-here", "monitor", "visitor")
    assert len({numbers_of(name)[0] for name in guessers}) == len(guessers)


def test_every_number_is_tried_once_before_there_is_none_left() -> None:
    assert sorted(numbers_of("visitor")) == list(range(FIRST_ADDRESS, LAST_ADDRESS + 1))
