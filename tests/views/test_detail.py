import re

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import ReferenceImageFactory, VideoFactory
from tests.views.page import HTMX
from videos.models import State

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", State.values)
def test_it_shows_every_state(as_alice, alice, state):
    video = VideoFactory(owner=alice, state=state, reference=ReferenceImageFactory(owner=alice))
    response = as_alice.get(video.get_absolute_url())
    page = response.content.decode()
    assert response.status_code == 200
    assert video.prompt in page
    assert reverse("videos:reference", args=[video.public_id]) in page
    assert ("<video" in page) is (state == State.COMPLETED)
    assert (reverse("videos:cancel", args=[video.public_id]) in page) is video.can_cancel
    assert (reverse("videos:retry", args=[video.public_id]) in page) is (state == State.FAILED)
    assert " style=" not in page


def test_it_shows_what_was_measured(as_alice, alice):
    video = VideoFactory(
        owner=alice, state=State.COMPLETED, width=1278, byte_count=1_234_567, sha256="ab" * 32
    )
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert "1278\u00d7720" in page
    assert "1,234,567" in page
    assert "ab" * 8 + "…" in page
    assert "Download" in page


def test_four_facts_stand_under_the_player(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.COMPLETED, duration=4.0)
    page = as_alice.get(video.get_absolute_url()).content.decode()
    facts = page.partition('id="facts"')[2].partition("</dl>")[0]
    assert re.findall("<dt>(.*?)</dt>", facts)[:3] == ["Model", "Length", "Size"]
    assert facts.count("<dt>") == 4
    assert "4 s" in facts
    assert page.index('id="facts"') < page.index("<summary>Details</summary>") < page.index('id="metadata"')


@pytest.mark.parametrize(
    ("fields", "has_room"),
    [
        ({"state": State.IN_PROGRESS}, True),
        ({"state": State.COMPLETED, "width": 720, "height": 1280}, True),
        ({"state": State.FAILED}, False),
        ({"state": State.UNCERTAIN, "due_at": None}, False),
    ],
)
def test_only_a_video_that_is_there_or_comes_has_a_frame_in_its_shape(as_alice, alice, fields, has_room):
    video = VideoFactory(owner=alice, size="720x1280", **fields)
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert ("detail__media--tall" in page, "detail__media--ended" in page) == (has_room, not has_room)


def test_a_recheck_is_offered_where_it_helps(as_alice, alice):
    timed_out = VideoFactory(owner=alice, state=State.FAILED, error_code="timed_out")
    refused = VideoFactory(owner=alice, state=State.FAILED, error_code="moderation_blocked")
    assert "check-again" in as_alice.get(timed_out.get_absolute_url()).content.decode()
    page = as_alice.get(refused.get_absolute_url()).content.decode()
    assert "check-again" not in page
    assert "a new job" in page


def test_a_decision_comes_with_its_warning(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.UNCERTAIN, due_at=None)
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert "may be charged twice" in page
    assert reverse("videos:resubmit", args=[video.public_id]) in page
    assert reverse("videos:abandon", args=[video.public_id]) in page
    looking = VideoFactory(owner=alice, state=State.UNCERTAIN)
    assert "submit-again" not in as_alice.get(looking.get_absolute_url()).content.decode()


def test_it_tells_htmx_only_what_is_new(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.IN_PROGRESS, revision=2)
    url = video.get_absolute_url()
    assert as_alice.get(url, {"version": "2"}, headers=HTMX).status_code == 204
    news = as_alice.get(url, {"version": "1"}, headers=HTMX)
    assert news.status_code == 200
    assert "<html" not in news.content.decode()
    assert "version=2" in news.content.decode()
    assert "HX-Request" in news["Vary"]


def test_it_ends_the_asking_when_the_video_is_finished(as_alice, alice):
    video = VideoFactory(owner=alice, state=State.COMPLETED, revision=7)
    last = as_alice.get(video.get_absolute_url(), {"version": "6"}, headers=HTMX)
    assert last.status_code == 286
    assert 'id="poller"' not in last.content.decode()


def test_a_stranger_does_not_find_it(as_bob, alice):
    video = VideoFactory(owner=alice, prompt="A secret launch")
    response = as_bob.get(video.get_absolute_url())
    assert response.status_code == 404
    assert "secret" not in response.content.decode()


def test_deleted_ones_are_gone(as_alice, alice):
    video = VideoFactory(owner=alice, deleted_at=timezone.now())
    assert as_alice.get(video.get_absolute_url()).status_code == 404


def test_it_is_for_those_who_are_signed_in(client, as_alice, alice):
    url = VideoFactory(owner=alice).get_absolute_url()
    assert client.get(url).url == f"{reverse('account_login')}?next={url}"
    assert as_alice.post(url).status_code == 405


def test_what_only_operators_need_is_told_to_staff_alone(as_alice, as_carol, alice, carol):
    failed = {"state": State.FAILED, "error_code": "timed_out", "error_detail": "still at 99"}
    pages = [
        client.get(
            VideoFactory(owner=owner, backend_job_id="j_7", **failed).get_absolute_url()
        ).content.decode()
        for client, owner in ((as_alice, alice), (as_carol, carol))
    ]
    assert [("j_7" in page, "still at 99" in page) for page in pages] == [(False, False), (True, True)]
    assert all("<code>timed_out</code>" in page for page in pages)


def test_one_thing_to_do_stands_out(as_alice, alice):
    for fields in (
        {"state": State.COMPLETED},
        {"state": State.COMPLETED, "trashed_at": timezone.now()},
        {"state": State.FAILED, "error_code": "timed_out"},
        {"state": State.FAILED, "error_code": "moderation_blocked"},
        {"state": State.UNCERTAIN, "due_at": None},
    ):
        page = as_alice.get(VideoFactory(owner=alice, **fields).get_absolute_url()).content.decode()
        assert page.count("button--primary") == 1, fields
