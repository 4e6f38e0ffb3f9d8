"""The tests, and the commands beside them: `python -m tests.chaos` and its like install what they
need into .venv, as `python run.py test` does.
"""

import sys

from services.operations import ROOT, OperationError
from services.operations.install import bootstrap
from services.operations.install.environment import TESTS_LOCK

if sys.argv[0] == "-m" and any(word.startswith("tests.") for word in sys.orig_argv[1:3]):
    try:
        interpreter = bootstrap.interpreter_with(TESTS_LOCK, ROOT)
    except OperationError as rejection:
        sys.exit(str(rejection))
    if interpreter is not None:
        bootstrap.become([str(interpreter), *sys.orig_argv[1:]])
