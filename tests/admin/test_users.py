import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import UserFactory, VideoFactory

pytestmark = pytest.mark.django_db

LIST = "admin:accounts_user_changelist"


def test_the_list_counts_videos_in_a_constant_number_of_queries(
    as_carol: Client, alice, django_assert_num_queries, django_assert_max_num_queries
):
    VideoFactory.create_batch(3, owner=alice)
    with django_assert_max_num_queries(15) as few:
        page = as_carol.get(reverse(LIST)).content.decode()
    assert f'href="/admin/videos/video/?owner__id__exact={alice.pk}">3</a>' in page
    UserFactory.create_batch(5)

    with django_assert_num_queries(len(few.captured_queries)):
        as_carol.get(reverse(LIST))


def test_the_count_leads_to_that_persons_videos(as_carol: Client, alice, bob):
    mine = VideoFactory(owner=alice)
    VideoFactory(owner=bob)

    response = as_carol.get(f"/admin/videos/video/?owner__id__exact={alice.pk}")

    assert list(response.context["cl"].result_list) == [mine]


def test_an_account_with_videos_stays_and_the_page_says_what_to_do(as_carol: Client, alice):
    VideoFactory.create_batch(2, owner=alice)
    address = reverse("admin:accounts_user_delete", args=[alice.pk])

    page = as_carol.get(address).content.decode()
    as_carol.post(address, {"post": "yes"})

    assert "alice: 2 videos. Choose “Delete account” in the list, or clear “Active”" in page
    assert User.objects.filter(pk=alice.pk).exists()


def test_the_lists_own_delete_holds_to_the_same(as_carol: Client, alice, bob):
    VideoFactory(owner=alice)
    data = {"action": "delete_selected", "index": "0", "_selected_action": [alice.pk, bob.pk], "post": "yes"}

    page = as_carol.post(reverse(LIST), data).content.decode()

    assert "alice: 1 video." in page
    assert User.objects.filter(username__in=["alice", "bob"]).count() == 2


def test_an_account_without_videos_is_deleted(as_carol: Client, bob):
    response = as_carol.post(reverse("admin:accounts_user_delete", args=[bob.pk]), {"post": "yes"})

    assert list(get_messages(response.wsgi_request))
    assert not User.objects.filter(pk=bob.pk).exists()


def test_an_account_is_made_here_because_nobody_signs_up(as_carol: Client):
    form = {
        "username": "dave",
        "password1": "long enough 42",
        "password2": "long enough 42",
        "usable_password": "true",
    }

    assert as_carol.post(reverse("admin:accounts_user_add"), form).status_code == 302
    assert User.objects.get(username="dave").check_password("long enough 42")


def _german_page(staff: Client, name: str, person: User) -> str:
    """Return a page about this person as a superuser with a German browser sees it."""
    User.objects.filter(username="carol").update(is_staff=True, is_superuser=True)
    address = reverse(name, args=[person.pk])
    return staff.get(address, headers={"Accept-Language": "de"}).content.decode()


def test_the_form_of_a_password_is_in_the_readers_language(as_carol: Client, bob: User):
    page = _german_page(as_carol, "admin:auth_user_password_change", bob)
    assert "Ob sich die Person mit einem Passwort anmelden kann." in page
    assert "Beim Abschalten geht das aktuelle Passwort der Person verloren." in page
    assert "Whether the user" not in page
    assert ">Konten</a>" in page  # what the app is called, in the breadcrumbs


def test_permissions_are_in_the_readers_language(as_carol: Client, bob: User):
    page = _german_page(as_carol, "admin:accounts_user_change", bob)
    assert "Konten | API-Token | Darf hinzufügen" in page
    assert "Darf ein Backend mit dessen Schlüssel verbinden" in page
    assert "Can " not in page
