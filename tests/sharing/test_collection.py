"""A link to a collection: what is in it now, and nothing else."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import VideoFactory
from tests.sharing.conftest import CLIP, PASSWORD, PROMPT, address, body, finished_video, read
from videos.models import Collection, CollectionItem, CollectionMember, ShareComment, ShareLink, State, Video
from videos.services.shared import item_name
from videos.views import shared as views

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(share, collection, video) -> ShareLink:
    CollectionItem.objects.create(collection=collection, video=video)
    return share(collection, allows_comments=True)


def item_address(link: ShareLink, video: Video, name: str = "", of: ShareLink | None = None) -> str:
    view = "videos:shared_item" + (f"_{name}" if name else "")
    return reverse(view, args=[link.secret, item_name(of or link, video)])


def test_it_shows_what_is_in_it(visitor, link, video):
    page = visitor.get(address(link)).content.decode()
    assert "Autumn spot" in page
    assert item_address(link, video) in page
    assert item_address(link, video, "poster") in page
    assert PROMPT not in page
    item = visitor.get(item_address(link, video)).content.decode()
    assert f'src="{item_address(link, video, "file")}"' in item
    assert body(visitor.get(item_address(link, video, "file"))) == CLIP
    assert body(visitor.get(item_address(link, video, "poster"))) == b"a poster"


def test_it_tells_no_ids_and_no_numbers(visitor, link, video, collection):
    for path in (address(link), item_address(link, video)):
        page = visitor.get(path).content.decode()
        for private in (video.public_id, collection.public_id, link.public_id, "alice", f"/{video.pk}/"):
            assert private not in page


def test_what_is_added_later_appears_and_what_goes_is_gone(visitor, link, alice, collection, video):
    later = finished_video(alice, prompt="Added later")
    CollectionItem.objects.create(collection=collection, video=later)
    assert item_address(link, later) in visitor.get(address(link)).content.decode()
    CollectionItem.objects.filter(video=video).delete()
    assert item_address(link, video) not in visitor.get(address(link)).content.decode()
    for name in ("", "file", "poster"):
        assert visitor.get(item_address(link, video, name)).status_code == 410


@pytest.mark.parametrize("field", ["trashed_at", "deleted_at"])
def test_trashed_and_deleted_ones_are_gone(visitor, link, video, field):
    Video.objects.filter(pk=video.pk).update(**{field: timezone.now()})
    assert item_address(link, video) not in visitor.get(address(link)).content.decode()
    assert visitor.get(item_address(link, video, "file")).status_code == 410


def test_only_finished_ones_are_there(visitor, link, alice, collection):
    for state in State:
        if state != State.COMPLETED:
            CollectionItem.objects.create(collection=collection, video=VideoFactory(owner=alice, state=state))
    assert visitor.get(address(link)).content.decode().count('class="shared__item"') == 1


def test_an_empty_one_says_so(visitor, share, collection):
    response = visitor.get(address(share(collection)))
    assert response.status_code == 200
    assert "No videos here yet" in response.content.decode()


def test_a_video_beside_it_stays_closed(visitor, link, alice):
    other = finished_video(alice)
    assert visitor.get(item_address(link, other, "file")).status_code == 410


def test_a_name_is_of_use_at_its_link_alone(visitor, link, share, collection, video):
    other = share(collection)
    assert item_name(link, video) != item_name(other, video)
    assert visitor.get(item_address(link, video, of=other)).status_code == 410


def test_its_addresses_outlast_a_change_of_the_key(visitor, link, video, settings):
    path = item_address(link, video)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key " * 5, [settings.SECRET_KEY]
    assert visitor.get(path).status_code == 200


@pytest.mark.parametrize("name", ["x", "1", "a" * 32, "a" * 3000, "-", "_" * 31])
def test_made_up_names_lead_nowhere(visitor, link, name):
    assert visitor.get(f"{address(link)}videos/{name}/video.mp4").status_code == 410
    assert visitor.get(address(link), {"after": name}).content.decode().count('class="shared__item"') == 1


def test_a_link_to_one_video_has_no_items(visitor, share, video):
    link = share()
    assert visitor.get(f"{address(link)}videos/{'a' * 32}/video.mp4").status_code == 410


def test_a_collection_has_no_file_of_its_own(visitor, link):
    assert visitor.get(address(link, "file")).status_code == 410
    assert visitor.get(address(link, "poster")).status_code == 410


def test_it_comes_in_pages_of_as_many_queries_each(
    visitor, link, alice, collection, monkeypatch, django_assert_num_queries
):
    path = address(link)
    visitor.get(path)  # which is counted
    with django_assert_num_queries(2):
        visitor.get(path)
    for number in range(30):
        CollectionItem.objects.create(
            collection=collection, video=finished_video(alice, prompt=f"No. {number}")
        )
    with django_assert_num_queries(2):
        first = visitor.get(path).content.decode()
    assert first.count('class="shared__item"') == views._PAGE_SIZE
    more = first.partition('class="button" href="')[2].partition('"')[0]
    CollectionItem.objects.filter(collection=collection).order_by("-video")[views._PAGE_SIZE - 1].delete()
    assert visitor.get(more).content.decode().count('class="shared__item"') == 31 - views._PAGE_SIZE


def test_a_password_is_for_all_of_it(visitor, share, collection, video):
    CollectionItem.objects.create(collection=collection, video=video)
    link = share(collection, password=PASSWORD)
    page = visitor.get(address(link)).content.decode()
    assert "Autumn spot" not in page
    assert visitor.get(item_address(link, video, "poster")).status_code == 403
    assert b"password" in visitor.get(item_address(link, video)).content
    visitor.post(address(link, "unlock"), {"password": PASSWORD})
    for path in (address(link), item_address(link, video, "poster")):
        response = visitor.get(path)
        assert response.status_code == 200
        read(response)


def test_a_deleted_collection_is_gone(visitor, link, video):
    Collection.objects.update(deleted_at=timezone.now())
    response = visitor.get(address(link))
    assert response.status_code == 410
    assert "no longer shared" in response.content.decode()
    assert visitor.get(item_address(link, video, "file")).status_code == 410


def test_comments_are_on_one_of_its_videos(visitor, as_alice, link, video):
    said = {"name": "Dana", "text": "This one!"}
    visitor.post(item_address(link, video, "comment"), said)
    assert ShareComment.objects.get().video == video
    assert "This one!" in visitor.get(item_address(link, video)).content.decode()
    assert "This one!" in as_alice.get(video.get_absolute_url()).content.decode()
    assert visitor.post(address(link, "comment"), said).status_code == 410


def test_videos_that_others_added_are_in_it(visitor, link, bob, collection):
    theirs = finished_video(bob)
    CollectionItem.objects.create(collection=collection, video=theirs, added_by=bob)
    assert body(visitor.get(item_address(link, theirs, "file"))) == CLIP


def test_prompts_are_shown_by_choice(visitor, share, link, collection, video):
    shown = share(collection, shows_prompt=True)
    assert PROMPT in visitor.get(address(shown)).content.decode()
    assert PROMPT in visitor.get(item_address(shown, video)).content.decode()
    assert PROMPT not in visitor.get(item_address(link, video)).content.decode()


def test_its_preview_is_its_newest_video(visitor, link, video):
    page = visitor.get(address(link)).content.decode()
    assert 'property="og:type" content="website"' in page
    assert f'property="og:image" content="http://testserver{item_address(link, video, "poster")}"' in page
    assert "og:video" not in page


# --- On the collection's own page --------------------------------------------------------------------------


def _button(collection: Collection) -> str:
    return f'href="{reverse("videos:collection_share", args=[collection.public_id])}"'


def test_its_owner_gets_to_its_links_and_back(as_alice, collection):
    assert _button(collection) in as_alice.get(collection.get_absolute_url()).content.decode()
    page = as_alice.get(reverse("videos:collection_share", args=[collection.public_id])).content.decode()
    assert f'class="icon-link share__back" href="{collection.get_absolute_url()}"' in page


def test_nobody_else_is_offered_links_to_it(as_bob, bob, collection):
    CollectionMember.objects.create(collection=collection, person=bob, role="editor")
    Collection.objects.update(visibility="people")
    assert _button(collection) not in as_bob.get(collection.get_absolute_url()).content.decode()


def test_it_offers_no_links_where_they_are_switched_off(as_alice, collection, settings):
    settings.SHARE_LINKS = False
    assert _button(collection) not in as_alice.get(collection.get_absolute_url()).content.decode()
