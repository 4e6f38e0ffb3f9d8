"""A shop of stand-ins, started as `run.py` starts the real one; its deployment is given as JSON."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from services.operations import OperationError
from services.operations.run.deployment import Deployment, Service
from services.operations.run.start import start

SERVICES = (
    Service("registry", "tests.operations.run.fake_service", 0, page="dashboard"),
    Service("cart", "tests.operations.run.fake_service", 1),
    Service("storefront", "tests.operations.run.fake_service", 80, page="shop"),
)

if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may be run with nohup
    told = json.loads(sys.argv[1])
    json_lines = told.pop("json_lines", False)
    log_file = Path(told["log_file"]) if told.get("log_file") else None
    told.pop("log_file", None)
    deployment = Deployment(**told | {"data_dir": Path(told["data_dir"])})
    try:
        sys.exit(start(deployment, services=SERVICES, json_lines=json_lines, log_file=log_file))
    except OperationError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
