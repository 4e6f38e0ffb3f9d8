"""`python -m services.cart`"""

import os

from services.common.serve import main
from services.common.settings import Settings, flags

from .app import create_app

main(flags("cart", os.environ, default_port=8001), Settings, create_app)
