"""`python -m services.storefront`"""

import argparse
import os

from services.common.serve import main
from services.common.settings import flags, seconds

from .app import StorefrontSettings, create_app


def positive(text: str) -> float:
    """A number from a flag. Raises argparse.ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


parser = flags("storefront", os.environ, default_port=8080)
for flag, kind, default, what in (
    ("session-seconds", seconds, "604800", "how long a customer's token lasts"),
    ("customer-rate", positive, "50", "requests a second that a customer may make"),
    ("customer-burst", positive, "100", "requests that a customer may make at once"),
    ("session-rate", positive, "30", "sessions a minute that an address may begin"),
    ("session-burst", positive, "60", "sessions that an address may begin at once"),
):
    variable = flag.upper().replace("-", "_")
    parser.add_argument(
        f"--{flag}",
        type=kind,
        default=os.environ.get(variable, default),
        metavar="N",
        help=f"{what} ({variable}, or %(default)s)",
    )
main(parser, StorefrontSettings, create_app)
