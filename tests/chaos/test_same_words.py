"""kill -9 right after the backend accepted, where the same words are sent for several people or takes: nobody
is given another's video, and nothing is billed twice.
"""

from io import BytesIO
from uuid import uuid4

import pytest
from django.conf import settings
from PIL import Image

from accounts.models import User
from tests.chaos.conftest import Studio
from tests.factories import UserFactory, VideoFactory
from videos.media.reference import open_reference
from videos.models import ReferenceImage, State, Video
from videos.services.references import keep_reference


@pytest.fixture
def prompt(studio: Studio) -> str:
    """Words in no way like those of other tests: a job with most of them could be one of these videos'."""
    studio.video.delete()
    return f"{uuid4().hex} {uuid4().hex}"


def _image(owner: User, colour: str) -> ReferenceImage:
    content = BytesIO()
    Image.new("RGB", (64, 36), colour).save(content, "PNG")
    return keep_reference(owner, open_reference(content.getvalue(), max_bytes=settings.MAX_FILE_SIZE))


def _submit(
    studio: Studio, prompt: str, colour: str, *, killed: bool = True, owner: User | None = None
) -> Video:
    """Create a video and submit it; a worker that is killed was answered, but wrote nothing down."""
    owner = owner or UserFactory()
    studio.video = VideoFactory(
        backend=studio.backend, owner=owner, prompt=prompt, reference=_image(owner, colour)
    )
    if killed:
        studio.kill_worker("submit", step="accepted")
        assert studio.video.state == State.SUBMITTING
    else:
        studio.run_task("submit")
    return studio.video


def _jobs(studio: Studio, prompt: str) -> list[str]:
    """The billed jobs, in the order in which their requests were sent."""
    return [entry["id"] for entry in studio.control.ledger() if entry["prompt"] == prompt]


def test_two_people_whose_answers_are_both_lost_decide_and_get_neither(studio: Studio, prompt: str):
    rows = [_submit(studio, prompt, colour) for colour in ("red", "blue")]

    studio.recover()

    for row in rows:
        row.refresh_from_db()
        assert row.needs_decision
        assert row.backend_job_id == ""
        assert row.candidates.count() == 2
        assert all(candidate.may_be_anothers for candidate in row.candidates.all())
    assert len(_jobs(studio, prompt)) == 2


@pytest.mark.parametrize("lost", [0, 1])
def test_of_two_people_the_one_whose_answer_is_lost_gets_the_own_video(
    studio: Studio, prompt: str, lost: int
):
    rows = [_submit(studio, prompt, colour, killed=n == lost) for n, colour in enumerate(("red", "blue"))]

    studio.recover()

    for row in rows:
        row.refresh_from_db()
    assert [row.backend_job_id for row in rows] == _jobs(studio, prompt)
    assert {row.state for row in rows} == {State.COMPLETED}


def test_one_persons_two_images_are_not_mixed_up(studio: Studio, prompt: str):
    owner = UserFactory()
    rows = [_submit(studio, prompt, colour, owner=owner) for colour in ("red", "blue")]

    studio.recover()

    for row in rows:
        row.refresh_from_db()
        assert row.needs_decision
    assert len(_jobs(studio, prompt)) == 2


def test_takes_of_one_request_get_a_job_each(studio: Studio, prompt: str):
    owner = UserFactory()
    rows = [_submit(studio, prompt, "red", owner=owner) for _ in range(4)]
    assert len({row.reference_id for row in rows}) == 1

    studio.recover()

    for row in rows:
        row.refresh_from_db()
    jobs = _jobs(studio, prompt)
    assert len(jobs) == 4
    assert {row.backend_job_id for row in rows} == set(jobs)


def test_where_keys_are_honoured_everybody_gets_the_own_video(studio: Studio, prompt: str):
    """Both answers are lost, and the list could not tell the two apart."""
    studio.control.set_quirks(honours_idempotency_key=True)
    studio.backend.honours_idempotency_key = True
    studio.backend.save()
    rows = [_submit(studio, prompt, colour) for colour in ("red", "blue")]

    studio.recover()

    for row in rows:
        row.refresh_from_db()
        assert row.state == State.COMPLETED
    assert [row.backend_job_id for row in rows] == _jobs(studio, prompt)


@pytest.mark.parametrize(
    "misreport",
    [
        {"absent": ["prompt"], "add_seconds": 1},
        {"rename_model": "prod/{model}"},
        {"cut_prompt": 20},
        {"normalise_prompt": ["lower", "punctuation"], "round_size": 32},
        {"add_seconds": 1},
    ],
    ids=["sglang", "renames", "cuts", "normalises", "rounds"],
)
@pytest.mark.parametrize("step", ["claimed", "accepted"])
def test_a_list_that_lies_bills_nothing_twice(studio: Studio, prompt: str, misreport: dict, step: str):
    """It lies about all jobs alike: of one that lies now and then, the honest lines are taken for a proof."""
    studio.control.set_quirks(misreports=[{"on": ["list"], **misreport}])
    studio.video = VideoFactory(backend=studio.backend, prompt=prompt)
    studio.kill_worker("submit", step=step)

    studio.recover()

    jobs = _jobs(studio, prompt)
    if step == "accepted":
        assert len(jobs) == 1
        assert studio.video.needs_decision or studio.video.backend_job_id == jobs[0]
    else:
        assert studio.video.needs_decision or [studio.video.backend_job_id] == jobs


@pytest.mark.parametrize("offset", [-3600, 3600])
@pytest.mark.parametrize("step", ["claimed", "accepted"])
def test_a_clock_that_is_an_hour_off_bills_nothing_twice(studio: Studio, offset: int, step: str):
    """The backend's jobs seem to be from before the attempt, or from the future."""
    Video.objects.all().delete()  # what is known from before the clock was wrong
    studio.control.set_quirks(clock_offset=offset)
    prompt = f"{uuid4().hex} {uuid4().hex}"  # in no way like those of other tests
    studio.video = VideoFactory(backend=studio.backend, prompt=f"Known: {uuid4().hex}")
    studio.run_task("submit")
    studio.video = VideoFactory(backend=studio.backend, prompt=prompt)
    studio.kill_worker("submit", step=step)

    studio.recover()

    assert studio.video.state == State.COMPLETED
    assert _jobs(studio, prompt) == [studio.video.backend_job_id]
