"""How long to wait before something is tried again."""

from client.backoff import Backoff


def test_delays_double_up_to_the_most_and_are_shortened_by_up_to_a_half() -> None:
    backoff = Backoff(0.2, 5.0)
    for failures, most in [(1, 0.2), (2, 0.4), (5, 3.2), (6, 5.0), (5000, 5.0)]:
        assert all(most / 2 <= backoff.delay(failures) <= most for _ in range(50))
