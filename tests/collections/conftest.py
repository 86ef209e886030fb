"""Collections of alice: a private one, one for chosen people and one of the team, each with a video."""

from collections.abc import Callable

import pytest

from accounts.models import User
from tests.factories import VideoFactory
from videos.models import (
    Collection,
    CollectionItem,
    CollectionMember,
    CollectionRole,
    State,
    Video,
    Visibility,
)

Make = Callable[..., Collection]


@pytest.fixture
def make_collection(alice: User) -> Make:
    """Make a collection of alice's with these videos, seen by these people in their roles."""

    def make(
        *videos: Video,
        visibility: str = Visibility.PEOPLE,
        people: dict[User, str] | None = None,
        **fields: object,
    ) -> Collection:
        collection = Collection.objects.create(
            **{"owner": alice, "name": "Spring", "visibility": visibility, **fields}
        )
        CollectionItem.objects.bulk_create(
            CollectionItem(collection=collection, video=video, added_by=video.owner) for video in videos
        )
        CollectionMember.objects.bulk_create(
            CollectionMember(collection=collection, person=person, role=role)
            for person, role in (people or {}).items()
        )
        return collection

    return make


@pytest.fixture
def video(alice: User) -> Video:
    return VideoFactory(owner=alice, state=State.COMPLETED, prompt="A heron by the harbour")


@pytest.fixture
def shared(make_collection: Make, video: Video, bob: User) -> Collection:
    """A collection with alice's video, which bob may look at."""
    return make_collection(video, people={bob: CollectionRole.VIEWER})


@pytest.fixture
def edited(make_collection: Make, video: Video, bob: User) -> Collection:
    """A collection with alice's video, which bob may edit."""
    return make_collection(video, people={bob: CollectionRole.EDITOR})
