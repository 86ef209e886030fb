"""What becomes of an upload that the studio cannot take now: a sentence beside it, and nothing kept."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_noop

logger = logging.getLogger(__name__)

# In English, as the APIs answer: what a page shows of it is translated where it is raised.
MESSAGE = gettext_noop("The studio cannot store files at the moment. Nothing was kept; try again later.")
BUSY = gettext_noop("The studio is busy with other uploads. Try again in a moment.")


class StudioBusyError(ValidationError):
    """Too many uploads are being read at once: not the fault of what was sent, which may be sent again."""


class StorageUnavailableError(ValidationError):
    """Storage is full, read-only or away: not the fault of what was sent, which may be sent again."""


@contextmanager
def storage_errors(field: str) -> Iterator[None]:
    """Raise `StorageUnavailableError`, about `field`, for an `OSError` in the block."""
    try:
        yield
    except OSError as error:
        logger.exception("An upload could not be stored")
        raise StorageUnavailableError({field: gettext(MESSAGE)}) from error
