"""`python -m services.payment`"""

import os

from services.common.serve import main
from services.common.settings import Settings, flags

from .app import create_app

main(flags("payment", os.environ, default_port=8004), Settings, create_app)
