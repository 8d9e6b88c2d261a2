"""Python runs this file first wherever this folder stands on PYTHONPATH: it forbids every connection off this machine.

`store` and the tests put it there, so that a lesson that needs the network fails on its author's machine
and not on a student's train. An audit hook can't be taken off again and covers every library that uses
Python's sockets.
"""

import ipaddress
import sys

ASKING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
LOOKING_UP = {"socket.getaddrinfo", "socket.gethostbyname"}


def _is_local(host: object) -> bool:
    """Tell whether `host` names this machine: loopback, unspecified, or no host at all."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", "localhost.localdomain"):
        return True
    try:
        address = ipaddress.ip_address(str(name).split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _forbid_the_network(event: str, arguments: tuple) -> None:
    """Raise PermissionError when an audited socket event leads off this machine."""
    if event in ASKING:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a path: a Unix socket, local
    elif event in LOOKING_UP:
        host = arguments[0]
    else:
        return
    if not _is_local(host):
        raise PermissionError(f"a lesson tried to reach {host!r}: lessons run offline, so ship what it needs in data/")


sys.addaudithook(_forbid_the_network)
