"""`python -m registry`"""

import os

from services.common.process.flags import flags
from services.common.process.serve import main

from .app import RegistrySettings, create_app

parser = flags("registry", os.environ, default_port=8000)
parser.add_argument(
    "--allow-host",
    dest="allowed_hosts",
    action="append",
    default=os.environ.get("ALLOWED_HOSTS", "").split(),
    metavar="HOST",
    help="a host that instances may be at, beside loopback and this one's (ALLOWED_HOSTS)",
)
main(parser, RegistrySettings, create_app)
