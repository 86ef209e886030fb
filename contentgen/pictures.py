"""Pictures of the things that rooms tell of without knowing them, such as the videos of an inbox."""

from collections.abc import Callable, Collection, Mapping

# Takes a person's key and public ids, and returns the address of a picture for each of those that the person
# may see and that have one.
PictureFinder = Callable[[int, Collection[str]], Mapping[str, str]]

_finders: list[PictureFinder] = []


def register_pictures(finder: PictureFinder) -> None:
    """Have `find_pictures` ask `finder`. Called in an AppConfig's `ready`."""
    _finders.append(finder)


def find_pictures(user_id: int, public_ids: Collection[str]) -> dict[str, str]:
    """Return the addresses of the pictures that the person can see now, by public id.

    What was told may be old: its thing may be deleted, or another's by now, and is not in the answer.
    """
    if not public_ids:
        return {}
    return {
        public_id: address for find in _finders for public_id, address in find(user_id, public_ids).items()
    }
