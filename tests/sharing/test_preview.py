"""What chats show of a link: Open Graph, with whole addresses that end with the link."""

import re

import pytest

from tests.sharing.conftest import PASSWORD, PROMPT, address, expire, read
from videos.models import Video

pytestmark = pytest.mark.django_db


def tags(page: str) -> dict[str, str]:
    """The properties and names of the page's meta elements."""
    return dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', page))


def test_a_chat_plays_it(visitor, share):
    link = share(title="The launch")
    found = tags(visitor.get(address(link)).content.decode())
    base = "http://testserver"
    assert found["og:title"] == "The launch"
    assert found["og:type"] == "video.other"
    assert found["og:url"] == base + address(link)
    assert found["og:video"] == found["og:video:secure_url"] == base + address(link, "file")
    assert (found["og:video:type"], found["og:video:width"], found["og:video:height"]) == (
        *("video/mp4", "1280"),
        "720",
    )
    assert found["og:image"] == base + address(link, "poster")
    assert (found["og:image:width"], found["og:image:height"]) == ("960", "540")
    assert found["twitter:card"] == "summary_large_image"


def test_addresses_are_those_of_the_internet(visitor, as_alice, share, video, settings):
    settings.PUBLIC_URL = "https://studio.example.org"
    link = share()
    found = tags(visitor.get(address(link)).content.decode())
    assert found["og:video"] == "https://studio.example.org" + address(link, "file")
    page = as_alice.get(f"{video.get_absolute_url()}share").content.decode()
    assert "https://studio.example.org" + address(link) in page


def test_a_small_video_has_a_small_poster(visitor, share):
    Video.objects.update(width=320, height=570)
    found = tags(visitor.get(address(share())).content.decode())
    assert (found["og:image:width"], found["og:image:height"]) == ("320", "570")


def test_it_has_the_prompt_only_where_the_page_has_it(visitor, share):
    assert tags(visitor.get(address(share())).content.decode())["og:title"] == "Shared video"
    assert tags(visitor.get(address(share(shows_prompt=True))).content.decode())["og:title"] == PROMPT


def test_what_it_points_to_ends_with_the_link(visitor, share):
    link = share()
    found = tags(visitor.get(address(link)).content.decode())
    paths = [found[name].removeprefix("http://testserver") for name in ("og:url", "og:video", "og:image")]
    for path in paths:
        response = visitor.get(path)
        assert response.status_code == 200
        read(response)
    expire(link)
    assert [visitor.get(path).status_code for path in paths] == [410] * 3


def test_a_link_with_a_password_previews_nothing(visitor, share):
    link = share(password=PASSWORD, title="The launch", shows_prompt=True)
    found = tags(visitor.get(address(link)).content.decode())
    assert {name: value for name, value in found.items() if name.startswith(("og:", "twitter:"))} == {
        "og:title": "Password needed"
    }
