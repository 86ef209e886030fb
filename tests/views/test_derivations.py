"""Remix, edit and extend from their pages."""

import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import BackendFactory, VideoFactory
from tests.views.page import HTMX
from videos.models import Backend, Kind, State, Video, VideoModel

pytestmark = pytest.mark.django_db
VERBS = ["remix", "edit", "extend"]
KINDS = {"remix": Kind.REMIX, "edit": Kind.EDIT, "extend": Kind.EXTEND}
DATA = {"prompt": "Now with snow", "seconds": "8"}


@pytest.fixture
def source(alice: User) -> Video:
    """A finished video of alice's at the simulator, where everything is possible."""
    simulator = Backend.objects.for_environment()
    return VideoFactory(owner=alice, state=State.COMPLETED, backend=simulator, prompt="A paper boat")


def url_of(video: Video, verb: str) -> str:
    return reverse(f"videos:{verb}", args=[video.public_id])


def nothing_made(source: Video) -> bool:
    return not Video.objects.exclude(pk=source.pk).exists()


def joining_backend(**fields: object) -> Backend:
    """A backend in use that cannot extend, and takes a reference image."""
    backend = BackendFactory(name="Box", takes_reference=True, **fields)
    backend.models.set(VideoModel.objects.all())
    return backend


@pytest.mark.parametrize("verb", VERBS)
def test_the_page_shows_the_source_and_its_prompt(as_alice, source, verb):
    response = as_alice.get(url_of(source, verb))
    page = response.content.decode()
    assert response.status_code == 200
    assert f"{verb.capitalize()} this video" in page
    assert str(response.context["form"].description) in page
    assert f'src="{reverse("videos:file", args=[source.public_id])}"' in page
    assert "A paper boat</textarea>" in page
    assert ">$0.40</span>" in page
    assert "Free in demo" in page
    assert " style=" not in page
    assert nothing_made(source)


@pytest.mark.parametrize("verb", VERBS)
def test_it_makes_the_video_and_leads_to_it(
    as_alice, alice, source, verb, hints, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = as_alice.post(url_of(source, verb), {**DATA, "prompt": "Now\r\nwith snow"})

    made = Video.objects.exclude(pk=source.pk).get()
    assert response.url == made.get_absolute_url()
    assert (made.owner, made.kind, made.source, made.state) == (alice, KINDS[verb], source, State.QUEUED)
    assert made.prompt == "Now\nwith snow"
    assert made.seconds == (8 if verb == "extend" else 4)
    assert hints == [("submit", made.backend_id)]
    assert as_alice.get(response.url).status_code == 200
    source.refresh_from_db()
    assert (source.prompt, source.state) == ("A paper boat", State.COMPLETED)


@pytest.mark.parametrize("verb", VERBS)
def test_htmx_is_led_there_too(as_alice, source, verb):
    response = as_alice.post(url_of(source, verb), DATA, headers=HTMX)
    made = Video.objects.exclude(pk=source.pk).get()
    assert response["HX-Redirect"] == made.get_absolute_url()
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("prompt", ["", "  \n", "x" * 32_001, "a\x00b"])
def test_a_bad_prompt_is_told_at_the_field(as_alice, source, verb, prompt):
    response = as_alice.post(url_of(source, verb), {**DATA, "prompt": prompt})
    page = response.content.decode()
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"prompt"}
    assert 'id="prompt-error"' in page
    assert "<html" in page
    assert nothing_made(source)


def test_htmx_gets_only_the_form_back(as_alice, source):
    response = as_alice.post(url_of(source, "remix"), {"prompt": ""}, headers=HTMX)
    assert response.status_code == 422
    assert "<html" not in response.content.decode()
    assert 'id="derivation-form"' in response.content.decode()
    assert "hx-disabled-elt" in response.content.decode(), "a second press must not make a second video"


@pytest.mark.parametrize("seconds", ["", "0", "-4", "5", "x", "9" * 5000, "4.5"])
def test_a_length_that_is_not_offered_is_told_at_the_field(as_alice, source, seconds):
    response = as_alice.post(url_of(source, "extend"), {"prompt": "On and on", "seconds": seconds})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"seconds"}
    assert "On and on</textarea>" in response.content.decode()
    assert nothing_made(source)


def test_it_offers_the_lengths_with_their_prices(as_alice, source, monkeypatch):
    response = as_alice.get(url_of(source, "extend"))
    lengths = response.context["form"].lengths
    assert [(each.seconds, each.total_seconds, str(each.price)) for each in lengths] == [
        (4, 8, "$0.40"),
        (8, 12, "$0.80"),
        (12, 16, "$1.20"),
        (16, 20, "$1.60"),
        (20, 24, "$2.00"),
    ]
    assert [each.seconds for each in lengths if each.is_chosen] == [4]
    page = response.content.decode()
    assert json.loads(response.context["form"].prices_json)["8"] == {
        "1": "$0.80",
        "2": "$1.60",
        "3": "$2.40",
        "4": "$3.20",
    }
    assert "8 s: $0.80" not in page
    assert "Free in demo" in page
    monkeypatch.setattr(Backend, "is_free", False)
    assert "8 s: $0.80" in as_alice.get(url_of(source, "extend")).content.decode()


