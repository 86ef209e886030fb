"""What a page asks before an action: prices that rise, rows that change, thousands at once, who may."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from audit.vocabulary import Action
from tests.admin.conftest import act, answer, messages_of
from tests.factories import VideoFactory
from videos.admin.actions import VIDEO_ACTIONS
from videos.models import Collection, CollectionItem, ShareLink, State, Video, Visibility
from videos.services.collections import create_collection
from videos.services.share_links import LinkOptions, create_link
from videos.services.video_actions import cancel_video

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("action", [each.name for each in VIDEO_ACTIONS])
def test_every_action_is_asked_about_first(as_carol: Client, alice, action: str):
    states = [State.QUEUED, State.UNCERTAIN, State.FAILED, State.COMPLETED]
    videos = [VideoFactory(state=state, owner=alice, due_at=None, price=1) for state in states]
    before = list(Video.objects.order_by("pk").values())

    page = act(as_carol, action, videos)

    assert page.status_code == 200
    assert str(page.context["action"].warning) in page.content.decode().replace("&#x27;", "'")
    assert "Back, change nothing" in page.content.decode()
    assert list(Video.objects.order_by("pk").values()) == before
    assert not Entry.objects.exclude(action=Action.VIEWED).exists()


def test_a_price_that_rose_meanwhile_is_shown_anew(as_carol: Client):
    video = VideoFactory(state=State.FAILED, price=Decimal("0.40"))
    page = act(as_carol, "retry", [video])
    Video.objects.filter(pk=video.pk).update(price=Decimal("0.60"))

    again = answer(as_carol, page)

    assert "The price has risen from $0.40 to $0.60" in again.content.decode()
    video.refresh_from_db()
    assert video.state == State.FAILED
    assert messages_of(answer(as_carol, again)) == ["1 queued again."]


def test_the_free_way_is_offered_first(as_carol: Client):
    late, blocked = VideoFactory(state=State.FAILED, error_code="timed_out"), VideoFactory(state=State.FAILED)

    content = act(as_carol, "retry", [late, blocked]).content.decode()

    assert content.index("Check 1 again for free") < content.index('name="confirmed"')
    assert content.count("button default") == 1


def test_rows_that_change_between_are_left_alone_and_told(as_carol: Client):
    kept, gone, done = VideoFactory.create_batch(3, state=State.QUEUED)
    page = act(as_carol, "cancel", [kept, gone, done])
    assert cancel_video(done)
    Video.objects.filter(pk=gone.pk).update(state=State.CANCELED, deleted_at=timezone.now())

    (sentence,) = messages_of(answer(as_carol, page))

    assert set(sentence.rstrip(".").split("; ")) == {
        "1 canceled",
        "1 had been deleted",
        "1 had been canceled before",
    }


def test_a_thousand_fit_into_one_form_and_into_few_queries(
    as_carol: Client, django_assert_max_num_queries, alice, hints
):
    first = VideoFactory(state=State.FAILED, owner=alice)
    row = {**Video.objects.values().get(pk=first.pk), "price": None}
    del row["id"]
    Video.objects.bulk_create(
        [Video(**{**row, "public_id": f"video_{n}", "backend_job_id": f"job_{n}"}) for n in range(999)],
        batch_size=200,
    )
    data = {"action": "move_to_trash", "index": "0", "select_across": "1", "_selected_action": str(first.pk)}
    with django_assert_max_num_queries(40):
        page = as_carol.post("/admin/videos/video/?state=failed", data)

    assert page.context["count"] == "1,000 videos"
    assert page.content.count(b"<input") < 40
    assert messages_of(answer(as_carol, page)) == ["1000 moved to the trash."]
    VideoFactory(state=State.FAILED, trashed_at=timezone.now())
    data["action"] = "retry"
    refused = as_carol.post("/admin/videos/video/?state=failed", data)
    assert "at most 1,000 videos" in messages_of(refused)[-1]


def test_private_means_no_shared_collection_and_no_link(as_carol: Client, alice):
    shown, linked, alone = VideoFactory.create_batch(3, state=State.COMPLETED, owner=alice)
    team, own = (create_collection(alice, Collection(name=each)) for each in ("Team", "Own"))
    type(team).objects.filter(pk=team.pk).update(visibility=Visibility.TEAM)
    for collection in (team, own):
        CollectionItem.objects.create(collection=collection, video=shown, added_by=alice)
    create_link(alice, linked, LinkOptions(), days=3)

    page = act(as_carol, "make_private", [shown, linked, alone])
    assert page.context["question"].skipped == ["1 shown to nobody else"]
    assert messages_of(answer(as_carol, page)) == ["2 made private; 1 shown to nobody else."]

    assert [item.collection for item in CollectionItem.objects.all()] == [own]
    assert not ShareLink.objects.active().exists()
    assert Entry.objects.filter(action=Action.UNSHARED).count() == 2


def test_a_collection_with_an_open_link_is_no_private_place(as_carol: Client, alice):
    video = VideoFactory(state=State.COMPLETED, owner=alice)
    own = create_collection(alice, Collection(name="Own"))
    CollectionItem.objects.create(collection=own, video=video, added_by=alice)
    link = create_link(alice, own, LinkOptions(), days=3)

    answer(as_carol, act(as_carol, "make_private", [video]))

    assert not CollectionItem.objects.exists()
    assert ShareLink.objects.get(pk=link.pk).revoked_at is None  # it is that of the rest


def test_the_export_sends_what_there_is_in_parts(as_carol: Client, monkeypatch, tmp_path):
    monkeypatch.setattr("videos.admin.action_pages.EXPORTED_AT_ONCE", 1)
    videos = VideoFactory.create_batch(2, state=State.COMPLETED)
    failed = VideoFactory(state=State.FAILED)

    page = act(as_carol, "export", [*videos, failed])
    content = page.content.decode()

    assert "Download part 2 of 2, 1 video as ZIP" in content
    assert page.context["question"].skipped == ["1 without a file"]
    response = as_carol.post("/library/selected", {"do": "zip", "id": videos[0].public_id})
    assert response["Content-Type"] == "application/zip"
    assert b"PK" in b"".join(response.streaming_content)


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("view_video", {"export"}),
        ("delete_video", set()),
        (
            "change_video",
            {"export", "move_to_trash", "make_private", "cancel", "retry", "check_again", "give_up"}
            | {"submit_again"},
        ),
    ],
)
def test_each_action_has_its_permission(staff, permission: str, allowed: set[str]):
    page = staff(permission).get("/admin/videos/video/")
    if page.status_code != 200:
        assert not allowed
        return
    form = page.context["action_form"]
    offered = {name for name, _ in form.fields["action"].choices if name} if form else set()
    assert offered == allowed
