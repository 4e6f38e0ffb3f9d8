"""The command line of `run.py`: reads what is asked for, and calls the module that does it.

Flags are read before anything is installed, so that a wrong one is reported immediately. Only then
is the module of the command imported.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from services.common.core.arguments import SettingsError

from . import ROOT, OperationError, streams
from .flags import CommandParser
from .install import bootstrap
from .install.environment import RUNTIME_LOCK, TESTS_LOCK
from .run.deployment import Deployment

COMMANDS = {
    "import": "services.operations.shopify.command",
    "audit": "services.operations.audit.command",
    "status": "services.operations.status.command",
    "backup": "services.operations.backup.command",
    "restore": "services.operations.backup.restore",
    "rotate-token-key": "services.operations.tokens.command",
}
"""Each has a `main(arguments)` that returns the exit code."""

_HIGHEST_OFFSET = 80  # the storefront's
_DESCRIPTION = """\
Runs the whole shop on this machine until Ctrl-C. At the first start what it needs is installed
into .venv, and the catalog is filled with a demo.

  python run.py import FILE.csv     puts a Shopify export into the catalog
  python run.py audit               proves that orders, money and stock agree
  python run.py status              tells what runs, how much there is, and what is due
  python run.py backup DIR          copies the shop, running or not, as it is at one instant
  python run.py restore DIR         puts a backup in the place of a stopped shop's data
  python run.py rotate-token-key    has customers' tokens signed with a new key
  python run.py test [ARGUMENTS]    runs the tests with pytest
"""
_EPILOG = """\
environment:
  API_KEY                the operator key (a well-known one for development, on this machine alone)
  CURRENCY               what the shop sells in (USD)
  SECONDS_TO_PAY         how long an unpaid order holds its stock (900)
  UNPAID_ORDERS          unpaid orders that a customer may have at once (20)
  UNPAID_UNITS           units that these may have together (1000)
  ADDRESS_UNPAID_ORDERS  unpaid orders of all customers from one address (100)
  ADDRESS_UNPAID_UNITS   units that these may have together (2000)
  SESSION_SECONDS        how long a customer's token lasts (604800)
  RENEWAL_SECONDS        for how long it is renewed after that; 0 for not at all (34560000)
  CUSTOMER_RATE          requests a second that a customer may make (50)
  CUSTOMER_BURST         requests that a customer may make in one burst (100)
  CUSTOMER_REQUESTS      requests of a customer in progress at once, at each service (16)
  SESSION_RATE           sessions a minute that an address may begin (30)
  SESSION_BURST          sessions that an address may begin in one burst (60)
  ADDRESS_REQUESTS       requests of an address in progress at once, at the storefront (64)
  TRUSTED_PROXIES        the networks (CIDR) of reverse proxies in front of the storefront
  ALLOWED_HOSTS          hosts that instances may be at, beside this one's
  NO_COLOR               any text: no colours on the terminal
Of unpaid orders, their units, and requests in progress, 0 is no bound.
"""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for, and return the exit code; errors are printed."""
    streams.prepare()
    try:
        return _dispatch(arguments)
    except (OperationError, SettingsError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1
    except OSError:
        broken = streams.give_up_output()
        if broken is None:
            raise
        message = f"run.py: Standard output cannot be written ({broken.strerror})."
        print(message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _dispatch(arguments: Sequence[str]) -> int:
    command = arguments[0] if arguments else ""
    if command == "test":
        bootstrap.go_on_with(TESTS_LOCK, arguments)
        os.chdir(ROOT)
        # One more than the cores, because a test waits for the disk a third of its time.
        processes = (os.cpu_count() or 1) + 1
        chosen = arguments[1:] or [f"--numprocesses={processes}", "--dist=loadfile"]
        bootstrap.become([sys.executable, "-m", "pytest", *chosen])
    if command in COMMANDS:
        bootstrap.go_on_with(RUNTIME_LOCK, arguments)
        code: int = importlib.import_module(COMMANDS[command]).main(arguments[1:])
        return code
    options = _options(arguments)
    bootstrap.go_on_with(RUNTIME_LOCK, arguments)
    from .run.start import start

    deployment = Deployment(
        base_port=options.base_port,
        data_dir=options.data_dir.absolute(),
        host=options.host,
        advertise=options.advertise,
        demo=options.demo,
    )
    return start(deployment, json_lines=options.log_format == "json", log_file=options.log_file)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    options, left = _parser().parse_known_args(arguments)
    if not left:
        return options
    if misplaced := [word for word in left if word in (*COMMANDS, "test")]:
        raise OperationError(
            f"The command comes first, and its flags after it: python run.py {misplaced[0]}"
        )
    kind = "flag" if left[0].startswith("-") else "command"
    raise OperationError(f"There is no {kind} {left[0]}; see python run.py --help.")


def _parser() -> CommandParser:
    parser = CommandParser("python run.py", description=_DESCRIPTION, epilog=_EPILOG)
    parser.usage = "python run.py [flags]"
    flag = parser.add_argument
    flag(
        "--base-port",
        metavar="N",
        type=_base_port,
        default=Deployment.base_port,
        help="the registry's port; cart has N+1 and so on, the storefront N+80 (%(default)s)",
    )
    parser.add_data_dir("where every file is that the shop writes")
    flag(
        "--host", metavar="HOST", default=Deployment.host, help="address to listen on (%(default)s)"
    )
    flag("--advertise", metavar="HOST", help="name or address by which others reach the shop")
    flag("--no-demo", dest="demo", action="store_false", help="begin with an empty catalog")
    flag(
        "--log-format",
        metavar="FORMAT",
        choices=("text", "json"),
        default="text",
        help="text for people, json for programs (text)",
    )
    flag(
        "--log-file",
        metavar="FILE",
        type=Path,
        help="where the log goes instead of standard output; six files of 20 MiB at most",
    )
    return parser


def _base_port(text: str) -> int:
    highest = 65535 - _HIGHEST_OFFSET
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= highest:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {highest}")
    return int(text)
