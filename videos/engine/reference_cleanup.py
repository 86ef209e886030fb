"""The files of reference images that nobody needs any more. Apart from `forget`, so that the web processes
can ask for it without loading all that takes films apart and joins them.
"""

from functools import partial

from django.db import transaction

from videos.models import ReferenceImage


def delete_unused_reference(image_id: int) -> bool:
    """Remove for good a reference image that its owner deleted, unless a video was made from it. Returns
    whether it went.
    """
    with transaction.atomic():
        deleted = ReferenceImage.objects.exclude(deleted_at=None)
        image = deleted.select_for_update().filter(pk=image_id).first()
        if image is None or image.videos.exists():
            return False
        image.delete()
        # The row first: the same picture, uploaded meanwhile, must never find a row whose file is gone.
        for stored in (image.file, image.thumbnail):
            if stored.name:
                transaction.on_commit(partial(stored.storage.delete, stored.name), robust=True)
    return True