def test_the_button_says_the_price_of_what_was_chosen(as_alice, source):
    sent = {"prompt": "", "seconds": "12", "takes": "2"}
    page = as_alice.post(url_of(source, "extend"), sent).content.decode()
    assert re.search(r"data-price [^>]*>\$2\.40</span>", page)
    assert 'value="12" checked' in page


def test_there_is_no_price_where_the_catalogue_has_none(as_alice, source):
    VideoModel.objects.update(price_per_second={})
    for verb in VERBS:
        page = as_alice.get(url_of(source, verb)).content.decode()
        assert "$" not in page.replace('data-currency-sign="$"', "")
        assert re.search(r'data-price data-prices="\{\}" hidden>', page)


def test_it_says_who_extends(as_alice, alice, source):
    assert "Simulator extends the video itself." in as_alice.get(url_of(source, "extend")).content.decode()
    for knows, words in ((False, "cannot extend videos"), (None, "is not known to extend videos")):
        backend = joining_backend(base_url=f"http://{knows}.test/v1", can_extend=knows, position=1)
        video = VideoFactory(owner=alice, state=State.COMPLETED, backend=backend)
        page = as_alice.get(url_of(video, "extend")).content.decode()
        assert f"Box {words}, so it generates a continuation from the last frame" in page
        assert "Free in demo" not in page
        Backend.objects.filter(pk=backend.pk).update(enabled=False, name=f"Box {knows}")


def test_where_the_backend_is_left_another_goes_on(as_alice, alice, source):
    joining_backend()
    page = as_alice.get(url_of(source, "extend")).content.decode()
    assert "Simulator is not accepting new videos, so Box generates a continuation" in page
    as_alice.post(url_of(source, "extend"), DATA)
    made = Video.objects.exclude(pk=source.pk).get()
    assert (made.backend.name, made.concat_with_source) == ("Box", True)


@pytest.mark.parametrize(
    ("knows", "reason"), [(False, "cannot edit videos"), (None, "is not known to edit videos")]
)
def test_where_its_backend_cannot_another_edits(as_alice, source, knows, reason):
    """The page says so before, with that one's price."""
    dear, pro = BackendFactory(name="Dear", can_edit=True), VideoModel.objects.get(name="sora-2-pro")
    dear.models.set([pro])
    mute = BackendFactory(name="Mute", can_edit=knows)
    Video.objects.update(backend=mute)
    mute.models.set([VideoModel.objects.get(name="sora-2")])

    page = as_alice.get(url_of(source, "edit")).content.decode()
    as_alice.post(url_of(source, "edit"), DATA)

    assert f"Mute {reason}, so Dear is sent the file and edits it with {pro.label}." in page
    assert ">$1.20</span>" in page
    made = Video.objects.exclude(pk=source.pk).get()
    assert (made.backend, made.model, made.source) == (dear, "sora-2-pro", source)
    assert made.price == pro.price(4, source.size)


def test_an_edit_goes_to_no_other_backend_than_the_page_showed(as_alice, source):
    """The page showed the simulator, which is free; by the time it is sent, one that charges would edit."""
    terms = as_alice.get(url_of(source, "edit")).context["form"].terms
    dear = BackendFactory(name="Dear", can_edit=True)
    dear.models.set([VideoModel.objects.get(name="sora-2-pro")])

    refused = as_alice.post(url_of(source, "edit"), {**DATA, "accepted_terms": terms})

    assert refused.status_code == 422
    assert "Dear makes this video now, at $1.20" in refused.content.decode()
    assert nothing_made(source)
    as_alice.post(url_of(source, "edit"), {**DATA, "accepted_terms": refused.context["form"].terms})
    assert Video.objects.exclude(pk=source.pk).get().backend == dear


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", [State.QUEUED, State.IN_PROGRESS, State.FAILED, State.CANCELED])
def test_a_video_that_is_not_finished_cannot(as_alice, alice, verb, state):
    video = VideoFactory(owner=alice, state=state, backend=Backend.objects.for_environment())
    for response in (as_alice.get(url_of(video, verb)), as_alice.post(url_of(video, verb), DATA)):
        page = response.content.decode()
        assert response.status_code == 409
        assert f"You can only {verb} a completed video" in page
        assert f'href="{video.get_absolute_url()}"' in page
    assert nothing_made(video)


@pytest.mark.parametrize("verb", VERBS)
def test_a_backend_that_cannot_is_named(as_alice, alice, verb):
    backend = BackendFactory(name="Box", takes_reference=False)
    backend.models.set(VideoModel.objects.all())
    video = VideoFactory(owner=alice, state=State.COMPLETED, backend=backend)
    response = as_alice.get(url_of(video, verb))
    assert response.status_code == 409
    assert f"Box cannot {verb} this video." in response.content.decode()
    assert as_alice.post(url_of(video, verb), DATA).status_code == 409
    assert nothing_made(video)


