"""`python -m services.storefront`"""

import os

from services.common.core.arguments import positive, seconds, whole_number
from services.common.process.flags import add_number, flags
from services.common.process.serve import main

from .app import StorefrontSettings, create_app

parser = flags("storefront", os.environ, default_port=8080)
for flag, kind, default, what in (
    ("session-seconds", seconds, "604800", "how long a customer's token lasts"),
    ("renewal-seconds", whole_number, "34560000", "how long it is renewed after that; 0: never"),
    ("customer-rate", positive, "50", "requests a second that a customer may make"),
    ("customer-burst", positive, "100", "requests that a customer may make at once"),
    ("address-requests", whole_number, "64", "requests of an address at once; 0: no bound"),
    ("session-rate", positive, "30", "sessions a minute that an address may begin"),
    ("session-burst", positive, "60", "sessions that an address may begin at once"),
):
    add_number(parser, os.environ, flag, kind, default, what)
parser.add_argument(
    "--trusted-proxy",
    dest="trusted_proxies",
    action="append",
    default=os.environ.get("TRUSTED_PROXIES", "").split(),
    metavar="CIDR",
    help="where proxies are that tell whose request they pass on (TRUSTED_PROXIES)",
)
main(parser, StorefrontSettings, create_app)
