"""A form that is sent twice creates its videos once: two clicks, Back and Send again, a lost reply."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.factories import VideoFactory
from tests.views.page import GOOD, HTMX, picture, upload
from videos.models import Backend, IdempotencyRecord, ReferenceImage, State, Video
from videos.services.video_actions import delete_video

pytestmark = pytest.mark.django_db
URL = reverse("videos:studio")
REPEATED = "had been sent before"


def key_of(page: str) -> str:
    (key,) = re.findall(r'name="form_key" value="([^"]+)"', page)
    return str(key)


def drawn_key(client: Client, url: str = URL) -> str:
    return key_of(client.get(url).content.decode())


def test_a_form_sent_twice_makes_one_video_and_shows_it(as_alice):
    sent = {**GOOD, "form_key": drawn_key(as_alice)}
    assert as_alice.post(URL, sent).status_code == 302
    again = as_alice.post(URL, sent, follow=True)
    video = Video.objects.get()
    assert len(again.redirect_chain) == 1
    assert REPEATED in again.content.decode()
    assert f'id="card-{video.public_id}"' in again.content.decode()


def test_each_form_has_a_key_of_its_own_also_after_a_video_was_made_with_it(as_alice):
    first = drawn_key(as_alice)
    made = as_alice.post(URL, {**GOOD, "form_key": first}, headers=HTMX)
    second = key_of(made.content.decode())
    as_alice.post(URL, {**GOOD, "form_key": second}, headers=HTMX)
    assert len({first, second, drawn_key(as_alice)}) == 3
    assert Video.objects.count() == 2


def test_a_reply_that_htmx_lost_is_given_again(as_alice):
    sent = {**GOOD, "form_key": drawn_key(as_alice)}
    as_alice.post(URL, sent, headers=HTMX)
    again = as_alice.post(URL, sent, headers=HTMX)
    assert f'id="card-{Video.objects.get().public_id}"' in again.content.decode()
    assert REPEATED in again.headers["HX-Trigger"]


def test_all_takes_of_a_repeated_form_are_shown(as_alice):
    sent = {**GOOD, "takes": "3", "form_key": drawn_key(as_alice)}
    as_alice.post(URL, sent, headers=HTMX)
    again = as_alice.post(URL, sent, headers=HTMX)
    assert [video.take for video in again.context["stacks"][0].takes] == [1, 2, 3]
    assert Video.objects.count() == 3


def test_a_repeated_upload_is_the_same_form(as_alice):
    key, image = drawn_key(as_alice), picture()
    for _ in range(2):
        as_alice.post(URL, {**GOOD, "form_key": key, "input_reference": upload(image)})
    assert Video.objects.count() == 1
    as_alice.post(URL, {**GOOD, "form_key": key, "input_reference": upload(picture(size=(32, 32)))})
    assert Video.objects.count() == 2
    assert ReferenceImage.objects.count() == 2


def test_back_and_another_prompt_is_another_video(as_alice):
    key = drawn_key(as_alice)
    as_alice.post(URL, {**GOOD, "form_key": key})
    as_alice.post(URL, {**GOOD, "form_key": key, "prompt": "A paper boat at sea"})
    assert Video.objects.count() == 2


def test_a_form_that_was_refused_may_be_sent_again(as_alice):
    key = drawn_key(as_alice)
    assert as_alice.post(URL, {**GOOD, "prompt": "", "form_key": key}).status_code == 422
    as_alice.post(URL, {**GOOD, "form_key": key})
    assert Video.objects.count() == 1


def test_a_form_without_a_key_still_works(as_alice):
    for _ in range(2):
        as_alice.post(URL, GOOD)
    assert Video.objects.count() == 2
    assert not IdempotencyRecord.objects.exists()


def test_a_key_is_its_owners_alone(as_alice, as_bob):
    key = drawn_key(as_alice)
    as_alice.post(URL, {**GOOD, "form_key": key})
    as_bob.post(URL, {**GOOD, "form_key": key})
    assert sorted(Video.objects.values_list("owner__username", flat=True)) == ["alice", "bob"]


def test_a_repeated_form_makes_nothing_though_its_video_was_deleted(as_alice):
    sent = {**GOOD, "form_key": drawn_key(as_alice)}
    as_alice.post(URL, sent)
    delete_video(Video.objects.get())
    again = as_alice.post(URL, sent, follow=True)
    assert REPEATED in again.content.decode()
    assert Video.objects.count() == 1


@pytest.mark.parametrize("key", ["x" * 500, "nul\x00", "\ud800"])
def test_a_strange_key_does_no_harm(as_alice, key):
    assert as_alice.post(URL, {**GOOD, "form_key": key.encode("utf-8", "replace")}).status_code == 302
    assert Video.objects.count() == 1


@pytest.mark.parametrize("verb", ["remix", "edit", "extend"])
def test_a_derivation_sent_twice_makes_one_video_and_leads_to_it(as_alice, alice, verb):
    simulator = Backend.objects.for_environment()
    source = VideoFactory(owner=alice, state=State.COMPLETED, backend=simulator)
    url = reverse(f"videos:{verb}", args=[source.public_id])
    sent = {"prompt": "Now with snow", "seconds": "8", "form_key": drawn_key(as_alice, url)}
    first, again = as_alice.post(url, sent), as_alice.post(url, sent)
    made = Video.objects.exclude(pk=source.pk).get()
    assert first.url == again.url == made.get_absolute_url()
    assert as_alice.post(url, sent, headers=HTMX).headers["HX-Redirect"] == made.get_absolute_url()
    delete_video(made)
    assert as_alice.post(url, sent).url == source.get_absolute_url()


@pytest.mark.django_db(transaction=True)
def test_two_posts_at_the_same_moment_make_one_video(alice):
    backend = Backend.objects.for_environment()
    if not backend.models.exists():  # a test with real transactions empties the catalogue for those after it
        backend.models.create(name="sora-2", label="Sora 2", seconds=[4], sizes=["1280x720"])
    client = Client()
    client.force_login(alice)
    sent = {**GOOD, "takes": "2", "form_key": drawn_key(client)}
    barrier = Barrier(4)

    def post(_: int) -> list[str]:
        own = Client()
        own.cookies = client.cookies
        barrier.wait()
        try:
            # Not the response's context: the test client collects it from all threads.
            page = own.post(URL, sent, headers=HTMX).content.decode()
            return re.findall(r'<article [^>]*id="card-(video_\w+)"', page)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(post, range(4)))

    assert Video.objects.count() == 2
    assert [set(each) for each in shown] == [set(Video.objects.values_list("public_id", flat=True))] * 4
