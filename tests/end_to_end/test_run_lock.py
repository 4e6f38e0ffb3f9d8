"""One `run.py` has a data folder at a time, keeps its parts running, and takes them with it."""

from __future__ import annotations

import os
import signal

from .conftest import Start
from .real_shop import RealShop, call, free_base_port, is_running, run, until


def test_a_second_start_names_the_first_and_leaves_it_alone(shop: RealShop) -> None:
    parts = shop.pids()
    base_port = str(free_base_port())
    done = run("--data-dir", str(shop.folder), "--base-port", base_port)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{shop.folder} is in use by process {shop.process.pid}:" in done.stderr
    assert done.stderr.count("\n") == 1
    assert shop.process.poll() is None
    assert shop.pids() == parts
    assert all(call("GET", f"{shop.url(name)}/readyz", key=None)[0] == 200 for name in parts)


def test_a_part_that_is_killed_is_started_again(shop: RealShop) -> None:
    before = shop.pids()
    os.kill(before["cart"], signal.SIGKILL)
    until(lambda: shop.pids()["cart"] != before["cart"] and shop.said_ready_again("cart"))
    assert {**shop.pids(), "cart": 0} == {**before, "cart": 0}
    status, added = call("POST", f"{shop.url('cart')}/cart/ada/add?product_id=1")
    assert (status, added["cart"][0]["validated"]) == (200, True)


def test_a_killed_run_takes_its_services_along_and_the_next_start_succeeds(
    start: Start,
) -> None:
    shop = start().ready()
    parts = shop.pids()
    shop.process.kill()
    again = start(shop).ready()
    assert not any(is_running(pid) for pid in parts.values())
    assert not set(again.pids().values()) & set(parts.values())
    assert again.stop() == 0
    assert not any(is_running(pid) for pid in again.pids().values())
