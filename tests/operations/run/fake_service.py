"""A stand-in for a service of the shop: it answers `/readyz` and can be told to behave badly."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType


def say(level: str, message: str, **fields: object) -> None:
    print(json.dumps({"level": level, "message": message, **fields}), file=sys.stderr, flush=True)


def serve(listener: socket.socket, ready_once: Path | None) -> None:
    while True:
        connection, _ = listener.accept()
        ready = ready_once is None or ready_once.exists()
        status = b"200 OK" if ready else b"503 Service Unavailable"
        body = {"pid": os.getpid(), "reasons": [] if ready else ["still thinking"]}
        with connection, suppress(ConnectionError):  # some callers only look whether it listens
            connection.recv(4096)
            connection.sendall(b"HTTP/1.0 %s\r\n\r\n%s" % (status, json.dumps(body).encode()))


def end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


def on_sigterm(_number: int, _frame: FrameType | None) -> None:
    say("info", "ended when asked")
    os._exit(0)


def end_as_told(ends: Path) -> None:
    """End with the next code of the file or, where it is below 0, by that signal; without one, go
    on.
    """
    code, *rest = ends.read_text().split() or ["none"]
    ends.write_text(" ".join(rest))
    if code == "none":
        return
    if int(code) >= 0:
        os._exit(int(code))
    os.kill(os.getpid(), -int(code))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--stop-with-parent", action="store_true")
    parser.add_argument("--ready-once", type=Path, help="not ready until this file exists")
    parser.add_argument("--ignore-sigterm", action="store_true")
    parser.add_argument("--say", type=int, help="a line of so many characters")
    parser.add_argument("--fail", help="an error to end with")
    parser.add_argument("--ends", type=Path, help="a file that says how each start is to end")
    options, _ = parser.parse_known_args()
    if options.ends is not None:
        end_as_told(options.ends)
    if options.fail is not None:
        say("error", options.fail)
        sys.exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if options.ignore_sigterm else on_sigterm)
    if options.stop_with_parent:
        threading.Thread(target=end_with_parent, daemon=True).start()
    if options.say:
        print("x" * options.say, flush=True)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((options.host, options.port))
    listener.listen()
    say("info", "listening")
    serve(listener, options.ready_once)


if __name__ == "__main__":
    main()
