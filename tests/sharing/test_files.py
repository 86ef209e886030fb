"""Every file behind a link lasts as long as the link, and no longer."""

import pytest
from django.utils import timezone

from tests.sharing.conftest import CLIP, PASSWORD, address, body, expire
from videos.models import ShareLink, Video
from videos.services.share_links import revoke_links

pytestmark = pytest.mark.django_db
FILES = ("file", "poster", "scrub")


def test_it_serves_the_file_and_its_poster(visitor, share):
    link = share()
    film, poster, sheet = (visitor.get(address(link, name)) for name in FILES)
    types = [each["Content-Type"] for each in (film, poster, sheet)]
    assert types == ["video/mp4", "image/webp", "image/jpeg"]
    assert [body(each) for each in (film, poster, sheet)] == [CLIP, b"a poster", b"a sheet"]


def test_a_player_can_seek(visitor, share):
    response = visitor.get(address(share(), "file"), headers={"Range": "bytes=100-199"})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes 100-199/{len(CLIP)}"
    assert body(response) == CLIP[100:200]


def test_a_range_past_the_end_is_refused(visitor, share):
    assert visitor.get(address(share(), "file"), headers={"Range": "bytes=9999-"}).status_code == 416


def test_a_browser_asks_each_time_and_is_sent_nothing_twice(visitor, share):
    link = share()
    first = visitor.get(address(link, "file"))
    body(first)
    assert first["Cache-Control"] == "private, no-cache"
    again = visitor.get(address(link, "file"), headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["revoked", "expired", "trashed", "deleted", "blocked"])
def test_what_a_browser_kept_is_not_confirmed_any_more(visitor, share, alice, name, how):
    link = share()
    first = visitor.get(address(link, name))
    body(first)
    _end(link, alice, how)
    headers = {"If-None-Match": first["ETag"], "Range": "bytes=0-9"}
    assert visitor.get(address(link, name), headers=headers).status_code == 410
    assert visitor.head(address(link, name)).status_code == 410


def _end(link: ShareLink, alice, how: str) -> None:
    if how == "revoked":
        revoke_links(ShareLink.objects.all())
    elif how == "expired":
        expire(link)
    elif how == "blocked":
        alice.is_active = False
        alice.save()
    else:
        Video.objects.update(**{f"{how}_at": timezone.now()})


@pytest.mark.parametrize("name", FILES)
def test_a_password_is_also_that_of_the_files(visitor, share, name):
    link = share(password=PASSWORD)
    assert visitor.get(address(link, name)).status_code == 403
    visitor.post(address(link, "unlock"), {"password": PASSWORD})
    response = visitor.get(address(link, name))
    assert response.status_code == 200
    body(response)


def test_a_download_is_by_choice(visitor, share):
    closed, opened = share(), share(allows_download=True)
    assert visitor.get(address(closed, "file"), {"download": "1"}).status_code == 403
    assert "Download" not in visitor.get(address(closed)).content.decode()
    response = visitor.get(address(opened, "file"), {"download": "1"})
    assert response["Content-Disposition"].startswith("attachment;")
    assert body(response) == CLIP
    assert "?download=1" in visitor.get(address(opened)).content.decode()


def test_a_poster_that_is_not_there_is_a_sentence(visitor, share):
    link = share()
    Video.objects.update(poster="")
    response = visitor.get(address(link, "poster"))
    assert response.status_code == 404
    assert "There is no such file" in response.content.decode()
    assert "og:image" not in visitor.get(address(link)).content.decode()
