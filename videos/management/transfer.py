"""What export_videos and import_videos print."""

import time
from collections.abc import Callable, Mapping, Sequence

from django.core.management.base import OutputWrapper

MAX_LISTED = 1000  # problems
_EVERY = 1.0  # seconds between two words on how far it is: where there is no terminal each is a line


def now_and_then(show: Callable[[float, str], None]) -> Callable[[float, str], None]:
    """Return `show`, called once in a second at most, and at the end."""
    last = 0.0

    def shown(fraction: float, text: str) -> None:
        nonlocal last
        if fraction >= 1 or time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            show(fraction, text)

    return shown


def count_table(stream: OutputWrapper, counts: Mapping[str, int]) -> None:
    """Print how many rows of each kind there were."""
    for name, count in counts.items():
        stream.write(f"{name.replace('_', ' '):<16} {count:>9,}")


def list_problems(stream: OutputWrapper, problems: Sequence[str]) -> None:
    """Print what was left out, each with its reason."""
    for each in problems[:MAX_LISTED]:
        stream.write(each, style_func=str)
    if len(problems) > MAX_LISTED:
        stream.write(f"… and {len(problems) - MAX_LISTED:,} more.", style_func=str)
