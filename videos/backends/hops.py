"""Which studios a request has come through, so that none serves itself.

Each studio adds its installation to a header of every request to a backend, and refuses a create that names
it. A proxy that passes headers on may stand in between. The list is bounded, and so is the longest chain.
"""

import re
from collections.abc import Sequence

VIA_HEADER = "ContentGen-Via"
LOOP_HEADER = "ContentGen-Loop"  # of an answer to a request of one's own
MAX_HOPS = 8  # studios that a request may come through
MAX_LENGTH = MAX_HOPS * 38  # characters of the list

_INSTALLATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class TooManyHopsError(Exception):
    """The request has come through more studios than any real chain has."""


def parse_hops(header: str) -> tuple[str, ...]:
    """Return the installations in the header, the first studio first. Anything else in it is left out.

    Raises `TooManyHopsError`.
    """
    if len(header) > MAX_LENGTH:
        raise TooManyHopsError
    named = (each.strip().lower() for each in header.split(","))
    return tuple(each for each in named if _INSTALLATION.fullmatch(each))


def via_headers(hops: Sequence[str]) -> dict[str, str]:
    """Return the header that tells `hops`; nothing when there are none."""
    return {VIA_HEADER: ", ".join(hops)} if hops else {}
