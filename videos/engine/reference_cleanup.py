"""Removing reference images that no video uses any more. Apart from `cleanup`, so that the web processes can
use it without loading the libraries that process video.
"""

from functools import partial

from django.db import transaction

from videos.models import ReferenceImage


def delete_unused_reference(image_id: int) -> bool:
    """Permanently remove a reference image that its owner deleted, unless a video was made from it.

    Returns whether it was removed.
    """
    with transaction.atomic():
        deleted = ReferenceImage.objects.exclude(deleted_at=None)
        image = deleted.select_for_update().filter(pk=image_id).first()
        if image is None or image.is_used:
            return False
        image.delete()
        # The row first: the same picture, uploaded meanwhile, must never find a row whose file is gone.
        for stored in (image.file, image.thumbnail):
            if stored.name:
                transaction.on_commit(partial(stored.storage.delete, stored.name), robust=True)
    return True
