#!/usr/bin/env python3
"""Starts, watches and stops the whole shop, and runs its tools; `python run.py --help` lists them.

It needs only Python: at the first start it installs everything else that the shop needs.
"""

import sys

# This check comes before any import that an older Python cannot read.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("run.py: Python 3.11 or newer is needed, and this is " + sys.version.split()[0] + ".")

from services.operations.commandline import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
