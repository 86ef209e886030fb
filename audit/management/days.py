"""Days as options of commands."""

from argparse import ArgumentTypeError
from datetime import date


def day(text: str) -> date:
    """Return the day that an option was given. Raises `ArgumentTypeError`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"write a day such as 2026-11-30, not “{text[:40]}”.") from error
