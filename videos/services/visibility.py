"""What somebody who looks at a video may see and do: its owner all, others what a collection shares."""

from django.contrib.auth.models import AnonymousUser

from accounts import roles
from accounts.models import User
from videos.models import Video


def may_act(person: User | AnonymousUser, video: Video) -> bool:
    """Whether the person may change the video, or make another of it: its owner, unless a viewer."""
    return isinstance(person, User) and video.owner_id == person.pk and roles.may_create(person)


def is_owner(person: User | AnonymousUser, video: Video) -> bool:
    """Whether the video is the person's, with all that is private about it: note, tags, images, the trash."""
    return video.owner_id == person.pk


def sees_cost(person: User | AnonymousUser, video: Video) -> bool:
    """Whether the person may know what the video cost: its owner, managers and staff."""
    return video.owner_id == person.pk or (isinstance(person, User) and roles.sees_all_work(person))
