"""Giving single videos to somebody else, and taking them back from everybody who was shown them.

What becomes of all that a person has, when the account is deleted, is in `videos.services.account_work`.
"""

from collections.abc import Mapping
from contextlib import ExitStack

from django.core.files.base import File
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext, gettext_noop

from accounts import roles
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from videos import subjects
from videos.models import (
    IN_FLIGHT,
    BatchState,
    Collection,
    CollectionItem,
    ReferenceImage,
    ShareLink,
    Tag,
    Video,
    VideoReference,
    Visibility,
)
from videos.services.image_files import ImageFilesGoneError, WrittenFiles, name_files, written_files
from videos.services.share_links import revoke_links

# Notes of the audit log, which keeps them in English.
FROM_TO = gettext_noop("From %(former)s to %(heir)s.")
_HANDED_OVER = gettext_noop("%(video)s was handed over to %(heir)s.")

# Collections that somebody else than their owner looks at: the team, chosen people, or whoever has a link.
_SHOWN = ~Q(visibility=Visibility.PRIVATE) | Q(
    Exists(ShareLink.objects.filter(collection=OuterRef("pk"), revoked_at=None))
)


def can_be_handed_over(video: Video, heir: User) -> bool:
    """Whether the video, as it was read with its batch, can be given to `heir` now.

    Not while it is in flight: whose a lost job is, is told by who asked for it. Nor while its batch makes
    more, which is somebody's who must see all of it.
    """
    is_free = video.batch is None or video.batch.state == BatchState.COMPLETED
    return not video.is_in_flight and is_free and video.owner_id != heir.pk and roles.may_create(heir)


def hand_over_video(video: Video, heir: User) -> bool:
    """Give the video to `heir`, with its files, note and tags. Returns whether it was given.

    The ledger keeps who paid for it. The images that it was made of go along, or copies of those that other
    videos have as well. Links to it stop, for the heir has not chosen to show anything; and it leaves the
    collections that the heir cannot see. Raises `OSError` where an image cannot be copied.
    """
    with written_files() as written:
        copies = _copy_files(video, heir, written)
        return _hand_over(video, heir, copies)


def _hand_over(video: Video, heir: User, copies: Mapping[int, ReferenceImage]) -> bool:
    with transaction.atomic():
        _lock_collections(video, Q())  # before the video, as everybody does who needs both
        free = Video.objects.filter(pk=video.pk, owner=video.owner_id, deleted_at=None)
        row = free.exclude(state__in=IN_FLIGHT).select_for_update().first()
        if row is None or not can_be_handed_over(video, heir):
            return False
        links = ShareLink.objects.filter(video=row)
        revoke_links(links, note=_HANDED_OVER % {"video": row.public_id, "heir": heir})
        _leave(row, ~Q(pk__in=Collection.objects.open_to(heir).values("pk")))
        _hand_over_tags(row, heir)
        _hand_over_images(row, heir, copies)
        # What was announced was told to the former owner: the heir hears of it anew before anything moves.
        free.update(owner=heir, queue_order=None, retention_due_at=None, revision=F("revision") + 1)
        note = FROM_TO % {"former": video.owner, "heir": heir}
        record(Action.HANDED_OVER, subjects.video(row), note=note)
    return True


def with_audience(videos: QuerySet[Video]) -> QuerySet[Video]:
    """Note at each video whether anybody but its owner is shown it, as `is_shown_to_others`."""
    collections = Collection.objects.filter(_SHOWN, deleted_at=None)
    items = CollectionItem.objects.filter(video=OuterRef("pk"), collection__in=collections)
    links = ShareLink.objects.filter(video=OuterRef("pk"), revoked_at=None)
    return videos.annotate(is_shown_to_others=Exists(items) | Exists(links))


@transaction.atomic
def make_private(video: Video) -> bool:
    """Revoke the links to the video, and take it out of the collections that others look at.

    Returns whether anybody else was shown it.
    """
    revoked = revoke_links(
        ShareLink.objects.filter(video=video), note=gettext_noop("The video was made private.")
    )
    left = _leave(video, _SHOWN)
    if revoked or left:
        record(Action.UNSHARED, subjects.video(video), note=gettext_noop("Made private."))
    return bool(revoked or left)


