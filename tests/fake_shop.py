"""A shop of stand-ins, started as `run.py` starts the real one; its place is given as JSON."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from services.operations import OperationError
from services.operations.parts import Part, Place
from services.operations.start import start

PARTS = (
    Part("registry", "tests.fake_part", 0, page="dashboard"),
    Part("cart", "tests.fake_part", 1),
    Part("storefront", "tests.fake_part", 80, page="shop"),
)

if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may be run with nohup
    told = json.loads(sys.argv[1])
    json_lines = told.pop("json_lines", False)
    place = Place(**told | {"data_dir": Path(told["data_dir"])})
    try:
        sys.exit(start(place, parts=PARTS, json_lines=json_lines))
    except OperationError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
