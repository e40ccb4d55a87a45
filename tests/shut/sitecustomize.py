"""Shuts the network beyond this machine, for tests and for the processes that they start.

Python imports this by itself where the folder is in PYTHONPATH. Who asks all the same gets an error, and is noted in
the file that $ASKED_BEYOND names: the host, and the test.
"""

from __future__ import annotations

import os
import sys

_HERE = (None, "", "localhost", "::1", "::", "0.0.0.0")


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None
    else:
        return
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name in _HERE or str(name).startswith("127."):
        return
    with open(os.environ["ASKED_BEYOND"], "a", encoding="utf-8") as file:
        file.write(f"{name} {os.environ.get('PYTEST_CURRENT_TEST', '')}\n")
    raise OSError(f"no test reaches beyond this machine: {name}")


sys.addaudithook(_refuse)