def _leave(video: Video, where: Q) -> int:
    """Take the video out of these collections. Returns of how many."""
    collections = _lock_collections(video, where)
    CollectionItem.objects.filter(video=video, collection__in=collections).delete()
    Collection.objects.filter(pk__in=[each.pk for each in collections], cover=video).update(cover=None)
    for collection in collections:
        name = f"“{collection.name}”, {collection.public_id}."
        record(Action.TAKEN_OUT, subjects.video(video), note=name)
    return len(collections)


def _lock_collections(video: Video, where: Q) -> list[Collection]:
    """Lock those of the video's collections, in one order, and return them."""
    held = Collection.objects.filter(where, items__video=video).order_by("pk")
    return list(held.select_for_update(of=("self",)))


def _hand_over_tags(video: Video, heir: User) -> None:
    """Replace the video's tags by the heir's of the same names. One that no video has any more goes."""
    own = list(video.tags.all())
    theirs = {tag.name.lower(): tag for tag in Tag.objects.filter(owner=heir)}
    names = {tag.name.lower(): tag.name for tag in own}
    video.tags.set([theirs.get(key) or Tag.objects.create(owner=heir, name=names[key]) for key in names])
    for tag in own:
        if not tag.videos.exists():
            tag.delete()


def _hand_over_images(video: Video, heir: User, copies: Mapping[int, ReferenceImage]) -> None:
    frames, uses = _images_of(video)
    given = {
        image.pk: _image_for(heir, image, video, copies)
        for image in (*frames.values(), *(use.image for use in uses))
    }
    Video.objects.filter(pk=video.pk).update(**{name: given[image.pk] for name, image in frames.items()})
    for use in uses:
        VideoReference.objects.filter(pk=use.pk).update(image=given[use.image_id])


def _images_of(video: Video) -> tuple[dict[str, ReferenceImage], list[VideoReference]]:
    uses = list(VideoReference.objects.filter(video=video).select_related("image"))
    frames = {name: getattr(video, name) for name in ("reference", "last_frame") if getattr(video, name)}
    return frames, uses


def _image_for(
    heir: User, image: ReferenceImage, video: Video, copies: Mapping[int, ReferenceImage]
) -> ReferenceImage:
    """Return the image as one of the heir's: theirs of the same content, the image itself, or a copy."""
    if (same := _same_image(heir, image)) is not None:
        return same
    if not _is_used_elsewhere(image, video):
        ReferenceImage.objects.filter(pk=image.pk).update(owner=heir)
        return image
    copy = copies.get(image.pk)
    if copy is None:
        raise ImageFilesGoneError(gettext("Another video began to use an image in this moment. Try again."))
    name_files(str(each) for each in (copy.file, copy.thumbnail) if each)
    copy.save(force_insert=True)
    return copy


def _same_image(heir: User, image: ReferenceImage) -> ReferenceImage | None:
    return ReferenceImage.objects.filter(owner=heir, sha256=image.sha256).first()


def _is_used_elsewhere(image: ReferenceImage, video: Video) -> bool:
    used = Q(reference=image) | Q(last_frame=image) | Q(video_references__image=image)
    return Video.objects.filter(used).exclude(pk=video.pk).exists()


def _copy_files(video: Video, heir: User, written: WrittenFiles) -> dict[int, ReferenceImage]:
    """Copy the files of those of the video's images that stay with others, and return the rows to be, by the
    keys of the images.
    """
    frames, uses = _images_of(video)
    images = {image.pk: image for image in (*frames.values(), *(use.image for use in uses))}
    return {
        pk: _copy(image, heir, written)
        for pk, image in images.items()
        if _same_image(heir, image) is None and _is_used_elsewhere(image, video)
    }


def _copy(image: ReferenceImage, heir: User, written: WrittenFiles) -> ReferenceImage:
    stored = {name: getattr(image, name) for name in ("file", "thumbnail") if getattr(image, name)}
    with ExitStack() as stack:
        contents = {
            name: (str(each.name), File(stack.enter_context(each.storage.open(str(each.name)))))
            for name, each in stored.items()
        }
        files = written.write(heir.pk, contents)
    copied = ("content_type", "width", "height", "sha256", "name", "byte_count")
    fields = {name: getattr(image, name) for name in copied}
    names = {"public_id": files.public_id, "file": files.file, "thumbnail": files.thumbnail}
    return ReferenceImage(owner=heir, **fields, **names)
