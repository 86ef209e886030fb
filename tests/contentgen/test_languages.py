"""In which language pages, programs, emails and scripts read."""

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from accounts import formats, languages
from accounts.models import User
from contentgen.languages import page_language
from tests.translations.catalogues import LANGUAGES as TRANSLATED

pytestmark = pytest.mark.django_db
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
SIGN_IN = "/accounts/login/"


def test_every_language_that_is_offered_is_translated():
    assert [code for code, _ in settings.LANGUAGES if code != "en"] == list(TRANSLATED)


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("fr,de;q=0.4", "de"),
        ("fr", "en"),
        ("*", "en"),
        ("x" * 5000, "en"),
        ("de;q=broken", "en"),
    ],
)
def test_visitors_get_what_their_browser_asks_for(client: Client, asked: str, language: str):
    page = client.get(SIGN_IN, headers={"Accept-Language": asked})
    assert page.headers["Content-Language"] == language
    assert "Accept-Language" in page.headers["Vary"]
    assert f'<html lang="{language}"' in page.content.decode()


def test_where_a_browser_asks_for_none_of_ours_it_is_the_studios(client: Client, settings):
    settings.LANGUAGE = "de"
    assert client.get(SIGN_IN).headers["Content-Language"] == "de"
    assert client.get(SIGN_IN, headers={"Accept-Language": "fr"}).headers["Content-Language"] == "de"
    assert client.get(SIGN_IN, headers={"Accept-Language": "en"}).headers["Content-Language"] == "en"


def test_a_persons_choice_wins(as_alice: Client, alice: User):
    assert as_alice.get("/", headers=GERMAN).headers["Content-Language"] == "de"
    User.objects.filter(pk=alice.pk).update(language="en")
    assert as_alice.get("/", headers=GERMAN).headers["Content-Language"] == "en"
    User.objects.filter(pk=alice.pk).update(language="tlh")  # of a studio that had more languages
    assert as_alice.get("/", headers=GERMAN).headers["Content-Language"] == "de"
    assert translation.get_language() == "en"  # what this process does next is nobody's page


def test_it_is_chosen_under_profile(as_alice: Client, alice: User):
    data = {"theme": "system", "time_zone": "", "language": "de", "date_style": ""}
    assert as_alice.post("/accounts/profile/", data).status_code == 302
    alice.refresh_from_db()
    assert alice.language == "de"
    assert as_alice.post("/accounts/profile/", data | {"language": "fr"}).status_code == 422


@pytest.mark.parametrize("path", ["/api/v1/videos/video_none", "/v1/videos/video_none"])
def test_programs_read_english(client: Client, as_alice: Client, alice: User, path: str):
    User.objects.filter(pk=alice.pk).update(language="de")
    told = as_alice.get(path)
    assert as_alice.get(path, headers=GERMAN).json() == told.json()
    assert "Content-Language" not in told.headers


def test_dates_and_numbers_follow_the_language_until_a_style_is_chosen(alice: User):
    with translation.override("de"), formats.override(""):
        assert formats.format_number(1234.5) == "1.234,5"
        assert formats.format_size(1_572_864) == "1,5\xa0MB"
    with translation.override("de"), formats.override("iso"):
        assert formats.format_number(0.5) == "0.5"
    with formats.override(""):
        assert formats.format_size(1_572_864) == "1.5\xa0MB"


def test_an_email_is_in_the_language_of_its_reader(alice: User, settings):
    assert languages.language_of(alice) == "en"
    settings.LANGUAGE = "de"
    assert languages.language_of(alice) == "de"
    alice.language = "en"
    with translation.override("de"), languages.override_for(alice):
        assert translation.get_language() == "en"


def test_scripts_get_a_catalogue_that_browsers_keep(client: Client, rf):
    with translation.override("de"):
        address = page_language(rf.get("/"))["texts_of_scripts"]
    script = client.get(address)
    assert "immutable" in script.headers["Cache-Control"]
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert b"gettext" in script.content
    former = client.get("/texts/former/de.js")
    assert former.status_code == 200
    assert "immutable" not in former.headers.get("Cache-Control", "")
    assert client.get("/texts/x/fr.js").status_code == 404


def test_english_scripts_need_none(client: Client):
    assert "/texts/" not in client.get(SIGN_IN).content.decode()
    assert "/texts/" in client.get(SIGN_IN, headers=GERMAN).content.decode()
