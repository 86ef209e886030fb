"""Revoking one link, and all of them."""

import pytest
from django.urls import reverse

from accounts.models import Role
from tests.sharing.conftest import address, finished_video
from videos.models import ShareLink
from videos.services.share_links import LinkOptions, create_link

pytestmark = pytest.mark.django_db


def url_of(link: ShareLink) -> str:
    return reverse("videos:share_link_revoke", args=[link.public_id])


def test_it_asks_first(as_alice, visitor, share):
    link = share()
    assert "Revoke this link?" in as_alice.get(url_of(link)).content.decode()
    assert visitor.get(address(link)).status_code == 200


def test_it_ends_at_once_and_for_good(as_alice, visitor, share):
    link, other = share(), share()
    assert as_alice.post(url_of(link)).url == reverse("videos:share_links")
    assert visitor.get(address(link)).status_code == 410
    assert visitor.get(address(other)).status_code == 200
    first = ShareLink.objects.get(pk=link.pk).revoked_at
    as_alice.post(url_of(link))
    assert ShareLink.objects.get(pk=link.pk).revoked_at == first


def test_strangers_revoke_nothing(as_bob, client, share):
    link = share()
    assert as_bob.get(url_of(link)).status_code == 404
    assert as_bob.post(url_of(link)).status_code == 404
    assert client.post(url_of(link)).url.startswith(reverse("account_login"))
    assert ShareLink.objects.active().exists()


def test_a_manager_stops_a_leak(as_bob, bob, visitor, share):
    bob.role = Role.MANAGER
    bob.save()
    link = share()
    assert as_bob.post(url_of(link)).url.endswith("?of=team")
    assert visitor.get(address(link)).status_code == 410


def test_all_of_ones_own_at_once(as_alice, visitor, share, bob):
    links = [share(), share()]
    theirs = create_link(bob, finished_video(bob), LinkOptions(), days=1)
    url = reverse("videos:share_links_revoke")
    assert "2 links open something now" in as_alice.get(url).content.decode()
    assert ShareLink.objects.active().count() == 3
    as_alice.post(url)
    assert [visitor.get(address(each)).status_code for each in (*links, theirs)] == [410, 410, 200]


@pytest.mark.parametrize("public_id", ["nonsense", "x" * 65])
def test_there_is_nothing_to_revoke(as_alice, public_id):
    assert as_alice.post(f"/links/{public_id}/revoke").status_code == 404
