"""What becomes of a person's work when their account is deleted: videos and all that was made around them.

What is only about the person goes with the account: webhooks, notifications, requests for approval.
"""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.trail import record, record_all
from audit.vocabulary import Action
from videos import subjects
from videos.engine.reference_cleanup import delete_unused_reference
from videos.models import (
    Batch,
    BatchRow,
    BatchState,
    Character,
    Collection,
    CollectionMember,
    PromptTemplate,
    ReferenceImage,
    RowState,
    ShareComment,
    ShareLink,
    Tag,
    Video,
    VideoReference,
)
from videos.services.batches import delete_file_after_commit
from videos.services.characters import delete_character
from videos.services.handing_over import FROM_TO
from videos.services.references import delete_reference
from videos.services.share_links import revoke_links
from videos.services.video_actions import delete_video

# Notes of the audit log, which keeps them in English.
_GONE = gettext_noop("The account was deleted.")
_LEFT_TO = gettext_noop("The account of %(user)s was deleted; %(heir)s has the work.")

BATCH = 200  # rows of a kind in one step; the next tick goes on


def hand_over(sender: Any, user: User, heir: User, **kwargs: Any) -> None:
    """Give the heir all that is the user's.

    Jobs go on: what a backend works on is paid for, and its result becomes the heir's. The ledger keeps who
    spent what. What a batch has not created yet is not made, for the heir did not ask for it. Links that the
    user sent to people outside stop: the heir has not chosen to show anything. An image or a tag that the
    heir has as well becomes theirs. Whatever is left when this is cut off is handed over the next time.
    """
    _hand_over_links(user, heir)
    _hand_over_batches(user, heir)
    _hand_over_references(user, heir)
    with transaction.atomic():
        _hand_over_tags(user, heir)
        for model in (Character, PromptTemplate):
            model._default_manager.filter(owner=user).update(owner=heir)
    _hand_over_collections(user, heir)
    while _hand_over_videos(user, heir):
        pass


@transaction.atomic
def _hand_over_videos(user: User, heir: User) -> int:
    """Give the heir some of the videos, and return how many."""
    own = Video.objects.filter(owner=user).order_by("pk")
    rows = list(own.only("pk", "public_id", "model", "seconds", "owner_id")[:BATCH])
    if rows:
        note = FROM_TO % {"former": user, "heir": heir}
        record_all(Action.HANDED_OVER, [subjects.video(row) for row in rows], note=note)
        keys = [row.pk for row in rows]
        # What was announced was told to the former owner: the heir hears of it anew before anything moves.
        given = Video.objects.filter(pk__in=keys)
        given.update(owner=heir, queue_order=None, retention_due_at=None, revision=F("revision") + 1)
    return len(rows)


@transaction.atomic
def _hand_over_links(user: User, heir: User) -> None:
    """Revoke the user's links, and give them to the heir with the comments that came through them."""
    links = ShareLink.objects.owned_by(user)
    revoke_links(links, note=_LEFT_TO % {"user": user, "heir": heir})
    links.update(owner=heir)


@transaction.atomic
def _hand_over_batches(user: User, heir: User) -> None:
    """Give the batches that were started to the heir, and end them where rows are left; forget the others."""
    for batch in Batch.objects.select_for_update().filter(owner=user, started_at=None):
        _delete_batch(batch)
    batches = list(Batch.objects.select_for_update().filter(owner=user))
    waiting = BatchRow.objects.filter(batch__in=batches, state=RowState.WAITING)
    waiting.update(state=RowState.CANCELED)
    unfinished = Batch.objects.filter(owner=user).exclude(state=BatchState.COMPLETED)
    unfinished.update(state=BatchState.RUNNING, paused_at=None, problem="")
    record_all(
        Action.HANDED_OVER, map(subjects.batch, batches), note=FROM_TO % {"former": user, "heir": heir}
    )
    Batch.objects.filter(owner=user).update(owner=heir)


