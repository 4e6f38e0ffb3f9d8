"""The view of the shop's instances: which it returns, in which order, and for how long."""

from client.view import Instance, Snapshot, View


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def instance(name: str, state: str = "up") -> Instance:
    return Instance(service="cart", instance_id=name, url=f"http://{name}", state=state)


def view(*instances: Instance, clock: Clock | None = None) -> View:
    seen = View(clock or Clock())
    seen.apply(Snapshot(index=1, epoch="e", reset=True, services={"cart": list(instances)}))
    return seen


def names(instances: list[Instance]) -> list[str]:
    return [each.instance_id for each in instances]


def test_the_best_state_comes_first() -> None:
    states = ["down", "draining", "suspect", "up"]
    assert names(view(*(instance(s, s) for s in states)).candidates("cart")) == states[::-1]


def test_an_instance_in_an_unknown_state_is_tried_before_one_that_is_down() -> None:
    seen = view(instance("down", "down"), instance("new", "warming"))
    assert names(seen.candidates("cart")) == ["new", "down"]


def test_instances_that_are_up_take_turns() -> None:
    seen = view(instance("a"), instance("b"), instance("c"))
    first = [names(seen.candidates("cart"))[0] for _ in range(6)]
    assert first == ["a", "b", "c", "a", "b", "c"]


def test_an_instance_that_failed_comes_last_for_a_second_and_longer_each_time() -> None:
    clock = Clock()
    seen = view(instance("a"), instance("b", "down"), clock=clock)
    lasted = []
    for _ in range(4):
        assert seen.failed(instance("a"))
        began = clock.now
        while names(seen.candidates("cart")) == ["b", "a"]:
            clock.now += 0.5
        lasted.append(clock.now - began)
    assert lasted == [1.0, 2.0, 4.0, 5.0]


def test_failures_at_the_same_moment_count_once() -> None:
    seen = view(instance("a"), instance("b", "down"))
    assert [seen.failed(instance("a")) for _ in range(3)] == [True, False, False]


def test_an_instance_that_worked_is_no_longer_avoided() -> None:
    seen = view(instance("a"), instance("b", "suspect"))
    seen.failed(instance("a"))
    seen.worked(instance("a"))
    assert names(seen.candidates("cart")) == ["a", "b"]


def test_a_service_in_the_answer_replaces_its_instances_and_leaves_other_services() -> None:
    seen = view(instance("a"), instance("b"))
    seen.apply(Snapshot(index=2, epoch="e", services={"order": []}))
    assert names(seen.instances("cart")) == ["a", "b"]
    seen.apply(Snapshot(index=3, epoch="e", services={"cart": [instance("b")]}))
    assert names(seen.candidates("cart")) == ["b"]


def test_a_reset_within_an_epoch_drops_what_it_does_not_name() -> None:
    seen = view(instance("a"))
    seen.apply(Snapshot(index=900, epoch="e", reset=True))
    assert seen.candidates("cart") == []


def test_instances_that_a_new_epoch_does_not_know_are_used_for_ten_minutes() -> None:
    clock = Clock()
    seen = view(instance("a"), clock=clock)
    seen.apply(Snapshot(index=0, epoch="other", reset=True))
    clock.now += 599.0
    seen.apply(Snapshot(index=1, epoch="other", services={"order": []}))
    assert [(each.instance_id, each.state) for each in seen.candidates("cart")] == [
        ("a", "unconfirmed")
    ]
    assert seen.instances("cart") == []
    clock.now += 2.0
    seen.apply(Snapshot(index=2, epoch="other", services={"order": []}))
    assert seen.candidates("cart") == []


def test_an_unconfirmed_instance_is_used_only_while_every_other_one_is_down() -> None:
    seen = view(instance("a"), instance("b"))
    seen.apply(
        Snapshot(index=1, epoch="other", reset=True, services={"cart": [instance("b", "down")]})
    )
    assert names(seen.candidates("cart")) == ["a", "b"]
    seen.apply(Snapshot(index=2, epoch="other", services={"cart": [instance("b")]}))
    assert names(seen.candidates("cart")) == ["b"]
