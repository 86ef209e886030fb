"""Several takes of one request: asked for at once, paid for together, and found again as what they are."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from tests.factories import BackendFactory, VideoFactory
from tests.views.page import GOOD, HTMX, picture, upload
from videos.models import ReferenceImage, State, Video, VideoModel
from videos.services.generation_requests import GenerationRequest, make_takes
from videos.services.videos import create_videos

pytestmark = pytest.mark.django_db
STUDIO, COMPARE = reverse("videos:studio"), reverse("videos:compare")
REQUEST = GenerationRequest("A paper boat", "sora-2", 4, "1280x720")


def made(owner, count: int = 4) -> list[Video]:
    return create_videos(owner, make_takes(REQUEST, count))


def done(owner, count: int = 4, *, last: dict[str, object] | None = None) -> list[Video]:
    """Finished takes, the last of which has the fields `last`."""
    takes = made(owner, count)
    Video.objects.filter(pk__in=[each.pk for each in takes]).update(
        state=State.COMPLETED, file="videos/a.mp4", width=1280, height=720, due_at=None
    )
    Video.objects.filter(pk=takes[-1].pk).update(**(last or {}))
    return takes


def test_one_submit_makes_them_all_and_keeps_them_together(
    as_alice, hints, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = as_alice.post(STUDIO, {**GOOD, "takes": "3", "input_reference": upload(picture())})
    assert response.status_code == 302
    takes = list(Video.objects.order_by("pk"))
    assert [(each.take, each.takes, each.state) for each in takes] == [
        (n, 3, State.QUEUED) for n in (1, 2, 3)
    ]
    assert len({each.take_group for each in takes}) == 1
    assert takes[0].take_group is not None
    assert len({(each.prompt, each.model, each.seconds, each.size, each.price) for each in takes}) == 1
    assert {each.reference for each in takes} == {ReferenceImage.objects.get()}
    assert [hint for hint in hints if hint[0] == "submit"] == [("submit", takes[0].backend_id)] * len(hints)
    assert hints


@pytest.mark.parametrize("sent", [{}, {"takes": ""}, {"takes": "1"}])
def test_one_alone_belongs_to_nothing(as_alice, sent):
    as_alice.post(STUDIO, {**GOOD, **sent})
    video = Video.objects.get()
    assert (video.take, video.takes, video.take_group) == (1, 1, None)
    assert "card__take" not in as_alice.get(STUDIO).content.decode()
    assert "Take 1" not in as_alice.get(video.get_absolute_url()).content.decode()


def test_two_submits_are_two_groups(as_alice):
    for _ in range(2):
        as_alice.post(STUDIO, {**GOOD, "takes": "2"})
    assert len(set(Video.objects.values_list("take_group", flat=True))) == 2


def test_htmx_gets_the_cards_in_order_and_the_choice_stays(as_alice):
    response = as_alice.post(STUDIO, {**GOOD, "takes": "4"}, headers=HTMX)
    page = response.content.decode()
    cards = page.partition('hx-swap-oob="afterend:#waiting-more"')[2]
    takes = Video.objects.order_by("take")
    places = [cards.index(f'id="card-{each.public_id}"') for each in takes]
    assert places == sorted(places)
    assert [f"</span>{n}/4<" in cards for n in (1, 2, 3, 4)] == [True] * 4
    assert 'name="takes" value="4" checked' in page


def test_the_studio_shows_them_in_order_among_the_newest_first(as_alice, alice):
    before = VideoFactory(owner=alice)
    takes = made(alice, 3)
    after = VideoFactory(owner=alice)
    Video.objects.update(state=State.COMPLETED)
    shown = as_alice.get(STUDIO).context["videos"]
    assert [video.public_id for video in shown] == [v.public_id for v in [after, *takes, before]]


def test_the_button_says_what_all_of_them_cost(as_alice):
    BackendFactory().models.set(VideoModel.objects.all())
    page = as_alice.get(STUDIO, {"takes": "4", "seconds": "8"}).content.decode()
    assert "data-price>$3.20</span>" in page
    assert "data-price-each>4 \u00d7 $0.80</p>" in page
    alone = as_alice.get(STUDIO, {"takes": "1"}).content.decode()
    assert "data-price>$0.40</span>" in alone
    assert "data-price-each hidden></p>" in alone
    VideoModel.objects.update(price_per_second={})
    assert "data-price-each hidden></p>" in as_alice.get(STUDIO, {"takes": "4"}).content.decode()


@pytest.mark.parametrize("value", ["0", "5", "x", "\x00", "²"])
def test_a_bad_number_in_an_address_means_one(as_alice, value):
    page = as_alice.get(STUDIO, {"takes": value}).content.decode()
    assert 'name="takes" value="1" checked' in page


def test_another_like_it_is_one_unless_more_are_chosen(as_alice, alice):
    like = {"like": made(alice)[1].public_id}
    assert 'name="takes" value="1" checked' in as_alice.get(STUDIO, like).content.decode()
    assert 'name="takes" value="3" checked' in as_alice.get(STUDIO, {**like, "takes": "3"}).content.decode()


@pytest.mark.parametrize("count", [0, 5, -1])
def test_the_service_makes_one_to_four(count):
    with pytest.raises(ValidationError, match="Choose 1 to 4 takes"):
        make_takes(REQUEST, count)


def test_a_page_leads_to_the_other_takes_and_to_all_side_by_side(as_alice, alice):
    takes = done(alice)
    page = as_alice.get(takes[1].get_absolute_url()).content.decode()
    assert "Take 2 of 4" in page
    for other in (takes[0], takes[2], takes[3]):
        assert f'class="other-take" href="{other.get_absolute_url()}"' in page
    assert f'class="other-take" href="{takes[1].get_absolute_url()}"' not in page
    address = f"{COMPARE}?{'&'.join(f'id={each.public_id}' for each in takes)}"
    assert f'href="{address.replace("&", "&amp;")}"' in page
    assert as_alice.get(address).status_code == 200


@pytest.mark.parametrize("fields", [{"trashed_at": timezone.now()}, {"deleted_at": timezone.now()}])
def test_what_is_in_the_trash_or_gone_is_not_linked(as_alice, alice, fields):
    takes = done(alice, 3, last=fields)
    page = as_alice.get(takes[0].get_absolute_url()).content.decode()
    assert "Take 1 of 3" in page
    assert takes[1].public_id in page
    assert takes[2].public_id not in page
    gone = done(alice, 2, last=fields)
    assert "Compare takes" not in as_alice.get(gone[0].get_absolute_url()).content.decode()


def test_only_what_is_done_is_compared(as_alice, alice):
    takes = done(alice, 3, last={"state": State.IN_PROGRESS})
    page = as_alice.get(takes[2].get_absolute_url()).content.decode()
    assert f'?id={takes[0].public_id}&amp;id={takes[1].public_id}"' in page
    takes = done(alice, 2, last={"state": State.FAILED})
    page = as_alice.get(takes[0].get_absolute_url()).content.decode()
    assert "Take 2, failed" in page
    assert "Compare takes" not in page


def test_four_takes_need_one_query_more_than_none(as_alice, alice, django_assert_num_queries):
    alone, pair, four = done(alice, 1)[0], done(alice, 2)[0], done(alice, 4)[0]
    as_alice.get(alone.get_absolute_url())
    with django_assert_num_queries(24) as few:  # one of them for its transitions
        as_alice.get(alone.get_absolute_url())
    for video in (pair, four):
        with django_assert_num_queries(len(few) + 1):
            as_alice.get(video.get_absolute_url())
