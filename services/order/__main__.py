"""`python -m services.order`"""

import os

from services.common.core.arguments import seconds, whole_number
from services.common.process.flags import flags
from services.common.process.serve import main

from .app import OrderSettings, create_app

parser = flags("order", os.environ, default_port=8003)
parser.add_argument(
    "--seconds-to-pay",
    type=seconds,
    default=os.environ.get("SECONDS_TO_PAY", "900"),
    metavar="SECONDS",
    help="how long an order waits for its payment (SECONDS_TO_PAY, or %(default)s)",
)
for flag, default, what in (
    ("unpaid-orders", "20", "unpaid orders that a customer may have at once"),
    ("unpaid-units", "1000", "units that a customer's unpaid orders may have together"),
    ("address-unpaid-orders", "100", "unpaid orders of all customers from one address"),
    (
        "address-unpaid-units",
        "2000",
        "units in the unpaid orders of all customers from one address",
    ),
):
    variable = flag.upper().replace("-", "_")
    parser.add_argument(
        f"--{flag}",
        type=whole_number,
        default=os.environ.get(variable, default),
        metavar="N",
        help=f"{what}; 0 is no bound ({variable}, or %(default)s)",
    )
main(parser, OrderSettings, create_app)