def test_a_film_that_is_long_enough_says_so(as_alice, source):
    Video.objects.update(source_seconds=116)
    response = as_alice.get(url_of(source, "extend"))
    assert response.status_code == 409
    assert "120 s long" in response.content.decode()


def test_htmx_learns_by_a_new_page_that_it_is_not_possible_any_more(as_alice, source):
    Backend.objects.update(can_remix=False)
    url = url_of(source, "remix")
    assert as_alice.post(url, DATA, headers=HTMX)["HX-Redirect"] == url
    assert nothing_made(source)


def test_what_the_service_refuses_in_the_last_moment_is_told(as_alice, source, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise ValidationError({"video": "Too late."})

    monkeypatch.setattr("videos.services.paid_requests.remix_videos", refuse)
    response = as_alice.post(url_of(source, "remix"), DATA)
    assert response.status_code == 422
    assert "Too late." in response.content.decode()


@pytest.mark.parametrize("who", ["as_bob", "as_carol"])
@pytest.mark.parametrize("verb", VERBS)
def test_it_is_for_its_owner_only(request, source, who, verb):
    client = request.getfixturevalue(who)
    assert client.get(url_of(source, verb)).status_code == 404
    assert client.post(url_of(source, verb), DATA).status_code == 404
    assert client.post(url_of(source, verb), DATA, headers=HTMX).status_code == 404
    assert nothing_made(source)


@pytest.mark.parametrize("verb", VERBS)
def test_a_deleted_video_is_gone(as_alice, source, verb):
    Video.objects.update(deleted_at=timezone.now())
    assert as_alice.post(url_of(source, verb), DATA).status_code == 404
    assert nothing_made(source)


@pytest.mark.parametrize("verb", VERBS)
def test_it_is_for_those_who_are_signed_in(client, as_alice, source, verb):
    url = url_of(source, verb)
    assert client.get(url).url == f"{reverse('account_login')}?next={url}"
    assert client.post(url, DATA).url.startswith(reverse("account_login"))
    assert as_alice.put(url).status_code == as_alice.delete(url).status_code == 405
    assert nothing_made(source)


@pytest.mark.parametrize("verb", VERBS)
def test_it_needs_the_csrf_token(alice, source, verb):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(url_of(source, verb), DATA).status_code == 403
    assert nothing_made(source)


@pytest.mark.parametrize("verb", VERBS)
def test_several_takes_are_made_together_and_belong_together(as_alice, source, verb):
    response = as_alice.post(url_of(source, verb), {"prompt": "At night", "seconds": "4", "takes": "3"})
    made = list(Video.objects.filter(source=source).order_by("take"))
    assert [(each.take, each.takes) for each in made] == [(1, 3), (2, 3), (3, 3)]
    assert len({each.take_group for each in made}) == 1
    assert made[0].take_group is not None
    assert response.url == made[0].get_absolute_url()


@pytest.mark.parametrize("takes", ["0", "5", "x", "-1", "9" * 5000])
def test_no_other_number_of_takes_is_made(as_alice, source, takes):
    response = as_alice.post(url_of(source, "remix"), {"prompt": "At night", "takes": takes})
    assert (response.status_code, set(response.context["form"].errors)) == (422, {"takes"})
    assert nothing_made(source)


def test_the_changed_words_are_marked_before_it_is_sent(as_alice, source):
    Video.objects.filter(pk=source.pk).update(prompt="A boat on a rainy street")
    address = reverse("videos:prompt_difference", args=[source.public_id])
    page = as_alice.post(address, {"prompt": "A boat on a sunny street"}).content.decode()
    assert "<del>rainy</del>" in page
    assert "<ins>sunny</ins>" in page
    assert as_alice.post(address, {"prompt": "A boat on a rainy street"}).content.decode().strip() == ""
    assert "new prompt" in as_alice.post(address, {"prompt": "x" * 50_000}).content.decode()
    assert as_alice.get(address).status_code == 405


def test_the_source_loops_beside_the_form(as_alice, source):
    assert re.search(r"<video[^>]* loop muted", as_alice.get(url_of(source, "remix")).content.decode())


def test_what_was_refused_for_its_prompt_is_changed_there(as_alice, alice, source):
    failed = VideoFactory(
        owner=alice,
        state=State.FAILED,
        kind=Kind.REMIX,
        source=source,
        remixed_from=source.public_id,
        error_code="moderation_blocked",
        prompt="A boat in flames",
    )
    address = f"{url_of(source, 'remix')}?prompt_of={failed.public_id}"
    for page in (reverse("videos:studio"), reverse("videos:library"), failed.get_absolute_url()):
        assert f'href="{address}"' in as_alice.get(page).content.decode()
    assert "A boat in flames</textarea>" in as_alice.get(address).content.decode()
    other = VideoFactory(owner=alice, prompt="A stray prompt")
    stray = as_alice.get(f"{url_of(source, 'remix')}?prompt_of={other.public_id}").content.decode()
    assert "A stray prompt" not in stray
