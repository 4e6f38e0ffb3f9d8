"""`python -m services.catalog`"""

import os

from services.common.process.flags import flags
from services.common.process.serve import main

from .app import CatalogSettings, create_app

parser = flags("catalog", os.environ, default_port=8002)
parser.add_argument("--demo", action="store_true", help="fill a new catalog with demo goods")
main(parser, CatalogSettings, create_app)
