"""What a visitor finds behind a link, and what a link that is over says."""

import re

import pytest
from django.utils import timezone

from accounts.models import Role, User
from tests.sharing.conftest import PASSWORD, PROMPT, address, expire, read
from videos.models import ShareLink, Video
from videos.services.library import add_tag, set_note
from videos.services.share_links import revoke_links

pytestmark = pytest.mark.django_db


def test_it_plays_without_an_account(visitor, share):
    link = share(title="The launch")
    response = visitor.get(address(link))
    page = response.content.decode()
    assert response.status_code == 200
    assert f'src="{address(link, "file")}"' in page
    assert f'poster="{address(link, "poster")}"' in page
    assert '<h1 class="shared__title">The launch</h1>' in page


def test_it_is_light_and_runs_no_script_but_the_players(visitor, share):
    link = share()
    response = visitor.get(address(link))
    scripts = re.findall(rb"<script[^>]*>", response.content)
    assert scripts == [b'<script type="module" src="/static/js/player.js">']
    assert len(response.content) < 10_000
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "connect-src 'none'" in response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"


def test_what_plays_nothing_runs_no_script(visitor, share):
    for link in (share(password=PASSWORD), share(title="Over")):
        ShareLink.objects.filter(title="Over").update(expires_at=timezone.now())
        response = visitor.get(address(link))
        assert b"<script" not in response.content
        assert "script-src 'none'" in response["Content-Security-Policy"]


def test_a_frame_is_saved_where_downloads_are_allowed(visitor, share):
    closed, opened = (visitor.get(address(share(allows_download=on))).content for on in (False, True))
    assert (b"data-save-frame" in closed, b"data-save-frame" in opened) == (False, True)
    assert (b'controlslist="nodownload"' in closed, b"nodownload" in opened) == (True, False)


def test_it_is_kept_out_of_search_engines_and_caches(visitor, share):
    link = share()
    for name in ("", "file", "poster"):
        response = visitor.get(address(link, name))
        assert "noindex" in response["X-Robots-Tag"]
        assert response["Referrer-Policy"] == "same-origin"
        assert "private" in response["Cache-Control"]
        assert "max-age" not in response["Cache-Control"]
        read(response)
    assert '<meta name="robots" content="noindex' in visitor.get(address(link)).content.decode()


def test_it_sets_no_cookie(visitor, share):
    link = share(allows_comments=True)
    for name in ("", "file", "poster"):
        response = visitor.get(address(link, name))
        assert not response.cookies
        read(response)


def test_the_prompt_is_shown_by_choice(visitor, share):
    assert PROMPT not in visitor.get(address(share())).content.decode()
    assert PROMPT in visitor.get(address(share(shows_prompt=True))).content.decode()
    titled = visitor.get(address(share(shows_prompt=True, title="Cut 2"))).content.decode()
    assert PROMPT in titled
    assert "Cut 2" in titled


def test_it_says_nothing_of_the_studio(visitor, share, alice, video):
    alice.first_name, alice.email = "Alicia", "alice@example.org"
    alice.save()
    set_note(video, "for the client only")
    add_tag(alice, [video], "confidential")
    Video.objects.update(price="1.37", charged="1.37", backend_job_id="job_77")
    link = share(allows_download=True, allows_comments=True, shows_prompt=True)
    page = visitor.get(address(link)).content.decode()
    for private in (
        *("alice", "Alicia", "example.org", video.public_id, link.public_id, video.backend.name),
        *("for the client only", "confidential", "1.37", "job_77", video.model),
    ):
        assert private not in page, private


def test_the_name_of_a_file_says_no_more_than_the_page(visitor, share, video):
    for link in (share(allows_download=True), share(allows_download=True, title="Cut 2")):
        for query in ("", "?download=1"):
            response = visitor.get(address(link, "file") + query)
            assert "launch" not in response["Content-Disposition"]
            assert video.public_id not in response["Content-Disposition"]
            read(response)
    assert 'filename="cut-2.mp4"' in response["Content-Disposition"]


def test_what_people_write_is_text(visitor, share):
    page = visitor.get(address(share(title="<script>alert(1)</script>"))).content.decode()
    assert "<script>" not in page


def test_an_expired_link_says_so(visitor, share):
    link = share()
    expire(link)
    _says(visitor, link, 410, "This link has expired")


def test_a_revoked_link_says_so(visitor, share):
    link = share()
    revoke_links(ShareLink.objects.all())
    _says(visitor, link, 410, "This link no longer works")


@pytest.mark.parametrize("field", ["trashed_at", "deleted_at"])
def test_a_video_that_is_gone_is_gone_here(visitor, share, field):
    link = share()
    Video.objects.update(**{field: timezone.now()})
    _says(visitor, link, 410, "This video is no longer shared")


def test_a_restored_video_is_back(visitor, share):
    link = share()
    Video.objects.update(trashed_at=timezone.now())
    Video.objects.update(trashed_at=None)
    assert visitor.get(address(link)).status_code == 200


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.VIEWER}])
def test_links_of_who_may_no_longer_share_stop(visitor, share, alice, change):
    link = share()
    User.objects.filter(pk=alice.pk).update(**change)
    _says(visitor, link, 410, "This link no longer works")


def test_a_video_that_was_handed_over_is_no_longer_its_makers_to_share(visitor, share, bob):
    link = share()
    Video.objects.update(owner=bob)
    _says(visitor, link, 410, "This video is no longer shared")


def test_none_opens_where_links_are_switched_off(visitor, share, settings):
    link = share()
    settings.SHARE_LINKS = False
    _says(visitor, link, 404, "There is no such link")


@pytest.mark.parametrize("secret", ["nonsense", "x" * 32, "a" * 900, "%00", "-_-"])
def test_there_is_nothing_behind_what_is_made_up(visitor, secret):
    response = visitor.get(f"/s/{secret}/")
    assert response.status_code == 404


def test_the_id_of_a_link_opens_nothing(visitor, share):
    assert visitor.get(f"/s/{share().public_id}/").status_code == 404


def test_it_is_only_read(visitor, share):
    assert visitor.post(address(share())).status_code == 405


def test_it_takes_one_query_and_a_count(visitor, share, django_assert_num_queries):
    link = share()
    path = address(link)
    with django_assert_num_queries(2):
        visitor.get(path)
    with django_assert_num_queries(1):  # the same visit
        visitor.get(path)


def _says(visitor, link: ShareLink, status: int, heading: str) -> None:
    for name in ("", "file", "poster"):
        response = visitor.get(address(link, name))
        page = response.content.decode()
        assert (response.status_code, heading in page) == (status, True), (name, page)
        assert PROMPT not in page
        assert "alice" not in page
        assert "no-store" in response["Cache-Control"]
