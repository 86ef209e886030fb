"""Workers that complete takes of one request at once, each on a connection of its own."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from notifications.inbox import bell_of
from notifications.models import Notification
from notifications.wording import words_of
from tests.factories import VideoFactory
from videos import lifecycle
from videos.models import State, Video
from videos.models.values import StoredFiles

pytestmark = pytest.mark.django_db(transaction=True)

FILES = StoredFiles("videos/a.mp4", 10, "0" * 64, 1280, 720, 4.0)


def _complete_at_once(videos: list[Video]) -> None:
    barrier = Barrier(len(videos))

    def complete(video: Video) -> bool:
        barrier.wait()
        try:
            return lifecycle.complete(video.pk, video.lease_token, FILES)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(videos)) as pool:
        assert all(pool.map(complete, videos))


def _storing(owner, **fields):
    return VideoFactory(owner=owner, state=State.STORING, lease_token=uuid.uuid4(), **fields)


def test_four_takes_at_once_are_one_notification(alice):
    group = uuid.uuid4()
    takes = [_storing(alice, take=number, takes=4, take_group=group) for number in (1, 2, 3, 4)]

    _complete_at_once(takes)

    told = Notification.objects.get()
    assert words_of(told).title == "4 takes are ready"
    assert bell_of(alice.pk).count == 1


def test_eight_videos_at_once_are_all_counted(alice):
    _complete_at_once([_storing(alice) for _ in range(8)])

    assert sum(Notification.objects.values_list("count", flat=True)) == 8
    assert Notification.objects.count() == 6
