"""`python -m tests.attacks`: attacks a real shop, and prints what others noticed of it."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from .attackers import ATTACKS
from .run import attack, open_shop

parser = argparse.ArgumentParser("python -m tests.attacks", description=__doc__)
parser.add_argument("--seconds", type=float, default=25.0, help="for each attack (%(default)g)")
arguments = parser.parse_args()
for how in ATTACKS:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_shop(Path(folder) / "shop") as shop,
    ):
        print(asyncio.run(attack(shop, how, seconds=arguments.seconds)), flush=True)
