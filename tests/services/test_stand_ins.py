"""One model at two backends: while the first is paused, another stands in for it if it is set to."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.api.rest.conftest import client_of
from tests.factories import BackendFactory, ReferenceImageFactory, VideoFactory
from tests.views.page import GOOD, HTMX, picture, upload
from videos.api.idempotency import compute_fingerprint
from videos.api.rest.create import ParsedRequest
from videos.api.rest.schemas import GenerateIn
from videos.capabilities import available_offers
from videos.models import Backend, Character, ReferenceImage, State, Video, VideoModel
from videos.services.derivations import extend_video
from videos.services.generation_requests import GenerationRequest
from videos.services.held_videos import move_queued_videos
from videos.services.terms import terms_of
from videos.services.video_actions import retry_video
from videos.services.videos import create_video, create_videos

pytestmark = pytest.mark.django_db

REQUEST = GenerationRequest("A paper boat", "sora-2", 4, "1280x720")
STUDIO = reverse("videos:studio")
UNTIL = datetime(2100, 1, 1, 14, 5, tzinfo=timezone.get_default_timezone())


def serving(name: str, **fields: object) -> Backend:
    backend: Backend = BackendFactory(name=name, **fields)
    backend.models.set(VideoModel.objects.filter(name="sora-2"))
    return backend


@pytest.fixture
def first(db: None) -> Backend:
    return serving("First", position=0)


@pytest.fixture
def second(first: Backend) -> Backend:
    return serving("Second", position=1, stands_in=True)


def pause(*backends: Backend) -> None:
    until = {"paused_until": UNTIL, "pause_reason": "It is out of credit."}
    Backend.objects.filter(pk__in=[backend.pk for backend in backends]).update(**until)


def resume(*backends: Backend) -> None:
    Backend.objects.filter(pk__in=[backend.pk for backend in backends]).update(paused_until=None)


def maker(alice: User, **fields: Any) -> str:
    return create_video(alice, replace(REQUEST, **fields)).backend.name


# --- Which backend makes a new video -----------------------------------------------------------------------


def test_new_videos_go_to_the_next_while_the_first_is_paused(alice: User, first: Backend, second: Backend):
    assert maker(alice) == "First"
    pause(first)
    assert maker(alice) == "Second"
    resume(first)
    assert maker(alice) == "First"


def test_it_is_off_unless_somebody_sets_it(alice: User, first: Backend, second: Backend):
    pause(first)
    for off in (None, False):
        Backend.objects.filter(pk=second.pk).update(stands_in=off)
        assert maker(alice) == "First"


def test_by_itself_only_a_free_one_stands_in_for_a_free_one(alice: User):
    one = serving("First", service="simulator")
    serving("Second", service="simulator", position=1)
    pause(one)
    assert maker(alice) == "Second"

    Backend.objects.filter(pk=one.pk).update(service="videos-api")
    assert maker(alice) == "First", "patterns are no videos"


def test_a_pause_that_is_over_is_none(alice: User, first: Backend, second: Backend):
    Backend.objects.filter(pk=first.pk).update(paused_until=timezone.now() - timedelta(seconds=1))
    assert maker(alice) == "First"


def test_where_all_are_paused_it_waits_for_the_first(alice: User, first: Backend, second: Backend):
    pause(first, second)
    assert maker(alice) == "First"


def test_the_order_is_that_of_the_positions(alice: User, first: Backend, second: Backend):
    serving("Third", position=2, stands_in=True)
    serving("Switched off", position=1, stands_in=True, enabled=False)
    pause(first)
    assert maker(alice) == "Second"
    pause(second)
    assert maker(alice) == "Third"


def test_what_was_asked_for_before_stays_where_it_is(alice: User, first: Backend, second: Backend):
    states = [State.QUEUED, State.SUBMITTING, State.UNCERTAIN, State.IN_PROGRESS, State.FAILED]
    videos = [VideoFactory(owner=alice, backend=first, state=state) for state in states]
    pause(first)

    create_video(alice, REQUEST)
    assert retry_video(videos[-1])

    assert {video.backend_id for video in Video.objects.filter(pk__in=[v.pk for v in videos])} == {first.pk}


def test_staff_move_what_is_queued(alice: User, first: Backend, second: Backend):
    queued = create_video(alice, REQUEST)
    pause(first)

    assert move_queued_videos(first).moved == {"Second": 1}

    queued.refresh_from_db()
    assert queued.backend == second


# --- The same parameters -----------------------------------------------------------------------------------


def test_an_image_goes_to_one_that_takes_it(alice: User, first: Backend, second: Backend):
    Backend.objects.filter(pk=second.pk).update(takes_reference=False)
    pause(first)
    image = ReferenceImageFactory(owner=alice)
    assert (maker(alice), maker(alice, reference=image)) == ("Second", "First")

    serving("Third", position=2, stands_in=True)
    assert maker(alice, reference=image) == "Third"


def test_where_none_takes_an_image_the_refusal_names_the_first(alice: User, first: Backend, second: Backend):
    Backend.objects.update(takes_reference=False)
    pause(first)

    with pytest.raises(ValidationError, match="on First does not support reference images"):
        maker(alice, reference=ReferenceImageFactory(owner=alice))


def test_a_character_goes_to_the_backend_that_has_it(alice: User, first: Backend, second: Backend):
    Backend.objects.update(can_characters=True)
    character = Character.objects.create(
        owner=alice, backend=first, name="Fox", backend_character_id="char_1"
    )
    pause(first)

    assert maker(alice, characters=(character,)) == "First"
    page = Client()
    page.force_login(alice)
    assert "Fox" in page.get(STUDIO).content.decode()


def test_an_extension_from_the_last_frame_goes_to_the_next(alice: User, first: Backend, second: Backend):
    pause(first)
    source = VideoFactory(owner=alice, backend=first, state=State.COMPLETED)

    video = extend_video(alice, source, "It goes on", 4)

    assert (video.backend, video.concat_with_source) == (second, True)


# --- Nobody pays what no page has shown --------------------------------------------------------------------


@pytest.fixture
def priced(first: Backend, second: Backend) -> None:
    """The first backend's price is known, the second one's is learned, and another."""
    VideoModel.objects.update(price_per_second={})
    for amount, backend in (("0.40", first), ("1.20", second)):
        fields = {"backend": backend, "state": State.COMPLETED, "charged": Decimal(amount)}
        VideoFactory.create_batch(3, **fields)


def form_of(page: str) -> dict[str, str]:
    names = ("accepted_terms", "form_key")
    return {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in names}


def test_the_page_says_which_and_at_what_price(as_alice: Client, first: Backend, priced: None):
    assert "about $0.40" in as_alice.get(STUDIO).content.decode()
    pause(first)

    page = as_alice.get(STUDIO).content.decode()

    assert "Second makes videos with Sora 2 while First is paused until 01 January, 14:05." in page
    assert "about $1.20" in page
    assert "about $0.40" not in page


def test_a_page_from_before_the_pause_asks_again(as_alice: Client, first: Backend, priced: None):
    shown = form_of(as_alice.get(STUDIO).content.decode())
    pause(first)

    refused = as_alice.post(STUDIO, {**GOOD, **shown}, headers=HTMX)

    assert refused.status_code == 422
    page = refused.content.decode()
    assert "While First is paused until 01 January, 14:05, Second makes this video now" in page
    assert "now, at about $1.20, estimated from 3 videos, and that is not" in page
    assert "data-price>about $1.20</span>" in page
    assert not Video.objects.filter(state=State.QUEUED).exists()

    accepted = as_alice.post(STUDIO, {**GOOD, **form_of(page)}, headers=HTMX)

    assert accepted.status_code == 200
    assert Video.objects.get(state=State.QUEUED).backend.name == "Second"


def test_a_page_from_the_pause_asks_again_after_it(as_alice: Client, first: Backend, priced: None):
    pause(first)
    shown = form_of(as_alice.get(STUDIO).content.decode())
    resume(first)

    refused = as_alice.post(STUDIO, {**GOOD, **shown})

    assert refused.status_code == 422
    assert "First makes this video now, at about $0.40," in refused.content.decode()
    assert not Video.objects.filter(state=State.QUEUED).exists()


def test_a_changed_price_of_the_catalogue_asks_again(as_alice: Client, first: Backend):
    VideoModel.objects.update(price_per_second={"*": "0.10"})
    shown = form_of(as_alice.get(STUDIO).content.decode())
    VideoModel.objects.update(price_per_second={"*": "0.90"})

    refused = as_alice.post(STUDIO, {**GOOD, **shown})

    assert refused.status_code == 422
    assert "First makes this video now, at $3.60," in refused.content.decode()
    assert not Video.objects.exists()


def test_the_backend_may_pause_between_the_checks_too(
    alice: User, as_alice: Client, first: Backend, priced: None, monkeypatch: pytest.MonkeyPatch
):
    """After the form was found valid, and before the rows are written."""
    shown = form_of(as_alice.get(STUDIO).content.decode())
    plain = create_videos

    def late(*args: Any) -> list[Video]:
        pause(first)
        return plain(*args)

    monkeypatch.setattr("videos.services.paid_requests.create_videos", late)

    assert as_alice.post(STUDIO, {**GOOD, **shown}).status_code == 422
    assert not Video.objects.filter(state=State.QUEUED).exists()


def test_a_refused_form_keeps_no_upload(as_alice: Client, first: Backend, priced: None):
    shown = form_of(as_alice.get(STUDIO).content.decode())
    pause(first)

    sent = {**GOOD, **shown, "input_reference": upload(picture())}
    assert as_alice.post(STUDIO, sent).status_code == 422
    assert not ReferenceImage.objects.exists()


def test_an_image_that_only_the_paused_one_takes_is_asked_about(
    as_alice: Client, first: Backend, second: Backend, priced: None
):
    Backend.objects.filter(pk=second.pk).update(takes_reference=False)
    pause(first)
    shown = form_of(as_alice.get(STUDIO).content.decode())
    image = ReferenceImageFactory(owner=User.objects.get(username="alice"))
    sent = {**GOOD, "reference": image.public_id}

    page = as_alice.post(STUDIO, {**sent, **shown}).content.decode()
    assert "First, which is paused until 01 January, 14:05, makes this video now, at about $0.40" in page

    assert as_alice.post(STUDIO, {**sent, **form_of(page)}).status_code == 302
    assert Video.objects.get(state=State.QUEUED).backend == first


def test_a_form_that_was_carried_out_is_not_asked_about(as_alice: Client, first: Backend, priced: None):
    """The reply was lost, the backend paused meanwhile, and the browser sends the form once more."""
    sent = {**GOOD, **form_of(as_alice.get(STUDIO).content.decode())}
    as_alice.post(STUDIO, sent)
    pause(first)

    assert as_alice.post(STUDIO, sent).status_code == 302
    assert Video.objects.get(state=State.QUEUED).backend == first


def test_a_free_backend_asks_nobody(as_alice: Client):
    one = serving("First", service="simulator")
    serving("Second", service="simulator", position=1)
    shown = form_of(as_alice.get(STUDIO).content.decode())
    pause(one)

    assert as_alice.post(STUDIO, {**GOOD, **shown}).status_code == 302
    assert Video.objects.get().backend.name == "Second"


@pytest.mark.parametrize("nonsense", ["", "x", "\x00", "0" * 5000, "é ü"])
def test_terms_that_no_page_showed_are_refused_or_none(as_alice: Client, first: Backend, nonsense: str):
    response = as_alice.post(STUDIO, {**GOOD, "accepted_terms": nonsense})

    assert response.status_code == (302 if not nonsense else 422)


def test_an_extension_asks_again_too(alice: User, as_alice: Client, first: Backend, priced: None):
    source = VideoFactory(owner=alice, backend=first, state=State.COMPLETED, file="videos/x/video.mp4")
    url = reverse("videos:extend", args=[source.public_id])
    shown = form_of(as_alice.get(url).content.decode())
    pause(first)
    sent = {"prompt": "It goes on", "seconds": "4"}

    refused = as_alice.post(url, {**sent, **shown})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "Second makes this video now, at about $1.20" in page
    assert "First is paused until 01 January, 14:05." in page

    assert as_alice.post(url, {**sent, **form_of(page)}).status_code == 302
    assert Video.objects.get(state=State.QUEUED).backend.name == "Second"


# --- Programs ----------------------------------------------------------------------------------------------


def test_programs_are_told_who_stands_in(alice: User, first: Backend, second: Backend):
    pause(first)

    (model,) = client_of(alice).get("/api/v1/models").json()["data"]

    assert model["backend"]["name"] == "Second"
    assert model["stands_in_for"] == {"name": "First", "paused_until": int(UNTIL.timestamp())}


def test_a_program_may_name_the_backend_that_it_means(alice: User, first: Backend, second: Backend):
    program, body = client_of(alice), {"prompt": "A boat", "model": "sora-2"}

    def generate(name: str) -> Any:
        sent = {**body, "backend": name}
        return program.post("/api/v1/videos/generate", sent, content_type="application/json")

    assert generate("First").status_code == 200
    pause(first)

    refused = generate("First")

    assert refused.status_code == 422
    assert refused.json()["error"]["param"] == "backend"
    sentence = "While First is paused until 01 January, 14:05, Second makes this video now, not First."
    assert refused.json()["error"]["message"] == sentence
    assert generate("Second").status_code == 200
    assert [video.backend for video in Video.objects.order_by("pk")] == [first, second]


def test_a_request_that_names_no_backend_is_the_same_as_before_there_was_that_field(alice: User):
    """A key of an earlier release is honored for days: the request has the fingerprint that it had then."""
    fields = {"prompt": "A boat", "model": "sora-2", "seconds": 4, "size": "1280x720"}
    then = compute_fingerprint("generate", {**fields, "fit": "crop", "characters": []}, {})

    assert ParsedRequest(GenerateIn(**fields), {}).fingerprint == then
    assert ParsedRequest(GenerateIn(**fields, backend="First"), {}).fingerprint != then


def test_v1_goes_the_same_way(alice: User, first: Backend, second: Backend):
    pause(first)

    response = client_of(alice).post("/v1/videos", {"prompt": "A boat"}, content_type="application/json")

    assert response.status_code == 200
    assert Video.objects.get().backend == second
    (listed,) = client_of(alice).get("/v1/models").json()["data"]
    assert listed["owned_by"] == "Second"


def test_a_dry_run_says_who_makes_it(
    alice: User, first: Backend, second: Backend, tmp_path: Any, capsys: Any
):
    pause(first)
    path = tmp_path / "batch.csv"
    path.write_text("prompt\nA\nB\n")

    call_command("generate_batch", str(path), user="alice", dry_run=True)

    ran = capsys.readouterr()
    assert ran.out.splitlines()[1].split()[-1] == "Second"
    pause_told = "While First is paused until 01 January, 14:05, Second makes these videos."
    assert f"sora-2: {pause_told}" in ran.err


def _learn(backend: Backend, amount: str) -> None:
    """Have the backend charge so much for its latest videos."""
    for each in caches.all(initialized_only=True):
        each.clear()
    VideoFactory.create_batch(30, backend=backend, state=State.COMPLETED, charged=Decimal(amount))


@pytest.mark.parametrize(("amount", "is_asked"), [("0.30", False), ("0.40", False), ("0.41", True)])
def test_a_dearer_price_that_was_learned_meanwhile_asks_again(
    as_alice: Client, first: Backend, priced: None, amount: str, is_asked: bool
):
    shown = form_of(as_alice.get(STUDIO).content.decode())
    _learn(first, amount)

    answer = as_alice.post(STUDIO, {**GOOD, **shown})

    assert answer.status_code == (422 if is_asked else 302)
    assert Video.objects.filter(state=State.QUEUED).exists() is not is_asked
    if is_asked:
        page = answer.content.decode()
        assert "First makes this video now, at about $0.41, estimated from 30 videos, and that is not" in page
        assert as_alice.post(STUDIO, {**GOOD, **form_of(page)}).status_code == 302


def test_a_page_that_knew_no_price_is_no_consent_to_one_that_was_learned_since(
    as_alice: Client, first: Backend
):
    VideoModel.objects.update(price_per_second={})
    shown = form_of(as_alice.get(STUDIO).content.decode())
    _learn(first, "0.40")

    assert as_alice.post(STUDIO, {**GOOD, **shown}).status_code == 422
    assert not Video.objects.filter(state=State.QUEUED).exists()


@pytest.mark.parametrize("rate", ["", "x", "NaN", "Infinity", "-1", "1e9", "9" * 50, "٣"])
def test_nonsense_is_no_price_that_was_shown(as_alice: Client, first: Backend, priced: None, rate: str):
    terms = terms_of(available_offers()["sora-2"]).partition(":")[0]

    answer = as_alice.post(STUDIO, {**GOOD, "accepted_terms": f"{terms}:1280x720={rate}"})

    assert answer.status_code == 422
