"""What hosted services do beyond the protocol: their price, their filters, their refusals, their files."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from tests.dialects.conftest import Start, StartStorage
from tests.dialects.hosted import HOSTED, Gemini, HostedDialect, OpenRouter, Together
from tests.dialects.server import KEY, FakeJob, RecordedRequest, Reply
from tests.factories import ReferenceImageFactory
from videos.backends.drivers import gemini, openrouter, together
from videos.backends.errors import RefusedError
from videos.backends.requests import CreateRequest, ReferenceFile
from videos.engine import clients
from videos.engine.request_images import ImageFiles
from videos.models import Backend, State
from videos.services.backends import probe_backend

every_service = pytest.mark.parametrize("dialect", HOSTED)
PRICED = [OpenRouter, Together]


def _pause_of(backend: Backend) -> Backend:
    found = Backend.objects.get(pk=backend.pk)
    assert found.paused_until is not None
    assert found.paused_until > timezone.now()
    return found


# --- The true price ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", PRICED)
def test_what_the_service_charged_is_the_cost_of_the_video(start: Start, dialect: type[HostedDialect]):
    studio = start(dialect)

    video = studio.finish(studio.create(price=Decimal("0.40")))

    assert (video.state, video.price, video.charged) == (State.COMPLETED, Decimal("0.4"), Decimal("0.42"))
    assert (video.cost, video.cost_difference) == (Decimal("0.42"), Decimal("0.02"))


@every_service
@pytest.mark.parametrize("cost", [None, "much", -1, True, float("nan"), 1e300, {}])
def test_a_price_that_is_none_leaves_the_estimate(start: Start, dialect: type[HostedDialect], cost: object):
    studio = start(dialect)
    studio.server.cost = cost

    video = studio.finish(studio.create(price=Decimal("0.40")))

    assert (video.state, video.charged, video.cost) == (State.COMPLETED, None, Decimal("0.4"))
    assert video.cost_difference is None


def test_a_free_job_cost_nothing(start: Start):
    studio = start(OpenRouter)
    studio.server.cost = 0

    assert studio.finish(studio.create(price=Decimal("0.40"))).cost == 0


def test_with_a_key_at_the_maker_the_services_figure_is_not_the_whole_cost(start: Start):
    class OwnKey(OpenRouter):
        def job_body(self, job: FakeJob) -> dict[str, Any]:
            body = super().job_body(job)
            return body | ({"usage": {**body["usage"], "is_byok": True}} if "usage" in body else {})

    studio = start(OwnKey)

    assert studio.finish(studio.create()).charged is None


def test_a_job_that_failed_may_have_cost_something(start: Start):
    class Charging(OpenRouter):
        def job_body(self, job: FakeJob) -> dict[str, Any]:
            return super().job_body(job) | {"usage": {"cost": 0.1}}

    studio = start(Charging)
    video = studio.create()
    studio.server.set("failed")

    assert studio.poll(video).charged == Decimal("0.1")


# --- Refusals, in the service's own words ------------------------------------------------------------------


@every_service
def test_a_safety_filter_is_told_as_one(start: Start, dialect: type[HostedDialect]):
    studio = start(dialect)
    video = studio.create()
    studio.server.filter()

    video = studio.poll(video)

    assert (video.state, video.error_code) == (State.FAILED, "moderation_blocked")
    assert "content filter" in video.error_message
    assert dialect.safety_words in video.error_message


def test_a_prompt_that_is_flagged_at_once_is_told_as_that(start: Start):
    studio = start(OpenRouter)
    words = "google/veo-3.1 requires moderation. Your input was flagged for violence."
    studio.server.next_reply["create"] = studio.server.error_reply(403, words)

    video = studio.create()

    assert (video.state, video.error_code) == (State.FAILED, "moderation_blocked")
    assert words in video.error_message
    assert Backend.objects.get(pk=studio.backend.pk).paused_until is None


@every_service
def test_an_empty_account_keeps_the_videos_and_tells_staff(start: Start, dialect: type[HostedDialect]):
    studio = start(dialect)
    studio.server.next_reply["create"] = reply = studio.server.credit_reply()

    video = studio.create()

    assert (video.state, video.error_code) == (State.QUEUED, "out_of_credit")
    assert "out of credit" in _pause_of(studio.backend).pause_reason
    assert len(studio.server.creates) == 1
    words = "Insufficient credits" if reply.status == 402 else "credits are depleted"
    assert words in _pause_of(studio.backend).pause_reason
    assert studio.submit_again(video).state == State.IN_PROGRESS


@every_service
def test_a_refused_key_pauses_the_backend_and_fails_nothing(start: Start, dialect: type[HostedDialect]):
    studio = start(dialect)
    studio.server.refused_key = True

    video = studio.create()

    assert (video.state, video.error_code) == (State.QUEUED, "invalid_key")
    assert KEY not in video.error_message + video.error_detail + _pause_of(studio.backend).pause_reason
    studio.server.refused_key = False
    assert studio.submit_again(video).state == State.IN_PROGRESS


@every_service
@pytest.mark.parametrize("words", ["API key not valid", "a shop sign: enable billing, credits are depleted"])
def test_a_prompt_that_is_quoted_stops_nobody_elses_video(
    start: Start, dialect: type[HostedDialect], words: str
):
    studio = start(dialect)
    studio.server.next_reply["create"] = studio.server.error_reply(400, f"Invalid prompt: “{words}”")

    video = studio.create()

    assert video.state == State.FAILED
    assert video.error_code not in ("invalid_key", "out_of_credit")
    assert Backend.objects.get(pk=studio.backend.pk).paused_until is None


@every_service
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_one_request_fails_that_video_alone(
    start: Start, dialect: type[HostedDialect], status: int
):
    studio = start(dialect)
    studio.server.next_reply["create"] = Reply(status, {"error": {"message": "Not with this account."}})

    video = studio.create()

    assert (video.state, video.error_message) == (
        State.FAILED,
        "The backend refused this video: Not with this account.",
    )
    assert studio.create().state == State.IN_PROGRESS


@every_service
def test_an_unknown_model_is_told_as_that(start: Start, dialect: type[HostedDialect]):
    studio = start(dialect)
    studio.server.next_reply["create"] = reply = studio.server.unknown_model_reply()

    video = studio.create()

    assert (video.state, video.error_code) == (State.FAILED, "not_served")
    assert reply.body["error"]["message"] in video.error_message
    assert len(studio.server.creates) == 1


def test_gemini_is_not_asked_for_a_size_that_it_has_no_words_for(start: Start):
    studio = start(Gemini)

    video = studio.create(size="1024x1792")

    assert (video.state, video.error_code) == (State.FAILED, "bad_request")
    assert "1024x1792" in video.error_message
    assert not studio.server.creates


@every_service
def test_a_result_that_has_expired_is_told_as_gone(start: Start, dialect: type[HostedDialect]):
    studio = start(dialect)
    video = studio.create()
    studio.server.set("done")
    video = studio.poll(video)
    studio.server.next_reply["content"] = Reply(410, {"error": {"message": "This output has expired."}})

    video = studio.store(video)

    assert (video.state, video.error_code) == (State.FAILED, "gone")
    assert "This output has expired." in video.error_message
    assert len(studio.server.creates) == 1


@pytest.mark.parametrize("word", ["expired", "cancelled"])
def test_a_job_that_ended_without_a_video_is_failed_by_its_word(start: Start, word: str):
    class Ended(OpenRouter):
        def status(self, job: FakeJob) -> str:
            return word

        def create_reply(self, job: FakeJob) -> Reply:
            return Reply(202, {"id": job.id, "polling_url": "/", "status": "pending"})

    studio = start(Ended)

    video = studio.poll(studio.create())

    assert (video.state, video.error_code) == (State.FAILED, word)


# --- Outages -----------------------------------------------------------------------------------------------


@every_service
def test_a_service_that_breaks_while_it_is_asked_is_never_asked_twice(
    start: Start, dialect: type[HostedDialect]
):
    studio = start(dialect)
    studio.server.next_reply["create"] = studio.server.error_reply(503, "Try again later.")

    video = studio.reconcile(studio.create())

    assert video.needs_decision
    assert len(studio.server.creates) == 1


@every_service
def test_an_outage_while_a_job_runs_is_waited_for(start: Start, dialect: type[HostedDialect]):
    studio = start(dialect)
    video = studio.create()
    studio.server.next_reply["retrieve"] = studio.server.error_reply(503, "Down for a moment.")

    video = studio.poll(video)

    assert (video.state, video.error_code) == (State.IN_PROGRESS, "server_error")
    assert studio.finish(video).state == State.COMPLETED


@every_service
@pytest.mark.parametrize("reply", [Reply(200, b"<html>", "text/html"), Reply(200, []), Reply(200, {"id": 7})])
def test_garbage_instead_of_a_job_is_waited_for(start: Start, dialect: type[HostedDialect], reply: Reply):
    studio = start(dialect)
    video = studio.create()
    studio.server.next_reply["retrieve"] = reply

    video = studio.poll(video)

    assert (video.state, video.error_code) == (State.IN_PROGRESS, "bad_reply")
    assert studio.finish(video).state == State.COMPLETED


# --- Files and images --------------------------------------------------------------------------------------


@every_service
def test_a_file_elsewhere_is_fetched_without_the_key(
    start: Start, dialect: type[HostedDialect], start_storage: StartStorage, mp4: bytes
):
    studio = start(dialect)
    address, asked = start_storage(mp4)
    studio.server.content_reply = lambda *_: Reply(302, b"", headers={"Location": address})

    video = studio.finish(studio.create())

    assert video.state == State.COMPLETED
    (request,) = asked
    assert KEY not in str(request.headers)


def _image_of(dialect: type[HostedDialect], request: RecordedRequest) -> str:
    if dialect is OpenRouter:
        (frame,) = request.fields["frame_images"]
        assert frame["frame_type"] == "first_frame"
        return str(frame["image_url"]["url"])
    if dialect is Together:
        (frame,) = request.fields["media"]["frame_images"]
        assert frame["frame"] == "first"
        return str(frame["input_image"])
    image, _ = request.fields["input"][0]["content"]
    return f"data:{image['mime_type']};base64,{image['data']}"


@every_service
def test_a_reference_image_is_the_first_frame(
    start: Start, dialect: type[HostedDialect], monkeypatch: pytest.MonkeyPatch
):
    studio = start(dialect)
    monkeypatch.setattr("videos.engine.submit.read_images", lambda _: ImageFiles(_image(b"\x89PNG")))

    studio.create(reference=ReferenceImageFactory())

    (created,) = studio.server.creates
    assert _image_of(dialect, created) == "data:image/png;base64,iVBORw=="


def _image(content: bytes) -> ReferenceFile:
    return ReferenceFile("image.png", content, "image/png")


def _sent(dialect: type[HostedDialect], images: ImageFiles) -> dict[str, Any]:
    """What the driver of this service sends for these images, each of them one byte long."""
    body = {"openrouter": openrouter.create_body, "together": together.create_body}.get(
        dialect.service, gemini.create_arguments
    )
    request = CreateRequest(
        "A fox",
        "some/model",
        8,
        "1280x720",
        images.reference,
        last_frame=images.last_frame,
        references=images.references,
    )
    return body(request)


A, B, C, D = (_image(letter) for letter in (b"a", b"b", b"c", b"d"))


def test_each_service_is_told_in_its_own_words_which_frame_is_the_last():
    frames = ImageFiles(A, B)

    assert _sent(OpenRouter, frames)["frame_images"] == [
        {"type": "image_url", "image_url": {"url": A.data_url}, "frame_type": "first_frame"},
        {"type": "image_url", "image_url": {"url": B.data_url}, "frame_type": "last_frame"},
    ]
    assert _sent(Together, frames)["media"] == {
        "frame_images": [
            {"input_image": A.data_url, "frame": "first"},
            {"input_image": B.data_url, "frame": "last"},
        ]
    }
    asked = _sent(Gemini, frames)
    assert [part.get("data", part.get("text")) for part in asked["input"]] == ["YQ==", "Yg==", "A fox"]
    assert asked["generation_config"] == {"video_config": {"task": "image_to_video"}}


def test_each_service_is_sent_the_references_in_order():
    images = ImageFiles(references=(C, D))

    assert _sent(OpenRouter, images)["input_references"] == [
        {"type": "image_url", "image_url": {"url": each.data_url}} for each in (C, D)
    ]
    assert "frame_images" not in _sent(OpenRouter, images)
    assert _sent(Together, images)["media"] == {"reference_images": [C.data_url, D.data_url]}
    asked = _sent(Gemini, images)
    assert [part.get("data", part.get("text")) for part in asked["input"]] == ["Yw==", "ZA==", "A fox"]
    assert asked["generation_config"] == {"video_config": {"task": "reference_to_video"}}


def test_gemini_takes_frames_or_references_and_never_guesses_which():
    with pytest.raises(RefusedError, match="either a first and last frame or references"):
        _sent(Gemini, ImageFiles(A, references=(C,)))


# --- The probe ---------------------------------------------------------------------------------------------


@every_service
def test_a_probe_is_free_and_finds_out_what_the_service_can(start: Start, dialect: type[HostedDialect]):
    studio = start(dialect)

    report = probe_backend(studio.backend, by="a test")

    assert report.problem == ""
    assert report.models == tuple(model.name for model in report.catalogue) != ()
    studio.backend.refresh_from_db()
    assert (studio.backend.can_list, studio.backend.can_delete) == (False, dialect.can_delete)
    assert studio.backend.in_private_network is True
    assert {request.method for request in studio.server.requests} == {"GET"}


@every_service
def test_a_probe_with_a_wrong_key_says_so(start: Start, dialect: type[HostedDialect]):
    studio = start(dialect)
    studio.server.refused_key = True

    assert "refuses the key" in probe_backend(studio.backend, by="a test").problem


@every_service
def test_a_probe_of_something_else_is_a_sentence(start: Start, dialect: type[HostedDialect]):
    class Page(dialect):
        def answer(self, request: RecordedRequest) -> Reply:
            return Reply(200, b"<!doctype html><title>Welcome</title>", "text/html")

    assert "cannot be understood" in probe_backend(start(Page).backend, by="a test").problem


def test_without_its_package_gemini_says_how_to_add_it(start: Start, monkeypatch: pytest.MonkeyPatch):
    studio = start(Gemini)
    monkeypatch.setattr("videos.backends.drivers.gemini.is_installed", lambda: False)

    assert "pip install -r requirements-gemini.txt" in probe_backend(studio.backend, by="a test").problem
    video = studio.create()

    assert (video.state, video.error_code) == (State.QUEUED, "missing_package")
    assert "requirements-gemini.txt" in video.error_message
    assert not studio.server.creates


def test_a_service_that_nobody_has_a_driver_for_keeps_its_videos(start: Start):
    studio = start(OpenRouter)
    Backend.objects.filter(pk=studio.backend.pk).update(service="telepathy")

    video = studio.create()

    assert (video.state, video.error_code) == (State.QUEUED, "unknown_driver")
    assert replace(clients.connection_for(Backend.objects.get()), api_key="").service == "telepathy"
