"""The storage that a person may take up: what is refused once it is full.

New videos are refused before they are paid for, and uploads before they are kept. What is in flight is stored
in any case: a paid video is never lost for want of room.
"""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.formats import format_size
from accounts.models import User
from billing.errors import FIELD, RefusedPaymentError
from videos.engine.storage_use import StorageUse, quota_of, storage_use


class StorageFullError(RefusedPaymentError):
    """The person's storage is full, or has too little room for an upload. Nothing was kept or paid for."""

    code_for_programs = "storage_full"

    def __init__(self, sentence: str, field: str = FIELD) -> None:
        ValidationError.__init__(self, {field: sentence})
        self.sentence = sentence


def require_room(user: User) -> None:
    """Raise `StorageFullError` where the person's storage is full. Nothing is asked where there is no limit.

    Nothing is set aside: the size of a video is not known before it is made, so two requests at once may
    both be let in by the last free byte.
    """
    if quota_of(user) is None:
        return
    use = storage_use(user)
    if use.is_full:
        sentence = gettext(
            "Your storage is full (%(used)s of %(quota)s). Move videos to the trash and delete them there "
            "for good, or ask staff for more."
        )
        raise StorageFullError(sentence % _in_words(use))


def require_room_for(user: User, size: int, field: str) -> None:
    """Raise `StorageFullError`, by `field`, unless an upload of `size` bytes fits in.

    In the transaction that writes its row: it locks the person's row, so that of two uploads at once the
    second finds the first one counted.
    """
    if quota_of(user) is None:
        return
    use = storage_use(User.objects.select_for_update().get(pk=user.pk))
    if use.used + size > (use.quota or 0):
        sentence = gettext(
            "There is no room for this: %(used)s of %(quota)s of your storage are used. Move videos to the "
            "trash and delete them there for good, or ask staff for more."
        )
        raise StorageFullError(sentence % _in_words(use), field)


def _in_words(use: StorageUse) -> dict[str, str]:
    return {"used": format_size(use.used), "quota": format_size(use.quota or 0)}
