"""Storage is never asked for anything inside a transaction.

With an object store that would be a network call which holds locks of rows, and a connection to the database,
for as long as the store likes. On the disk of a test it looks the same, so every test is one of this.
"""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from django.db import connections

from contentgen.object_storage import ObjectStorage
from contentgen.storage import AtomicFileSystemStorage

_ASKED = (
    *("_save", "_open", "delete", "exists", "size", "listdir", "walk", "age_of", "move", "end_partial"),
    *("get_modified_time", "recorded_sha256", "remove_abandoned_files"),
)


def in_transaction() -> bool:
    """Whether a connection of this thread is in a transaction that the test did not open itself."""
    return any(
        not block._from_testcase  # type: ignore[attr-defined]
        for connection in connections.all(initialized_only=True)
        for block in connection.atomic_blocks
    )


@contextmanager
def watched() -> Iterator[list[str]]:
    """Yield a list of where storage was asked inside a transaction; each time is an error there as well."""
    found: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for storage in (AtomicFileSystemStorage, ObjectStorage):
            for name in _ASKED:
                patch.setattr(storage, name, _guarded(storage, name, found))
        yield found


def _guarded(storage: type, name: str, found: list[str]) -> Callable[..., Any]:
    own = vars(storage).get(name)

    @wraps(getattr(storage, name))
    def ask(self: Any, *args: Any, **options: Any) -> Any:
        if in_transaction():
            found.append("".join(traceback.format_stack(limit=12)))
            raise AssertionError(f"Storage was asked inside a transaction: {storage.__name__}.{name}{args}")
        # What is inherited is looked up now: a test may have put something else in its place.
        return own(self, *args, **options) if own else getattr(super(storage, self), name)(*args, **options)

    return ask
