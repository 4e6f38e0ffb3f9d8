"""`python -m services.cart`"""

import os

from services.common.core.settings import Settings
from services.common.process.flags import flags
from services.common.process.serve import main

from .app import create_app

main(flags("cart", os.environ, default_port=8001), Settings, create_app)
