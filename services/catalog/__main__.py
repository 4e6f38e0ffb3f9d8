"""`python -m services.catalog`"""

import os

from services.common.serve import main
from services.common.settings import flags

from .app import CatalogSettings, create_app

parser = flags("catalog", os.environ, default_port=8002)
parser.add_argument("--demo", action="store_true", help="fill a new catalog with demo goods")
main(parser, CatalogSettings, create_app)
