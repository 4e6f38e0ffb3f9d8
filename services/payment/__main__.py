"""`python -m services.payment`"""

import os

from services.common.core.settings import Settings
from services.common.process.flags import flags
from services.common.process.serve import main

from .app import create_app

main(flags("payment", os.environ, default_port=8004), Settings, create_app)
