"""What somebody who looks at a video may see and do: its owner all, others what a collection shares."""

from collections.abc import Collection as CollectionOf
from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.translation import gettext_noop

from accounts import roles
from accounts.models import User
from audit.trail import Subject, record_view, record_views
from audit.vocabulary import Kind
from videos import subjects
from videos.models import Collection, CollectionItem, Video


def may_act(person: User | AnonymousUser, video: Video) -> bool:
    """Whether the person may change the video, or make another of it: its owner, unless a viewer."""
    return isinstance(person, User) and video.owner_id == person.pk and roles.may_create(person)


def find_posters(person_id: int, public_ids: CollectionOf[str]) -> dict[str, str]:
    """Return the addresses of the posters of those of the person's videos that have one, by public id."""
    own = Video.objects.filter(public_id__in=public_ids, owner=person_id).exclude(poster="")
    return {each: reverse("videos:poster", args=[each]) for each in own.values_list("public_id", flat=True)}


def is_owner(person: User | AnonymousUser, video: Video) -> bool:
    """Whether the video is the person's, with all that is private about it: note, tags, images, the trash."""
    return video.owner_id == person.pk


def sees_cost(person: User | AnonymousUser, video: Video) -> bool:
    """Whether the person may know what the video cost: its owner, managers and staff."""
    return video.owner_id == person.pk or (isinstance(person, User) and roles.sees_all_work(person))


def note_look(person: User, video: Video, what: str) -> None:
    """Write down that a manager or a member of staff looks at what another made and did not share with them.

    `what` of it, such as its file. Posters are not looks of their own: their cards are in lists, which count
    as one (`note_list`).
    """
    note_looks(person, [video], what)


def note_looks(person: User, videos: Iterable[Video], what: str) -> None:
    """Do the same for each of several videos, in a few queries."""
    others = {video.pk: video for video in videos if video.owner_id != person.pk}
    if not others or not roles.sees_all_work(person):
        return
    open_collections = list(Collection.objects.open_to(person).order_by().values_list("pk", flat=True))
    items = CollectionItem.objects.filter(video__in=list(others), collection__in=open_collections)
    shared = set(items.order_by().values_list("video", flat=True))
    looked_at = [subjects.video(video) for pk, video in others.items() if pk not in shared]
    record_views(looked_at, what=what, by=person)


def note_collection_look(person: User, collection: Collection) -> None:
    """Write down that a manager or a member of staff looks at a collection that is not shared with them."""
    if collection.owner_id == person.pk or not roles.sees_all_work(person):
        return
    if not Collection.objects.open_to(person).filter(pk=collection.pk).exists():
        record_view(subjects.collection(collection), by=person)


def note_list(person: User) -> None:
    """Write down that a manager or a member of staff lists everybody's videos."""
    if roles.sees_all_work(person):
        record_view(
            Subject(Kind.STUDIO, "videos", gettext_noop("Everybody's videos")),
            what=gettext_noop("The list."),
            by=person,
        )
