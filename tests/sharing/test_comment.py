"""What visitors say, and what its owner does with it."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from tests.sharing.conftest import BROWSER, PASSWORD, address, query_count
from videos.models import ShareComment, ShareLink
from videos.services import share_comments

pytestmark = pytest.mark.django_db
SAID = {"name": "Dana", "text": "Slower at the end, please."}


@pytest.fixture
def link(share) -> ShareLink:
    return share(allows_comments=True)


def say(client, link: ShareLink, **fields: str):
    return client.post(address(link, "comment"), {**SAID, **fields})


def test_a_visitor_says_something(visitor, link, video):
    response = say(visitor, link)
    assert response.url == f"{address(link)}#comments"
    comment = ShareComment.objects.get()
    assert (comment.name, comment.text, comment.video, comment.author) == (
        *("Dana", "Slower at the end, please."),
        *(video, None),
    )
    page = visitor.get(address(link)).content.decode()
    assert "Slower at the end, please." in page
    assert "Dana" in page


def test_whoever_has_another_link_reads_none_of_it(visitor, link, share):
    say(visitor, link)
    assert "Dana" not in visitor.get(address(share(allows_comments=True))).content.decode()


def test_words_are_text(visitor, as_alice, link, video):
    say(visitor, link, name="<b>Dana</b>", text="<script>alert(1)</script>\n& more")
    for page in (visitor.get(address(link)), as_alice.get(video.get_absolute_url())):
        assert "<script>alert" not in page.content.decode()
        assert "&lt;b&gt;Dana" in page.content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        *({"name": ""}, {"name": "x" * 61}, {"name": "\u200b"}, {"name": "NUL\x00"}),
        *({"text": ""}, {"text": "x" * 2001}, {"text": " \n "}, {"text": "NUL\x00"}),
    ],
)
def test_what_cannot_be_kept_is_told_at_its_field(visitor, link, fields):
    response = say(visitor, link, **fields)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not ShareComment.objects.exists()


def test_line_breaks_count_once(visitor, link):
    assert say(visitor, link, text="a\r\n" * 999 + "b").status_code == 302


def test_programs_that_fill_in_everything_are_not_told(visitor, link):
    response = say(visitor, link, website="https://spam.example")
    assert response.url == f"{address(link)}#comments"
    assert not ShareComment.objects.exists()


def test_they_are_few_at_a_time_from_each_network(visitor, link):
    statuses = [say(visitor, link, text=f"Comment {n}").status_code for n in range(7)]
    assert statuses == [302] * 5 + [429] * 2
    assert ShareComment.objects.count() == 5
    assert "Too many comments" in say(visitor, link).content.decode()


def test_they_are_bounded_for_each_link(visitor, link, monkeypatch):
    monkeypatch.setattr(share_comments, "MAX_COMMENTS", 1)
    say(visitor, link)
    response = say(visitor, link, text="And more")
    assert response.status_code == 422
    assert "No more comments can be left here." in response.content.decode()


def test_they_are_by_choice(visitor, share):
    link = share()
    response = say(visitor, link)
    assert response.status_code == 403
    assert "Comments are off" in response.content.decode()
    assert "<form" not in visitor.get(address(link)).content.decode()
    assert not ShareComment.objects.exists()


def test_the_owner_turns_them_off(visitor, as_alice, link):
    say(visitor, link)
    as_alice.post(reverse("videos:share_link", args=[link.public_id]), {"title": ""})
    assert say(visitor, link).status_code == 403
    assert "Dana" not in visitor.get(address(link)).content.decode()


def test_a_password_is_needed_to_speak(visitor, share):
    assert say(visitor, share(allows_comments=True, password=PASSWORD)).status_code == 403
    assert not ShareComment.objects.exists()


def test_whoever_is_signed_in_speaks_under_that_name(as_bob, bob, link):
    page = as_bob.get(address(link)).content.decode()
    assert "As bob" in page
    assert 'id="id_name"' not in page
    say(as_bob, link, name="The boss")
    comment = ShareComment.objects.get()
    assert (comment.name, comment.author) == ("bob", bob)


def test_a_viewer_may_say_what_everybody_may(as_bob, bob, link):
    bob.role = Role.VIEWER
    bob.save()
    assert say(as_bob, link).status_code == 302


def test_another_site_makes_nobody_speak(bob, link):
    client = Client(enforce_csrf_checks=True, headers={"User-Agent": BROWSER})
    client.force_login(bob)
    response = say(client, link)
    assert response.status_code == 403
    assert "open too long" in response.content.decode()
    page = client.get(address(link)).content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    assert say(client, link, csrfmiddlewaretoken=token).status_code == 302


def test_the_owner_sees_them_on_the_page_of_the_video(as_alice, as_bob, visitor, link, video):
    say(visitor, link)
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert "Slower at the end, please." in page
    assert as_bob.get(reverse("videos:comments", args=[video.public_id])).status_code == 404


def test_the_owner_sees_all_of_them(as_alice, link, video):
    _fill(link, video, 3)
    few = query_count(as_alice, video.get_absolute_url())
    _fill(link, video, 60)
    assert query_count(as_alice, video.get_absolute_url()) == few
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert "All 63 comments" in page
    first = as_alice.get(reverse("videos:comments", args=[video.public_id])).content.decode()
    assert first.count('class="share-comment"') == 50
    older = first.partition('href="?after=')[2].partition('"')[0]
    second = as_alice.get(reverse("videos:comments", args=[video.public_id]), {"after": older})
    assert second.content.decode().count('class="share-comment"') == 13


def _fill(link, video, count: int) -> None:
    ShareComment.objects.bulk_create(
        ShareComment(link=link, video=video, name="Dana", text=f"Comment {n}") for n in range(count)
    )


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "\x00", "²"])
def test_a_place_that_is_made_up_is_the_beginning(as_alice, video, link, after):
    _fill(link, video, 1)
    response = as_alice.get(reverse("videos:comments", args=[video.public_id]), {"after": after})
    assert response.content.decode().count('class="share-comment"') == 1


def test_the_owner_deletes_one(as_alice, visitor, link, video):
    say(visitor, link)
    response = as_alice.post(reverse("videos:comment_delete", args=[ShareComment.objects.get().pk]))
    assert response.status_code == 302
    assert not ShareComment.objects.exists()


def test_strangers_and_staff_delete_none(as_bob, as_carol, client, visitor, link):
    say(visitor, link)
    url = reverse("videos:comment_delete", args=[ShareComment.objects.get().pk])
    assert [each.post(url).status_code for each in (as_bob, as_carol)] == [404, 404]
    assert client.post(url).url.startswith(reverse("account_login"))
    assert ShareComment.objects.exists()


def test_whoever_deletes_only_posts(as_alice, visitor, link):
    say(visitor, link)
    assert (
        as_alice.get(reverse("videos:comment_delete", args=[ShareComment.objects.get().pk])).status_code
        == 405
    )


def test_a_video_takes_its_comments_along(visitor, link, video):
    say(visitor, link)
    video.delete()
    assert not ShareComment.objects.exists()
    assert not ShareLink.objects.exists()
