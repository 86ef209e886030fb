"""What export_videos and import_videos print."""

from collections.abc import Mapping, Sequence

from django.core.management.base import OutputWrapper

MAX_LISTED = 1000  # problems


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
