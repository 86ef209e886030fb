"""OpenRouter calls back when a job has ended: the studio looks at once, and believes nothing else of it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from tests.dialects.conftest import Start
from tests.dialects.hosted import OpenRouter
from videos.engine import poll
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "the signing secret of the workspace"


@pytest.fixture
def public(settings: Any, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the studio a public address; returns where it can be reached here."""
    settings.PUBLIC_URL = "https://studio.example.org"
    monkeypatch.setenv("BACKEND_KEY_HOOKS", SECRET)
    return str(live_server.url)


def is_due(video: Video) -> bool:
    return Video.objects.filter(pk=video.pk, due_at__lte=timezone.now()).exists()


def answered_long_ago(video: Video) -> None:
    Video.objects.filter(pk=video.pk).update(answered_at=timezone.now() - timedelta(minutes=1))


@pytest.mark.parametrize("secret", ["", SECRET])
def test_its_call_has_the_job_looked_at_now(start: Start, public: str, secret: str):
    studio = start(OpenRouter)
    Backend.objects.update(webhook_secret_env="BACKEND_KEY_HOOKS" if secret else "")
    video = studio.create(price=Decimal("0.40"))
    answered_long_ago(video)
    assert not is_due(video)
    studio.server.set("done")

    assert studio.server.call_back(studio.server.job, public, secret) == 202

    assert is_due(video)
    poll.poll_backend(studio.backend.pk)
    video = studio.store(video)
    assert (video.state, video.charged) == (State.COMPLETED, Decimal("0.42"))


def test_a_call_that_lies_is_not_believed(start: Start, public: str):
    """It says that the job is completed, and the service itself that it runs."""
    studio = start(OpenRouter)
    video = studio.create()
    studio.server.set("done")
    lie = studio.server.call_back(studio.server.job, public)
    studio.server.set("running")

    poll.poll_backend(studio.backend.pk)

    assert lie == 202
    assert Video.objects.get(pk=video.pk).state == State.IN_PROGRESS


def test_a_call_before_the_create_is_answered_does_no_harm(start: Start, public: str):
    class Hasty(OpenRouter):
        statuses: list[int] = []

        def create_reply(self, job: Any) -> Any:
            job.state = "done"
            self.statuses.append(self.call_back(job, public))
            return super().create_reply(job)

    studio = start(Hasty)

    video = studio.create()

    assert studio.server.statuses == [202]
    assert len(studio.server.creates) == 1
    assert studio.finish(video).state == State.COMPLETED


def test_a_call_with_another_secret_is_refused(start: Start, public: str):
    studio = start(OpenRouter)
    Backend.objects.update(webhook_secret_env="BACKEND_KEY_HOOKS")
    video = studio.create()
    answered_long_ago(video)

    assert studio.server.call_back(studio.server.job, public, "another") == 401
    assert studio.server.call_back(studio.server.job, public) == 401
    assert not is_due(video)


def test_it_is_told_where_to_call_of_each_video(start: Start, public: str):
    studio = start(OpenRouter)
    addresses = [urlsplit(job.fields["callback_url"]) for job in _jobs(studio, 2)]

    assert {f"{each.scheme}://{each.netloc}" for each in addresses} == {"https://studio.example.org"}
    assert len({each.path for each in addresses}) == 2


@pytest.mark.parametrize("url", ["", "http://studio.example.org"])
def test_without_a_public_address_with_https_none_is_told(start: Start, settings: Any, url: str):
    settings.PUBLIC_URL = url
    (job,) = _jobs(start(OpenRouter), 1)

    assert "callback_url" not in job.fields


def _jobs(studio: Any, count: int) -> list[Any]:
    for _ in range(count):
        studio.create()
    return list(studio.server.jobs.values())
