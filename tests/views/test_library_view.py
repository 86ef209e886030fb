"""How the library shows its cards, as each person chose it in this browser."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db
URL = reverse("videos:library")


def test_it_is_medium_until_somebody_chooses(as_alice):
    page = as_alice.get(URL)
    assert 'id="cards" data-density="medium">' in page.content.decode()
    assert not [name for name in page.cookies if name.startswith("library_view")]


def test_a_choice_holds_for_the_next_pages(as_alice):
    assert as_alice.get(URL, {"density": "small", "previews": "1"}).cookies
    for url in (URL, f"{URL}?q=kite"):
        assert 'data-density="small" data-previews' in as_alice.get(url).content.decode()
    assert 'data-density="small"' in as_alice.get(reverse("videos:trash")).content.decode()
    as_alice.get(URL, {"density": "large"})
    page = as_alice.get(URL).content.decode()
    assert 'data-density="large">' in page


def test_it_is_not_another_persons_in_the_same_browser(client, alice, bob):
    client.force_login(alice)
    client.get(URL, {"density": "small"})
    client.force_login(bob)
    assert 'data-density="medium"' in client.get(URL).content.decode()


@pytest.mark.parametrize("value", ["", "huge", "small.\x00", "<b>", ".plays", "x" * 3000])
def test_what_makes_no_sense_is_the_usual_view(as_alice, alice, value):
    as_alice.cookies[f"library_view_{alice.pk}"] = value
    page = as_alice.get(URL, {"density": value})
    assert page.status_code == 200
    assert page.context["view"].density in ("medium", "small")
