"""What workers wrote is shown in the reader's language; programs, and the database, have it in English."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from accounts import tokens
from accounts.models import Scope, User
from contentgen import stored_texts
from tests.factories import BackendFactory, VideoFactory
from videos.engine import dispatch
from videos.models import State, Video

pytestmark = pytest.mark.django_db
_GERMAN = {"Accept-Language": "de"}
_SAID = "No <dogs> please."
_FORMAT = "The backend refused this video: %(sentence)s"
_IN_GERMAN = "Das Backend hat dieses Video abgelehnt: %(sentence)s"


@pytest.fixture(autouse=True)
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have one sentence in German, whatever the catalogue says."""
    monkeypatch.setattr(stored_texts, "gettext", lambda text: _IN_GERMAN if text == _FORMAT else text)
    stored_texts._translate.cache_clear()
    yield
    stored_texts._translate.cache_clear()


@pytest.fixture
def refused(alice: User) -> Video:
    return VideoFactory(owner=alice, state=State.FAILED, error_message=_FORMAT % {"sentence": _SAID})


@pytest.mark.parametrize("page", ["detail", "library"])
def test_a_page_shows_it_in_its_language(as_alice: Client, refused: Video, page: str) -> None:
    address = refused.get_absolute_url() if page == "detail" else reverse("videos:library")
    shown = as_alice.get(address, headers=_GERMAN).content.decode()
    assert "Das Backend hat dieses Video abgelehnt: No &lt;dogs&gt; please." in shown
    assert "The backend refused this video" not in shown
    english = as_alice.get(address, headers={"Accept-Language": "en"}).content.decode()
    assert "The backend refused this video: No &lt;dogs&gt; please." in english


def test_programs_read_it_in_english(refused: Video, alice: User) -> None:
    _, secret = tokens.issue(alice, "test", scope=Scope.READ)
    headers = {"Authorization": f"Bearer {secret}", **_GERMAN}
    told = Client(headers=headers).get(f"/api/v1/videos/{refused.public_id}").json()
    assert told["error"]["message"] == f"The backend refused this video: {_SAID}"


def test_staff_read_why_a_backend_is_paused(as_carol: Client) -> None:
    backend = BackendFactory(name="GPU box")
    dispatch.pause(backend.pk, seconds=60, reason=_FORMAT % {"sentence": _SAID})
    shown = as_carol.get(reverse("videos:studio"), headers=_GERMAN).content.decode()
    assert "Das Backend hat dieses Video abgelehnt: No &lt;dogs&gt; please." in shown
