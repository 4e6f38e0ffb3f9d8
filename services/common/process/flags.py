"""The flags of a service, with a few defaults from the environment. Read once, at the start."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from ..core.arguments import ArgumentParser, port_number, whole_number
from ..core.currency import USD, currency_of
from ..core.settings import DEVELOPMENT_KEY


def flags(service: str, environ: Mapping[str, str], *, default_port: int) -> ArgumentParser:
    """The flags of every service, named as in `Settings`; a service adds its own."""
    parser = ArgumentParser(
        f"python -m {'registry' if service == 'registry' else f'services.{service}'}",
        description=f"The {service} service of the shop.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=default_port, help="0 takes a free one (%(default)s)"
    )
    parser.add_argument("--advertise", metavar="URL-HOST", help="the host that others reach it by")
    parser.add_argument(
        "--data-dir", type=Path, default=Path("data"), help="where its database is (%(default)s)"
    )
    parser.add_argument("--stop-with-parent", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--currency",
        type=currency_of,
        default=environ.get("CURRENCY", USD.code),
        metavar="CODE",
        help="ISO 4217 code (CURRENCY, or %(default)s)",
    )
    if service != "registry":
        parser.add_argument(
            "--registry",
            dest="registry_url",
            metavar="URL",
            default=environ.get("REGISTRY_URL", "http://127.0.0.1:8000"),
            help="the registry (REGISTRY_URL, or %(default)s)",
        )
        parser.add_argument(
            "--instance-id", default=f"{service}-1", help="its own name (%(default)s)"
        )
        what = "requests of a customer at once; 0: no bound"
        add_number(parser, environ, "customer-requests", whole_number, "16", what)
    parser.set_defaults(service=service, api_key=environ.get("API_KEY", DEVELOPMENT_KEY))
    return parser


def add_number(
    parser: ArgumentParser,
    environ: Mapping[str, str],
    flag: str,
    kind: Callable[[str], float],
    default: str,
    what: str,
) -> None:
    """Add a flag that takes a number; its default may stand in the variable of the same name."""
    variable = flag.upper().replace("-", "_")
    parser.add_argument(
        f"--{flag}",
        type=kind,
        default=environ.get(variable, default),
        metavar="N",
        help=f"{what} ({variable}, or %(default)s)",
    )
