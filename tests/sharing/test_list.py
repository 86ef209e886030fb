"""All of one's links on one page; and the team's, for managers."""

import pytest
from django.urls import reverse

from accounts.models import Role, User
from tests.factories import UserFactory
from tests.sharing.conftest import address, expire, finished_video, query_count
from videos.models import ShareLink
from videos.services.share_links import LinkOptions, create_link, revoke_links

pytestmark = pytest.mark.django_db
URL = "/links/"


@pytest.fixture
def manager(bob: User) -> User:
    bob.role = Role.MANAGER
    bob.save()
    return bob


def test_it_shows_what_until_when_how_often_and_how(as_alice, share, video):
    link = share(title="Cut 2", shows_prompt=True, password="open sesame")
    ShareLink.objects.update(views=3)
    page = as_alice.get(URL).content.decode()
    for shown in (
        *("Cut 2", "3 views", "Expires", "Password", "Prompt shown", "No downloads", "No comments"),
        *(f"http://testserver{address(link)}", video.get_absolute_url()),
    ):
        assert shown in page, shown


def test_what_is_over_has_no_address_and_nothing_to_do(as_alice, share):
    expired, revoked = share(), share()
    expire(expired)
    revoke_links(ShareLink.objects.filter(pk=revoked.pk))
    page = as_alice.get(URL).content.decode()
    assert "Expired" in page
    assert "Revoked" in page
    assert "/s/" not in page
    assert "/revoke" not in page.replace("/links/revoke", "")


def test_it_says_why_one_does_not_work(as_alice, share, video):
    share()
    video.trashed_at = video.created_at
    video.save()
    assert "The video is in the trash." in as_alice.get(URL).content.decode()


def test_it_is_ones_own(as_bob, share):
    share(title="Cut 2")
    page = as_bob.get(URL, {"of": "team"}).content.decode()
    assert "Cut 2" not in page
    assert "No links yet" in page


def test_a_manager_sees_the_teams_and_no_address(as_bob, manager, share):
    share(title="Cut 2")
    page = as_bob.get(URL, {"of": "team"}).content.decode()
    assert "Cut 2" in page
    assert "by alice" in page
    assert "/s/" not in page
    assert "Cut 2" not in as_bob.get(URL).content.decode()


def test_it_takes_as_many_queries_for_one_as_for_many(as_carol, share):
    share()
    one = query_count(as_carol, URL, of="team")
    for _ in range(4):
        person = UserFactory()
        create_link(person, finished_video(person), LinkOptions(), days=3)
    assert query_count(as_carol, URL, of="team") == one


def test_it_comes_in_pages(as_alice, share, monkeypatch):
    monkeypatch.setattr("videos.views.share_links._PAGE_SIZE", 2)
    links = [share() for _ in range(3)]
    page = as_alice.get(URL).content.decode()
    assert links[0].public_id not in page
    older = page.partition('href="?after=')[2].partition('"')[0]
    second = as_alice.get(URL, {"after": older}).content.decode()
    assert links[0].public_id in second
    assert links[2].public_id not in second


@pytest.mark.parametrize("after", ["nonsense", "\x00", "link_x"])
def test_a_place_that_is_made_up_is_the_beginning(as_alice, share, after):
    assert share().public_id in as_alice.get(URL, {"after": after}).content.decode()


def test_it_says_when_links_are_switched_off(as_alice, share, settings):
    share()
    settings.SHARE_LINKS = False
    assert "none of these opens anything" in as_alice.get(URL).content.decode()


def test_it_needs_an_account(client):
    assert client.get(URL).url.startswith(reverse("account_login"))


def test_a_link_is_changed(as_alice, as_bob, share):
    link = share()
    url = reverse("videos:share_link", args=[link.public_id])
    assert as_alice.get(url).status_code == 200
    assert as_alice.post(url, {"title": "Cut 3", "allows_download": "on"}).status_code == 302
    link.refresh_from_db()
    assert (link.title, link.allows_download, link.shows_prompt) == ("Cut 3", True, False)
    assert as_alice.post(url, {"title": "x" * 200}).status_code == 422
    assert as_bob.post(url, {"title": "Mine"}).status_code == 404
