"""`python -m services.order`"""

import os

from services.common.core.arguments import seconds
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
main(parser, OrderSettings, create_app)