@transaction.atomic
def _hand_over_collections(user: User, heir: User) -> None:
    """Give the collections to the heir, the deleted ones too; who else is in them stays."""
    collections = list(Collection.objects.select_for_update().filter(owner=user))
    record_all(
        Action.HANDED_OVER,
        map(subjects.collection, collections),
        note=FROM_TO % {"former": user, "heir": heir},
    )
    CollectionMember.objects.filter(collection__in=collections, person=heir).delete()
    Collection.objects.filter(owner=user).update(owner=heir)


def delete_work(sender: Any, user: User, **kwargs: Any) -> None:
    """Delete what is the user's, as far as it goes by now.

    Of a collection that others have videos in, theirs stay: only the collection goes, for nobody has accepted
    to look after it. What the user said about others' videos goes as well. Videos in flight are canceled. A
    row goes as soon as it is known that no backend works on it any more, which takes some ticks.
    """
    _delete_at_once(user)
    kept = Video.objects.filter(owner=user, deleted_at=None).order_by("pk")
    for video in kept[:BATCH]:
        delete_video(video)
    for character in Character.objects.filter(owner=user, deleted_at=None)[:BATCH]:
        delete_character(character)
    if Video.objects.filter(owner=user).exists():
        return
    for image in ReferenceImage.objects.filter(owner=user).order_by("pk")[:BATCH]:
        if image.deleted_at is None:
            delete_reference(image)
        else:
            delete_unused_reference(image.pk)
    for character in Character.objects.filter(owner=user).order_by("pk")[:BATCH]:
        _remove_character(character)


@transaction.atomic
def _delete_at_once(user: User) -> None:
    """Delete what needs no answer of a backend."""
    revoke_links(ShareLink.objects.owned_by(user), note=_GONE)
    comments = ShareComment.objects.filter(author=user)
    record_all(Action.DELETED, map(subjects.comment, comments.select_related("video")), note=_GONE)
    comments.delete()
    for batch in Batch.objects.select_for_update().filter(owner=user)[:BATCH]:
        _delete_batch(batch)
    collections = list(Collection.objects.select_for_update().filter(owner=user))
    existing = [each for each in collections if each.deleted_at is None]
    record_all(Action.DELETED, map(subjects.collection, existing), note=_GONE)
    Collection.objects.filter(owner=user).delete()


def _delete_batch(batch: Batch) -> None:
    record(Action.DELETED, subjects.batch(batch), note=_GONE)
    delete_file_after_commit(batch)
    batch.delete()


def _remove_character(character: Character) -> None:
    """Remove a character that no video shows any more, and its clip."""
    with transaction.atomic():
        stored = character.file
        character.delete()
        if stored.name:
            transaction.on_commit(lambda: stored.storage.delete(str(stored.name)), robust=True)


def _hand_over_references(user: User, heir: User) -> None:
    """Give the images to the heir. One that the heir has, too, is replaced by theirs and let go."""
    theirs = dict(ReferenceImage.objects.filter(owner=heir).values_list("sha256", "pk"))
    images = ReferenceImage.objects.filter(owner=user).order_by("pk")
    for pk, sha256 in list(images.values_list("pk", "sha256")):
        same = theirs.get(sha256)
        if same is None:
            ReferenceImage.objects.filter(pk=pk).update(owner=heir)
        else:
            _replace_reference(pk, same)


@transaction.atomic
def _replace_reference(pk: int, same: int) -> None:
    """Let all videos with one image have the other, which is the same picture, and remove the one."""
    Video.objects.filter(reference=pk).update(reference=same)
    Video.objects.filter(last_frame=pk).update(last_frame=same)
    VideoReference.objects.filter(image=pk).update(image=same)
    ReferenceImage.objects.filter(pk=same, deleted_at__isnull=False).update(deleted_at=None)
    ReferenceImage.objects.filter(pk=pk).update(deleted_at=timezone.now())
    delete_unused_reference(pk)


def _hand_over_tags(user: User, heir: User) -> None:
    """Give the tags to the heir; a tag of the same name is theirs already."""
    theirs = {tag.name.lower(): tag for tag in Tag.objects.filter(owner=heir)}
    for tag in Tag.objects.filter(owner=user):
        same = theirs.get(tag.name.lower())
        if same is None:
            Tag.objects.filter(pk=tag.pk).update(owner=heir)
        else:
            same.videos.add(*tag.videos.values_list("pk", flat=True))
            tag.delete()
