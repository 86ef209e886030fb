"""Small factories. A video is made in any state, with the fields that state implies."""

import secrets
from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from accounts.models import User
from videos.models import Backend, ReferenceImage, State, Video

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    password = factory.django.Password(PASSWORD)


class BackendFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Backend

    name = factory.Sequence(lambda n: f"Backend {n}")
    base_url = factory.Sequence(lambda n: f"http://backend{n}.test/v1")
    key_env = ""
    key_confirmed_for = factory.LazyAttribute(
        lambda row: Backend(key_env=row.key_env, base_url=row.base_url).key_destination
    )
    probed_at = factory.LazyFunction(timezone.now)


class ReferenceImageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReferenceImage

    owner = factory.SubFactory(UserFactory)
    content_type = "image/png"
    width = 1280
    height = 720
    sha256 = factory.Sequence(lambda n: f"{n:064x}")


def _state_fields(state: str, job_id: str) -> dict[str, Any]:
    """What the lifecycle would have written by the time a video is in `state`."""
    now = timezone.now()
    accepted = {
        "backend_job_id": job_id,
        "attempted_at": now - timedelta(seconds=60),
        "accepted_at": now - timedelta(seconds=59),
    }
    finished = {**accepted, "finished_at": now, "due_at": None}
    return {
        State.UNCERTAIN: {
            "attempted_at": now - timedelta(seconds=60),
            "unaccounted_since": now - timedelta(seconds=60),
        },
        State.IN_PROGRESS: accepted,
        State.STORING: {**accepted, "progress": 100, "generated_at": now},
        State.COMPLETED: {
            **finished,
            "progress": 100,
            "generated_at": now,
            "file": f"videos/test/{job_id}.mp4",
            "width": 1280,
            "height": 720,
            "duration": 4.0,
            "byte_count": 1000,
        },
        State.FAILED: {
            **finished,
            "error_code": "generation_failed",
            "error_message": "The backend could not make this video: it said no.",
        },
        State.CANCELED: {"finished_at": now, "due_at": None},
    }.get(State(state), {})


class VideoFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Video

    owner = factory.SubFactory(UserFactory)
    backend = factory.SubFactory(BackendFactory)
    prompt = factory.Sequence(lambda n: f"A paper boat number {n} on a rainy street")
    model = "sora-2"
    size = "1280x720"
    seconds = 4
    state = State.QUEUED

    @classmethod
    def _create(cls, model_class: type[Video], *args: Any, **kwargs: Any) -> Video:
        implied = _state_fields(kwargs["state"], f"job_{secrets.token_hex(6)}")
        return super()._create(model_class, *args, **{**implied, **kwargs})
