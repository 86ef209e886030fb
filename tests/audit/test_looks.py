"""Managers and staff who look at what is not shared with them are in the audit log; what is shared is not."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import tokens
from accounts.models import Role, User
from audit.models import Entry
from audit.vocabulary import Action
from tests.collections.conftest import Make
from tests.factories import BackendFactory, VideoFactory
from videos.models import CollectionRole, State, Video

pytestmark = pytest.mark.django_db


@pytest.fixture
def video(alice: User) -> Video:
    made: Video = VideoFactory(owner=alice, state=State.COMPLETED)
    made.file.save("video.mp4", ContentFile(b"moving pictures"))
    return made


def _looks() -> list[tuple[str, str, str]]:
    """Return who looked at what of which kind, in order."""
    looks = Entry.objects.filter(action=Action.VIEWED).order_by("pk")
    return list(looks.values_list("username", "kind", "note"))


def _get(client: Client, name: str, *args: str, **query: str) -> None:
    response = client.get(reverse(f"videos:{name}", args=args), query)
    assert response.status_code == 200
    if response.streaming:
        b"".join(response.streaming_content)


def test_page_file_and_comparison(as_carol: Client, alice: User, video: Video):
    for _ in range(2):  # twice within an hour is once
        for name in ("detail", "file"):
            _get(as_carol, name, video.public_id)
    assert _looks() == [("carol", "video", "Its page."), ("carol", "video", "Its file.")]
    entry = Entry.objects.filter(action=Action.VIEWED).first()
    assert (entry.object_id, entry.owner_id) == (video.public_id, alice.pk)


def test_the_list_of_everybodys_work_is_one_look(as_carol: Client, video: Video):
    _get(as_carol, "library", scope="team")
    _get(as_carol, "poster", video.public_id) if video.poster else None
    assert _looks() == [("carol", "studio", "The list.")]


def test_a_collection_and_its_files(as_carol: Client, video: Video, make_collection: Make):
    made = make_collection(video, visibility="private")
    _get(as_carol, "collection", made.public_id)
    _get(as_carol, "library", collection=made.public_id)
    _get(as_carol, "collection_download", made.public_id)
    assert _looks() == [("carol", "collection", ""), ("carol", "video", "Its file.")]


def test_the_rest_api(carol: User, client: Client, video: Video, make_collection: Make):
    _, secret = tokens.issue(carol, "CI")
    made = make_collection(video, visibility="private")
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    for path in (
        f"videos/{video.public_id}",
        f"videos/{video.public_id}/download",
        "videos?scope=team",
        f"collections/{made.public_id}",
    ):
        response = client.get(f"/api/v1/{path}")
        assert response.status_code == 200, path
        if response.streaming:
            b"".join(response.streaming_content)
    assert [look[1:] for look in _looks()] == [
        ("video", "Its page."),
        ("video", "Its file."),
        ("studio", "The list."),
        ("collection", ""),
    ]


@pytest.mark.parametrize("role", [Role.CREATOR, Role.MANAGER])
def test_what_is_shared_with_somebody_is_no_look(
    as_bob: Client,
    bob: User,
    video: Video,
    make_collection: Make,
    role: str,
):
    User.objects.filter(pk=bob.pk).update(role=role)
    made = make_collection(video, people={bob: CollectionRole.VIEWER})
    _get(as_bob, "detail", video.public_id)
    _get(as_bob, "file", video.public_id)
    _get(as_bob, "collection", made.public_id)
    assert _looks() == []


def test_ones_own_is_no_look(as_carol: Client, carol: User):
    own = VideoFactory(owner=carol, state=State.COMPLETED)
    _get(as_carol, "detail", own.public_id)
    assert _looks() == []


def test_an_archive_of_many_takes_no_more_queries(as_carol: Client, alice: User):
    counts = []
    for amount in (2, 8):
        backend = BackendFactory()
        made = VideoFactory.create_batch(amount, owner=alice, backend=backend, state=State.COMPLETED)
        with CaptureQueriesContext(connection) as queries:
            response = as_carol.post(
                reverse("videos:bulk"), {"do": "zip", "id": [each.public_id for each in made]}
            )
            b"".join(response.streaming_content)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert len(_looks()) == 10
