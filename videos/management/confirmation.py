"""The question that a command asks before it does what cannot be taken back."""

from django.core.management.base import CommandError


def is_confirmed(question: str) -> bool:
    """Ask, and return whether the answer is yes. Raises `CommandError` where nobody can answer."""
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        raise CommandError("Nothing was done. Nobody can answer here: say --yes.") from None
    return answer.strip().lower() in ("y", "yes")
