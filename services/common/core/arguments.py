"""Reads command-line flags, and explains a wrong one in a sentence. Standard library only."""

from __future__ import annotations

import argparse
from typing import NoReturn


class SettingsError(Exception):
    """A flag or an environment variable that cannot be used; the message says which and why."""


class _Append(argparse.Action):
    """The action of a flag that may be given again. As with any other flag, what is given takes the
    place of the default, which a variable may have set.
    """

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        value: object,
        _flag: str | None = None,
    ) -> None:
        given = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [*([] if given is self.default else given), value])


class ArgumentParser(argparse.ArgumentParser):
    """Parses the flags of `command` (what a person types). A wrong flag raises SettingsError."""

    def __init__(self, command: str, *, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=command,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.register("action", "append", _Append)

    def error(self, message: str) -> NoReturn:
        sentence = message.removeprefix("argument ")
        raise SettingsError(f"{sentence[0].upper()}{sentence[1:]}; see {self.prog} --help.")


def port_number(text: str) -> int:
    """A TCP port (0 to 65535) from a flag. Raises argparse.ArgumentTypeError."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def whole_number(text: str) -> int:
    """A whole number, 0 or more, from a flag. Raises argparse.ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal()) or int(text) >= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 0 or more")
    return int(text)


def positive(text: str) -> float:
    """A number above 0 from a flag. Raises argparse.ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def seconds(text: str) -> float:
    """A time in seconds from a flag. Raises argparse.ArgumentTypeError."""
    try:
        return positive(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0") from None
