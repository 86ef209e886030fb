"""Making a link: who may, to what, for how long."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from tests.factories import VideoFactory
from tests.sharing.conftest import address
from videos.models import Collection, CollectionMember, CollectionRole, ShareLink, State, Visibility
from videos.services import share_links
from videos.services.share_links import LinkOptions, create_link

pytestmark = pytest.mark.django_db
FORM = {"days": "30"}


def share_url(video) -> str:
    return reverse("videos:share", args=[video.public_id])


def test_it_makes_a_link_that_opens(as_alice, visitor, video):
    page = as_alice.post(share_url(video), FORM, follow=True).content.decode()
    link = ShareLink.objects.get()
    assert f"http://testserver{address(link)}" in page
    assert visitor.get(address(link)).status_code == 200


def test_it_keeps_no_secret_that_the_database_alone_can_open(share):
    link = share(password="open sesame")
    row = ShareLink.objects.values().get()
    assert len(link.secret) >= 32  # of 64 letters each: 192 bits
    assert not any(link.secret in str(value) or "open sesame" in str(value) for value in row.values())


def test_links_differ(share):
    assert len({share().secret for _ in range(5)}) == 5


def test_it_shows_the_address_after_the_key_was_changed(as_alice, share, video, settings):
    link = share()
    path, old = address(link), settings.SECRET_KEY
    settings.SECRET_KEY = "another key " * 5
    settings.SECRET_KEY_FALLBACKS = [old]
    link.refresh_from_db()
    assert address(link) == path


def test_rotating_secrets_keeps_the_address(share, settings, capsys):
    link = share()
    path, old = address(link), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key " * 5, [old]
    call_command("rotate_secrets")
    assert "Share links: 1 encrypted anew." in capsys.readouterr().out
    settings.SECRET_KEY_FALLBACKS = []
    link.refresh_from_db()
    assert address(link) == path


def test_a_link_works_when_its_address_cannot_be_shown(as_alice, alice, visitor, share, video, settings):
    path = address(share())
    settings.SECRET_KEY = "another key " * 5
    as_alice.force_login(alice)
    page = as_alice.get(share_url(video)).content.decode()
    assert "be shown any more, because SECRET_KEY was changed" in page
    assert visitor.get(path).status_code == 200


def test_it_lasts_thirty_days_unless_told_otherwise(as_alice, video):
    as_alice.post(share_url(video), FORM)
    left = ShareLink.objects.get().expires_at - timezone.now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


def test_the_operator_says_how_long(as_alice, video, settings):
    settings.SHARE_LINK_DAYS, settings.SHARE_LINK_MAX_DAYS = 45, 14
    page = as_alice.get(share_url(video)).content.decode()
    assert '<option value="14" selected>In 14 days</option>' in page
    assert 'value="30"' not in page
    assert as_alice.post(share_url(video), FORM).status_code == 422
    assert not ShareLink.objects.exists()


@pytest.mark.parametrize("days", [0, -1, 366, 10**9])
def test_it_refuses_other_lengths(alice, video, days):
    with pytest.raises(ValidationError) as refused:
        create_link(alice, video, LinkOptions(), days=days)
    assert list(refused.value.message_dict) == ["days"]


def test_no_expiry_is_only_by_the_operators_leave(as_alice, alice, video, settings):
    with pytest.raises(ValidationError):
        create_link(alice, video, LinkOptions(), days=None)
    assert "Never" not in as_alice.get(share_url(video)).content.decode()

    settings.SHARE_LINKS_WITHOUT_EXPIRY = True
    as_alice.post(share_url(video), {"days": "never"})
    assert ShareLink.objects.get().expires_at is None


@pytest.mark.parametrize("password", ["short", "x" * 129])
def test_it_refuses_a_password_that_is_no_good(as_alice, video, password):
    response = as_alice.post(share_url(video), {**FORM, "password": password})
    assert response.status_code == 422
    assert not ShareLink.objects.exists()


@pytest.mark.parametrize("text", ["NUL\x00here", "x" * 121])
def test_it_refuses_a_title_that_cannot_be_stored(as_alice, alice, video, text):
    assert as_alice.post(share_url(video), {**FORM, "title": text}).status_code == 422
    with pytest.raises(ValidationError):
        create_link(alice, video, LinkOptions(title=text), days=1)


@pytest.mark.parametrize("state", [State.QUEUED, State.IN_PROGRESS, State.FAILED, State.CANCELED])
def test_only_a_finished_video_is_shared(as_alice, alice, state):
    video = VideoFactory(owner=alice, state=state)
    response = as_alice.post(share_url(video), FORM)
    assert response.status_code == 422
    assert "Only a finished video can be shared." in response.content.decode()
    assert share_url(video) not in as_alice.get(video.get_absolute_url()).content.decode()


def test_a_video_in_the_trash_is_not_shared(as_alice, video):
    video.trashed_at = timezone.now()
    video.save()
    assert "in the trash cannot be shared" in as_alice.post(share_url(video), FORM).content.decode()
    assert not ShareLink.objects.exists()


def test_strangers_and_staff_share_nothing_of_others(as_bob, as_carol, video, client):
    for person in (as_bob, as_carol):
        assert person.get(share_url(video)).status_code == 404
        assert person.post(share_url(video), FORM).status_code == 404
    assert client.post(share_url(video), FORM).url.startswith(reverse("account_login"))
    assert not ShareLink.objects.exists()


def test_a_viewer_shares_nothing(as_alice, alice, video):
    alice.role = Role.VIEWER
    alice.save()
    assert as_alice.post(share_url(video), FORM).status_code == 403
    with pytest.raises(ValidationError):
        create_link(alice, video, LinkOptions(), days=1)
    assert share_url(video) not in as_alice.get(video.get_absolute_url()).content.decode()


def test_the_owner_of_a_collection_shares_it_and_no_editor_does(as_alice, as_bob, bob, collection):
    CollectionMember.objects.create(collection=collection, person=bob, role=CollectionRole.EDITOR)
    Collection.objects.update(visibility=Visibility.TEAM)
    url = reverse("videos:collection_share", args=[collection.public_id])
    assert as_bob.post(url, FORM).status_code == 404
    assert as_alice.post(url, FORM).status_code == 302
    assert ShareLink.objects.get().collection == collection


def test_a_studio_may_have_no_links_at_all(as_alice, alice, video, settings):
    settings.SHARE_LINKS = False
    assert "switched off" in as_alice.get(share_url(video)).content.decode()
    assert as_alice.post(share_url(video), FORM).status_code == 422
    assert share_url(video) not in as_alice.get(video.get_absolute_url()).content.decode()
    assert not ShareLink.objects.exists()


def test_there_are_not_endlessly_many(as_alice, video, share, monkeypatch):
    monkeypatch.setattr(share_links, "MAX_ACTIVE_LINKS", 2)
    for _ in range(2):
        link = share()
    assert as_alice.post(share_url(video), FORM).status_code == 422
    share_links.revoke_links(ShareLink.objects.filter(pk=link.pk))
    assert as_alice.post(share_url(video), FORM).status_code == 302


def test_the_page_of_a_finished_video_offers_it(as_alice, video):
    assert share_url(video) in as_alice.get(video.get_absolute_url()).content.decode()


def test_other_methods_are_refused(as_alice, video):
    assert as_alice.put(share_url(video)).status_code == 405
