"""Whether a file in storage is the one that its row describes, and files that no row names any more."""

import hashlib
import logging
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from videos.models import DiscardedFile

logger = logging.getLogger(__name__)

_RETRY_AFTER = timedelta(minutes=10)
_REMOVED_AT_ONCE = 200


def is_intact(name: str, byte_count: int | None, sha256: str) -> bool:
    """Whether storage gives back all bytes of the file, as they were measured when it was stored.

    It was decoded then, so the same bytes can be decoded again. Reads the whole file.
    """
    if not (name and byte_count and sha256):
        return False
    try:
        if default_storage.size(name) != byte_count:
            return False
        with default_storage.open(name, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except (OSError, ValueError) as error:
        logger.warning("%s cannot be read from storage: %s", name, error)
        return False


def discard(name: str, *, after: timedelta = timedelta(0)) -> None:
    """Note, in the transaction that takes the file's name out of its row, that the file is to be removed."""
    DiscardedFile.objects.create(name=name, due_at=timezone.now() + after)


def undiscard(name: str) -> None:
    """Note, in the transaction that puts the file's name into a row, that it is not to be removed."""
    DiscardedFile.objects.filter(name=name).delete()


def remove_discarded() -> int:
    """Remove the files that no row names any more. Returns how many; one that fails is tried again later."""
    removed = 0
    due = DiscardedFile.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
    for row in due[:_REMOVED_AT_ONCE]:
        try:
            default_storage.delete(row.name)
        except OSError:
            logger.exception("%s could not be removed from storage", row.name)
            DiscardedFile.objects.filter(pk=row.pk).update(due_at=timezone.now() + _RETRY_AFTER)
        else:
            row.delete()
            removed += 1
    return removed
