"""Durations and counts as people read them."""


def format_duration(seconds: int) -> str:
    """Return whole seconds as `90 seconds`, `10 minutes`, `1 hour 30 minutes`: in at most two units."""
    if seconds < 120:
        return count_of(seconds, "second")
    parts = []
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, seconds = divmod(seconds, length)
        if number:
            parts.append(count_of(number, unit))
    return " ".join(parts[:2])


def count_of(number: int, unit: str) -> str:
    """Return a number with what it counts, in the plural where there is not one."""
    return f"{number} {unit}{'' if number == 1 else 's'}"
