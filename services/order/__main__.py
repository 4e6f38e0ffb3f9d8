"""`python -m services.order`"""

import os

from services.common.core.arguments import seconds, whole_number
from services.common.process.flags import add_number, flags
from services.common.process.serve import main

from .app import OrderSettings, create_app

parser = flags("order", os.environ, default_port=8003)
for flag, kind, default, what in (
    ("seconds-to-pay", seconds, "900", "seconds that an order waits for its payment"),
    ("unpaid-orders", whole_number, "20", "unpaid orders of a customer at once; 0: no bound"),
    ("unpaid-units", whole_number, "1000", "units in a customer's unpaid orders; 0: no bound"),
    ("address-unpaid-orders", whole_number, "100", "unpaid orders from one address; 0: no bound"),
    ("address-unpaid-units", whole_number, "2000", "units in these orders; 0: no bound"),
):
    add_number(parser, os.environ, flag, kind, default, what)
main(parser, OrderSettings, create_app)
