"""What the state machines share: clients that call, a network that does what it likes, services
that are killed, time that passes, and what has to hold all the while: the promises of
services/README.md.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.shop import OPERATOR

from .clients import REUSED, Ask, Heard, newest
from .network import Message, Reply
from .services import World

ANY = st.sampled_from([0, 0, 0, 1, 2, 3, 5, 8])
"""Which of those that there are, counted around from the newest."""
HOPS = st.sampled_from([math.inf, math.inf, math.inf, 0, 1, 2, 3, 4, 5])
"""How many messages go through until the next of our rules."""
KEY = st.sampled_from([None, None, "k", "l", "m", "n"])
PROMISED_SECONDS = 10.0
"""In which everything is settled once all services are up."""


class ShopMachine(RuleBasedStateMachine):
    """The rules and promises of every one. A machine names its services."""

    services: ClassVar[tuple[str, ...]]
    direct: ClassVar[frozenset[tuple[str, str]]] = frozenset()
    killable: ClassVar[tuple[str, ...]]
    """The services that are killed."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(*self.services, direct=self.direct)
        self.network = self.world.network
        self.asked: list[Ask] = []
        self.unread: list[Heard] = []
        self.final: dict[tuple[str, ...], Reply] = {}
        self.begin()

    def begin(self) -> None:
        """Fill the shop."""

    def heard(self, heard: Heard) -> None:
        """Take in what a client was told."""

    def holds(self) -> None:
        """Assert what has to hold at any moment."""

    def settled(self) -> None:
        """Assert what has to hold once all services have been up for `PROMISED_SECONDS`."""

    # What clients do.

    def ask(self, ask: Ask, hops: float = math.inf) -> None:
        """Make a request. Of what it leads to, so many `hops` are made now."""
        self.deliver(self.post(ask), hops)

    def post(self, ask: Ask) -> Message:
        """Put a request in the bag."""
        headers = {"X-API-Key": OPERATOR, "Content-Type": "application/json"}
        if ask.key is not None:
            headers["Idempotency-Key"] = ask.key
        answer = self.world.loop.create_future()

        def keep(_answer: object) -> None:
            with suppress(Exception):  # the connection ended: the client knows nothing
                self.unread.append(Heard(ask, answer.result()))

        answer.add_done_callback(keep)
        self.asked.append(ask)
        message = Message(*ask[:3], headers, ask.body.encode(), None, answer)
        self.network.bag.append(message)
        return message

    def deliver(self, message: Message, hops: float = 0) -> None:
        """Deliver a message, and let happen what comes of that."""
        with self.flowing(hops):
            self.network.deliver(message)

    @contextmanager
    def flowing(self, hops: float) -> Iterator[None]:
        """Let so many messages through in the block."""
        self.network.hops = hops
        yield
        self.world.settle()
        self.network.hops = 0

    @precondition(lambda self: self.asked)
    @rule(which=ANY, hops=HOPS)
    def ask_again(self, which: int, hops: float) -> None:
        self.ask(newest(self.asked, which), hops)

    # What the network does.

    @precondition(lambda self: self.network.bag)
    @rule(which=ANY, hops=HOPS, twice=st.booleans())
    def deliver_one(self, which: int, hops: float, twice: bool) -> None:
        message = newest(self.network.bag, which)
        if twice and message.answer is None:
            self.network.bag.append(message.copy())  # which comes some time
        self.deliver(message, hops)

    @precondition(lambda self: len(self.network.bag) > 1)
    @rule(hops=HOPS)
    def deliver_all(self, hops: float) -> None:
        with self.flowing(hops):
            for message in list(self.network.bag):
                self.network.deliver(message)

    @precondition(lambda self: self.network.bag)
    @rule(which=ANY, after_the_effect=st.booleans())
    def lose_one(self, which: int, after_the_effect: bool) -> None:
        message = newest(self.network.bag, which)
        if after_the_effect and message.answer is None:
            self.deliver(message)
        if message in self.network.bag:
            self.network.lose(message)
            self.world.settle()

    @precondition(lambda self: not self.network.slow)
    @rule(which=st.integers(0, 2))
    def slow_down(self, which: int) -> None:
        """Keep what is sent to a service, until some time has passed."""
        self.network.slow.add(self.services[which % len(self.services)])

    # What befalls the services.

    @precondition(lambda self: len(self.world.running) == len(self.services))
    @rule(
        which=st.integers(0, 2),
        commits=st.sampled_from([None, 0, 1, 2]),
        after_commit=st.booleans(),
        hops=HOPS,
    )
    def kill(self, which: int, commits: int | None, after_commit: bool, hops: float) -> None:
        """Now, and have it start again; or at a COMMIT to come, before or after it."""
        name = self.killable[which % len(self.killable)]
        if commits is not None:
            self.world.plan_kill(name, commits, after_commit=after_commit)
        else:
            self.world.kill(name)
            self.world.settle()
            self.reopen(hops)

    @rule(
        seconds=st.sampled_from([0.1, 0.3, 1.0, 4.0, 12.0, 31.0]),
        hops=HOPS,
        reopened=st.booleans(),
    )
    def time_passes(self, seconds: float, hops: float, reopened: bool) -> None:
        """With what is down up again before, or after it."""
        if reopened:
            self.reopen(hops)
        with self.flowing(hops):
            self.world.loop.pass_time(seconds)
        self.network.slow.clear()
        self.reopen(hops)

    def reopen(self, hops: float) -> None:
        """Have every service run."""
        with self.flowing(hops):
            for name in self.services:
                if name not in self.world.running:
                    self.world.start(name)

    # What has to hold.

    @invariant()
    def nothing_is_broken(self) -> None:
        """Looks at what was heard, and at what is written."""
        self.nothing_failed_unexpectedly()
        for heard in self.unread:
            if heard.final and heard.ask.key is not None and heard.code != REUSED:
                self.each_key_has_one_final_answer(heard)
            self.heard(heard)
        self.unread.clear()
        self.holds()

    def nothing_failed_unexpectedly(self) -> None:
        """Neither does the log tell of it nor the answer."""
        assert not self.world.failures.records, self.world.failures.records
        for heard in self.unread:
            assert heard.reply.status != 500, heard

    def each_key_has_one_final_answer(self, heard: Heard) -> None:
        """However often it is asked."""
        first = self.final.setdefault(heard.ask.identity, heard.reply)
        assert (heard.reply.status, heard.reply.body) == (first.status, first.body)

    def all_is_well_again(self) -> None:
        """Every fault ends; what is late arrives; and then all has to be settled in time."""
        for service in self.world.running.values():
            service.disks[0].planned_kill = None
        self.network.slow.clear()
        self.reopen(math.inf)
        with self.flowing(math.inf):
            for message in list(self.network.bag):
                self.network.deliver(message)
            self.world.loop.pass_time(PROMISED_SECONDS)
        assert self.network.bag == []
        self.nothing_is_broken()
        self.settled()
        for ask in dict.fromkeys(ask for ask in self.asked if ask.key is not None):
            self.ask(ask)
            assert self.unread[-1].final
            self.nothing_is_broken()

    def teardown(self) -> None:
        """Unless something is broken already, all has to end well."""
        try:
            if sys.exception() is None:
                self.all_is_well_again()
        finally:
            self.world.close()
