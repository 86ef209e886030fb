"""One refusal stops one video: only a refusal of the whole account pauses the backend for everybody."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from tests.dialects.conftest import Start
from tests.dialects.server import KEY, Dialect, Reply
from tests.dialects.servers import Guarded
from tests.dialects.studio import Studio
from tests.factories import VideoFactory
from videos.engine import poll
from videos.models import Backend, State, Video

WALL = Reply(403, b"<!doctype html><title>Attention Required!</title>", "text/html")
REFUSALS = {
    "one model": Reply(403, {"error": {"message": "Project has no access to sora-2-pro.", "code": "model"}}),
    "unverified organisation": Reply(403, {"error": {"message": "Your organization must be verified."}}),
    "the key that a gateway has for one provider": Reply(
        401, {"error": {"message": "litellm.AuthenticationError: upstream key", "code": "401"}}
    ),
    "a firewall that dislikes the prompt": WALL,
    "no words": Reply(403),
}


def _is_paused(studio: Studio) -> bool:
    backend = Backend.objects.get(pk=studio.backend.pk)
    return backend.paused_until is not None and backend.paused_until > timezone.now()


@pytest.mark.parametrize("reply", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_of_one_request_fails_that_video_alone(start: Start, reply: Reply):
    studio = start(Guarded)
    studio.server.next_reply["create"] = reply

    video = studio.create()
    other = studio.create(prompt="Somebody else's boat")

    assert video.state == State.FAILED
    assert video.error_code not in ("invalid_key", "blocked")
    assert "key is refused" not in video.error_message
    assert "refused this video" in video.error_message
    assert other.state == State.IN_PROGRESS
    assert not _is_paused(studio)
    assert len(studio.server.creates) == 2


def test_the_refusal_is_told_in_the_servers_own_words(start: Start):
    studio = start(Guarded)
    studio.server.next_reply["create"] = REFUSALS["unverified organisation"]
    video = studio.create()
    studio.server.next_reply["create"] = WALL
    walled = studio.create()

    assert video.error_message == "The backend refused this video: Your organization must be verified."
    assert "a web page, titled “Attention Required!” (HTTP 403)" in walled.error_message


def test_a_refused_key_pauses_the_backend_and_fails_nothing(start: Start):
    studio = start(Guarded)
    studio.server.refused_key = True

    video = studio.create()

    assert (video.state, video.error_code) == (State.QUEUED, "invalid_key")
    assert _is_paused(studio)
    assert len(studio.server.creates) == 1
    studio.server.refused_key = False
    assert studio.submit_again(video).state == State.IN_PROGRESS


def test_a_firewall_that_lets_nothing_through_is_not_called_a_refused_key(start: Start):
    studio = start(Guarded)
    studio.server.wall = WALL

    video = studio.create()

    assert (video.state, video.error_code) == (State.QUEUED, "blocked")
    assert "firewall" in video.error_message
    assert _is_paused(studio)


@pytest.mark.parametrize(("status", "state"), [(403, State.FAILED), (401, State.QUEUED)])
def test_a_server_that_anybody_may_read_proves_nothing_about_the_key(start: Start, status: int, state: State):
    """Then a 401 is believed to be about the key, as the standard has it, and a 403 about the request."""
    studio = start(Dialect)
    studio.server.next_reply["create"] = studio.server.error_reply(status, "Not for you.")

    assert studio.create().state == state


def test_the_check_of_the_key_is_free_and_shows_the_key_to_the_backend_alone(start: Start):
    studio = start(Guarded)
    studio.server.next_reply["create"] = REFUSALS["one model"]

    studio.create()

    checks = studio.server.requests[1:]
    assert {request.method for request in checks} == {"GET"}
    assert len(checks) <= 6
    assert {request.headers["Authorization"] for request in checks} == {f"Bearer {KEY}", None}


def _poll_all(studio: Studio) -> None:
    Video.objects.filter(state=State.IN_PROGRESS).update(due_at=timezone.now())
    poll.poll_backend(studio.backend.pk)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("is_alone", [False, True])
def test_a_refusal_of_one_jobs_status_defers_that_video_alone(start: Start, status: int, is_alone: bool):
    studio = start(Guarded)
    video = studio.create()
    if not is_alone:
        studio.create(prompt="Another")
    refuse = studio.server.error_reply(status, "This job is of another project.")
    plain: Callable[..., Reply] = studio.server.retrieve_reply
    studio.server.retrieve_reply = lambda job: refuse if job.id == video.backend_job_id else plain(job)

    _poll_all(studio)

    video.refresh_from_db()
    assert video.state == State.IN_PROGRESS
    assert "This job is of another project." in video.error_message
    assert "API key" not in video.error_message
    assert video.due_at > timezone.now()
    assert not _is_paused(studio)
    studio.server.retrieve_reply = plain
    assert studio.finish(video).state == State.COMPLETED


def test_a_key_that_is_refused_while_jobs_run_pauses_the_backend(start: Start):
    studio = start(Guarded)
    video = studio.create()
    studio.server.refused_key = True

    _poll_all(studio)

    video.refresh_from_db()
    assert (video.state, video.error_code) == (State.IN_PROGRESS, "invalid_key")
    assert _is_paused(studio)


NO_CREDIT = {
    "OpenAI": Reply(429, {"error": {"message": "You exceeded your quota.", "type": "insufficient_quota"}}),
    "OpenAI's hard limit": Reply(
        400, {"error": {"message": "Hard limit reached.", "code": "billing_hard_limit_reached"}}
    ),
    "new-api": Reply(403, {"error": {"message": "quota is not enough", "code": "insufficient_user_quota"}}),
    "LiteLLM handing it on": Reply(
        429, {"error": {"message": "litellm.RateLimitError: {'code': 'insufficient_quota'}", "code": "429"}}
    ),
    "LiteLLM's budget": Reply(400, {"error": {"message": "Budget exceeded!", "type": "budget_exceeded"}}),
    "402": Reply(402, b"Payment Required", "text/plain"),
}  # fmt: skip


@pytest.mark.parametrize("reply", NO_CREDIT.values(), ids=NO_CREDIT)
def test_an_account_out_of_credit_keeps_its_videos_queued_and_tells_staff(start: Start, reply: Reply):
    studio = start(Guarded)
    studio.server.next_reply["create"] = reply

    video = studio.create()

    assert (video.state, video.error_code) == (State.QUEUED, "out_of_credit")
    assert "slow down" not in video.error_message
    backend = Backend.objects.get(pk=studio.backend.pk)
    assert "out of credit" in backend.pause_reason
    assert (backend.paused_until - timezone.now()).total_seconds() > 200
    assert video.due_at > timezone.now()


def test_a_pause_for_want_of_credit_grows_and_starts_short_again_after_a_success(start: Start):
    studio = start(Guarded)
    pauses = []
    video = VideoFactory(backend=studio.backend)
    for _ in range(6):
        studio.server.next_reply["create"] = NO_CREDIT["402"]
        studio.submit_again(video)
        until = Backend.objects.get(pk=studio.backend.pk).paused_until
        pauses.append((until - timezone.now()).total_seconds())

    assert pauses[0] < 340 < 500 < pauses[1] < pauses[2] < pauses[3]
    assert max(pauses) < 4000
    studio.submit_again(video)
    assert Backend.objects.get(pk=studio.backend.pk).pause_count == 0


def test_a_prompt_about_money_does_not_look_like_an_empty_account(start: Start):
    studio = start(Guarded)
    words = "Invalid prompt: 'a wallet with insufficient funds, out of credit'"
    studio.server.next_reply["create"] = studio.server.error_reply(400, words)

    assert studio.create().state == State.FAILED
    assert not _is_paused(studio)
