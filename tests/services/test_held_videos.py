"""What is queued at a backend that is switched off: the reason on the card, and moving it elsewhere."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from tests.factories import BackendFactory, ReferenceImageFactory, VideoFactory
from videos import lifecycle
from videos.models import Backend, Character, Kind, State, Video, VideoModel
from videos.models.values import Reason
from videos.services.held_videos import move_queued_videos

pytestmark = pytest.mark.django_db
STUDIO = reverse("videos:studio")


@pytest.fixture
def old(db) -> Backend:
    return _backend("Old", enabled=False)


@pytest.fixture
def new(db) -> Backend:
    return _backend("New")


def _backend(name: str, **fields: object) -> Backend:
    backend = BackendFactory(name=name, **fields)
    backend.models.set(VideoModel.objects.all())
    return backend


def _backend_of(video: Video) -> str:
    return Video.objects.get(pk=video.pk).backend.name


# --- The reason --------------------------------------------------------------------------------------------


def test_the_card_of_a_held_video_says_why_it_waits(as_alice, alice, old):
    video = VideoFactory(owner=alice, backend=old)
    page = as_alice.get(STUDIO).content.decode()
    assert "Old is switched off. The video waits" in page
    assert "next in the queue" not in page
    assert "Old is switched off." in as_alice.get(video.get_absolute_url()).content.decode()


def test_the_card_changes_when_the_backend_is_switched_off_and_on(as_alice, alice):
    backend = _backend("Box")
    video = VideoFactory(owner=alice, backend=backend)
    url, drawn = reverse("videos:cards"), f"{video.public_id}.0.1"
    assert as_alice.get(url, {"card": drawn}).status_code == 204
    Backend.objects.update(enabled=False)
    assert "Box is switched off" in as_alice.get(url, {"card": drawn}).content.decode()
    assert as_alice.get(url, {"card": f"{video.public_id}.0"}).status_code == 204
    Backend.objects.update(enabled=True)
    assert "next in the queue" in as_alice.get(url, {"card": f"{video.public_id}.0"}).content.decode()


def test_staff_see_why_videos_are_held(as_carol, alice, old, new):
    VideoFactory(owner=alice, backend=old)
    alice.is_active = False
    alice.save()
    at_new = VideoFactory(owner=alice, backend=new)
    page = as_carol.get(reverse("admin:videos_video_changelist")).content.decode()
    assert page.count("Queued, held") == 2
    assert "The account alice is deactivated." in page
    one = as_carol.get(reverse("admin:videos_video_change", args=[at_new.pk])).content.decode()
    assert "The account alice is deactivated." in one


def test_a_deactivated_account_is_signed_out_and_its_tokens_are_refused(as_alice, alice):
    _, secret = tokens.issue(alice, "script")
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/videos", headers=headers).status_code == 200
    alice.is_active = False
    alice.save()
    assert as_alice.get(STUDIO).status_code == 302
    assert Client().get("/api/v1/videos", headers=headers).status_code == 401


# --- Moving ------------------------------------------------------------------------------------------------


def test_what_was_never_sent_moves_at_the_price_of_today(old, new, hints, django_capture_on_commit_callbacks):
    video = VideoFactory(backend=old, price=Decimal("9"))
    with django_capture_on_commit_callbacks(execute=True):
        result = move_queued_videos(old)
    moved = Video.objects.get(pk=video.pk)
    price = VideoModel.objects.get(name="sora-2").price(4, "1280x720")
    assert (moved.backend, moved.state, moved.price) == (new, State.QUEUED, price)
    assert moved.revision > video.revision
    assert (result.moved, result.price) == ({"New": 1}, price)
    assert ("submit", new.pk) in hints


def test_what_the_backend_certainly_refused_moves_as_if_never_sent(old, new):
    video = VideoFactory(backend=old)
    now = timezone.now()
    token = lifecycle.claim(video.pk, lease=timedelta(minutes=1), now=now)
    assert token is not None
    lifecycle.requeue(video.pk, token, Reason("unreachable", "It cannot be reached."), due_at=now)

    move_queued_videos(old)

    moved = Video.objects.get(pk=video.pk)
    assert (moved.backend, moved.attempted_at, moved.error_code) == (new, None, "")
    # The old attempt's job, should one turn up against all proof, is not taken for one of the new backend.
    assert not lifecycle.adopt(moved.pk, State.QUEUED, attempted_at=now, job_id="job_1", due_at=now)


@pytest.mark.parametrize("state", [s for s in State if s != State.QUEUED])
def test_only_queued_videos_move(old, new, state):
    video = VideoFactory(backend=old, state=state)
    assert not move_queued_videos(old).moved
    assert _backend_of(video) == "Old"


def test_what_may_have_a_job_already_stays(old, new):
    searched = VideoFactory(backend=old, attempted_at=timezone.now())
    result = move_queued_videos(old)
    assert result.left == {"The backend may have received it before.": 1}
    assert _backend_of(searched) == "Old"


def test_what_the_other_backend_cannot_make_stays_and_says_why(old, new, alice):
    Backend.objects.filter(pk=new.pk).update(takes_reference=False, can_characters=True)
    new.models.remove(VideoModel.objects.get(name="sora-2-pro"))
    shown = VideoFactory(owner=alice, backend=old)
    character = Character.objects.create(owner=alice, name="Ada", backend=old, backend_character_id="char_1")
    shown.characters.add(character)
    VideoFactory(backend=old, reference=ReferenceImageFactory())
    VideoFactory(backend=old, model="sora-2-pro")
    VideoFactory(backend=old, size="640x480")
    VideoFactory(backend=old, kind=Kind.REMIX)
    VideoFactory(backend=old, kind=Kind.EXTEND, concat_with_source=True)

    left = move_queued_videos(old).left

    assert Video.objects.filter(backend=old).count() == 6
    told = " ".join(left)
    assert "New cannot use Ada, a character of another backend." in told
    assert "No other backend in use serves sora-2-pro." in told
    assert "supports these sizes" in told
    assert "made from a video" in told
    assert "does not support reference images" in told


def test_nothing_moves_to_the_simulator(old):
    simulator = Backend.objects.for_environment()
    simulator.enabled = True
    simulator.save()
    video = VideoFactory(backend=old)
    assert move_queued_videos(old).left
    assert _backend_of(video) == "Old"


def test_takes_stay_together(old, new):
    group = uuid.uuid4()
    takes = [VideoFactory(backend=old, take=n, takes=2, take_group=group) for n in (1, 2)]
    move_queued_videos(old)
    assert [_backend_of(take) for take in takes] == ["New", "New"]


def test_staff_move_what_is_queued_from_the_list_of_backends(as_carol, old, new):
    VideoFactory(backend=old, state=State.QUEUED)
    VideoFactory(backend=old, kind=Kind.REMIX)
    url = reverse("admin:videos_backend_changelist")
    response = as_carol.post(url, {"action": "move_queued", "_selected_action": [old.pk]})
    (message,) = [str(each) for each in get_messages(response.wsgi_request)]
    assert message.startswith(
        "Old: 1 moved to New for $0.40 by the catalogue. 1 left. It is made from a video"
    )
    again = as_carol.post(url, {"action": "move_queued", "_selected_action": [new.pk]})
    assert "New: None moved. 1 left." in str(list(get_messages(again.wsgi_request))[-1])
