"""DELETE /v1/videos/{id}."""

import pytest
from django.test import Client

from accounts.models import Scope, User
from tests.api.openai.conftest import Made, program
from videos.models import State


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED])
def test_a_finished_one(client: Client, made: Made, state: State):
    video = made(state=state)

    reply = client.delete(f"/v1/videos/{video.public_id}")

    assert reply.json() == {"id": video.public_id, "object": "video.deleted", "deleted": True}
    video.refresh_from_db()
    assert video.deleted_at is not None
    assert client.delete(f"/v1/videos/{video.public_id}").status_code == 404


def test_a_running_one_is_canceled_and_its_job_is_to_be_deleted(client: Client, made: Made):
    video = made(state=State.IN_PROGRESS)

    assert client.delete(f"/v1/videos/{video.public_id}").json()["deleted"] is True

    video.refresh_from_db()
    assert (video.state, video.deleted_at is None, video.delete_job_at is None) == (
        State.CANCELED,
        False,
        False,
    )


def test_nobody_else_deletes_it(stranger: Client, anyone: Client, alice: User, made: Made):
    video = made()

    assert stranger.delete(f"/v1/videos/{video.public_id}").status_code == 404
    assert anyone.delete(f"/v1/videos/{video.public_id}").status_code == 401
    assert program(alice, Scope.READ).delete(f"/v1/videos/{video.public_id}").status_code == 403
    video.refresh_from_db()
    assert video.deleted_at is None
