"""The check of a chaos run can fail: each kind of violation is planted once in a run that is in order."""

import hashlib
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from accounts.models import User
from billing import ledger
from billing.models import LedgerLine
from tests.chaos.checker import Checker, Ledger, Report
from tests.chaos.claims import record_claims, recorded_claims
from tests.chaos.decisions import Deciders
from tests.chaos.simulators import BilledJob, Simulators
from tests.chaos.small_videos import video_content
from tests.chaos.users import Requested, Users
from tests.factories import BackendFactory, UserFactory, VideoFactory
from tests.ledger import spoil
from videos import lifecycle
from videos.engine import dispatch
from videos.models import State, Video, VideoModel

WORDS = "A lantern over the sea at night"
PRICE = Decimal("0.40")


class Run:
    """A run that has ended, with a video each of two people who used the same words and different images."""

    def __init__(self, folder: Path, people: list[User]) -> None:
        self.folder = folder
        self.users = Users(random.Random(1))
        self.deciders = Deciders(Simulators([]), random.Random(1))
        self.claims: dict[str, int] = {}
        self.jobs: list[BilledJob] = []
        self.videos = [self.add(owner, image) for owner, image in zip(people, ("red", "blue"), strict=True)]

    def add(self, owner: User, image: str) -> Video:
        """Add a completed video with its job and its file."""
        job = self.bill(image, owner)
        content = video_content(job.id)
        video = VideoFactory(
            owner=owner,
            prompt=WORDS,
            state=State.COMPLETED,
            backend_job_id=job.id,
            byte_count=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            file=default_storage.save(f"{job.id}.mp4", ContentFile(content)),
            price=PRICE,
        )
        with transaction.atomic():
            lifecycle.log_created([video])
            lifecycle.reserve([video])
            ledger.charge(video.pk, transition="accepted")
        self.claims[job.idempotency_key or ""] = video.pk
        self.users.requested[video.pk] = Requested(
            owner.pk, "create", WORDS, "sora-2", "1280x720", 4, reference=image
        )
        return video

    def bill(self, image: str, owner: User) -> BilledJob:
        """Add a job to the ledger, which nobody has claimed yet."""
        number = len(self.jobs)
        path = self.folder / f"{number}.mp4"
        job = BilledJob(f"video_{number:032d}", f"key-{number}-{owner.pk}", WORDS, image, path, PRICE)
        path.write_bytes(video_content(job.id))
        self.jobs.append(job)
        return job

    def check(self) -> Report:
        ledger = Ledger(self.jobs, lambda job_id: "completed")
        return Checker(self.users, self.deciders, ledger, self.claims).check()

    def exchange_jobs(self) -> None:
        """Give each of the two videos the job and the file of the other."""
        one, other = self.videos
        fields = ("backend_job_id", "file", "sha256", "byte_count")
        ours, theirs = ({name: getattr(video, name) for name in fields} for video in self.videos)
        Video.objects.filter(pk=one.pk).update(backend_job_id="")
        Video.objects.filter(pk=other.pk).update(**ours)
        Video.objects.filter(pk=one.pk).update(**theirs)


@pytest.fixture
def finished_run(tmp_path: Path, alice: User, bob: User) -> Run:
    (tmp_path / "simulator").mkdir()
    return Run(tmp_path / "simulator", [alice, bob])


def test_a_run_in_order_passes(finished_run: Run):
    report = finished_run.check()

    assert report.violations == []
    assert str(report) == (
        "lost 0, billed twice 0, wrong owner 0, stuck 0, wrong state 0, asked needlessly 0, wrong money 0"
    )


def test_a_video_with_the_job_of_another_person_is_a_wrong_owner(finished_run: Run):
    """Both files are whole, and nothing in the database says that they were exchanged."""
    finished_run.exchange_jobs()

    report = finished_run.check()

    assert len(report.wrong_owner) == 2
    assert not report.passed


def test_one_persons_two_images_must_not_be_mixed_up_either(finished_run: Run, alice: User):
    finished_run.videos[1] = finished_run.add(alice, "green")
    finished_run.exchange_jobs()

    assert len(finished_run.check().wrong_owner) == 2


def test_takes_of_one_request_are_exchangeable(finished_run: Run, alice: User):
    finished_run.videos[1] = finished_run.add(alice, "red")
    finished_run.exchange_jobs()

    assert finished_run.check().violations == []


def test_a_job_made_of_another_image_is_a_wrong_owner_whatever_its_key_says(finished_run: Run):
    finished_run.jobs[0] = replace(finished_run.jobs[0], reference="blue")

    assert len(finished_run.check().wrong_owner) == 1


def test_a_remix_has_the_image_of_its_source(finished_run: Run, alice: User):
    remix = finished_run.add(alice, "red")
    request = finished_run.users.requested[remix.pk]
    finished_run.users.requested[remix.pk] = replace(
        request, kind="remix", source=finished_run.videos[0].pk, reference=None
    )
    assert finished_run.check().violations == []

    finished_run.users.requested[remix.pk] = replace(
        request, kind="remix", source=finished_run.videos[1].pk, reference=None
    )
    assert len(finished_run.check().wrong_owner) == 1


def test_a_source_that_was_sent_as_a_file_does_not_hide_whose_job_it_is(finished_run: Run):
    job = finished_run.jobs[0]
    finished_run.jobs[0] = replace(job, idempotency_key=f"{job.idempotency_key}-file")

    assert finished_run.check().violations == []


def test_a_second_job_for_a_video_is_billed_twice(finished_run: Run, alice: User):
    second = finished_run.bill("red", alice)
    finished_run.claims[second.idempotency_key or ""] = finished_run.videos[0].pk

    report = finished_run.check()

    assert len(report.billed_twice) == 1
    assert len(report.lost) == 1, "nobody has the second one"


def test_a_second_job_of_two_takes_is_billed_twice(finished_run: Run, alice: User):
    take = finished_run.add(alice, "red")
    second = finished_run.bill("red", alice)
    finished_run.claims[second.idempotency_key or ""] = take.pk

    assert len(finished_run.check().billed_twice) == 1


def test_a_job_that_nobody_claimed_is_lost(finished_run: Run, alice: User):
    finished_run.bill("red", alice)

    assert len(finished_run.check().lost) == 1


def test_the_file_of_another_job_is_lost(finished_run: Run):
    name = finished_run.videos[0].file.name
    default_storage.delete(name)
    default_storage.save(name, ContentFile(video_content("video_of_somebody_else")))

    assert len(finished_run.check().lost) == 1


def test_a_question_that_nobody_answered_is_stuck(finished_run: Run):
    Video.objects.filter(pk=finished_run.videos[0].pk).update(state=State.UNCERTAIN, due_at=None)

    assert len(finished_run.check().stuck) == 1


def test_a_question_about_a_proof_is_counted(finished_run: Run):
    finished_run.deciders.needless.add(finished_run.videos[0].pk)

    report = finished_run.check()

    assert len(report.asked_needlessly) == 1
    assert not report.passed


@pytest.mark.django_db(transaction=True)
def test_each_claim_is_recorded_with_its_key():
    """A later attempt overwrites the key in the row, not in the record."""
    video = VideoFactory()
    record_claims()
    try:
        keys = []
        for _ in range(2):
            claim = dispatch.claim_next(video.backend_id)
            video.refresh_from_db()
            keys.append(video.idempotency_key)
            Video.objects.filter(pk=video.pk).update(state=State.QUEUED, lease_token=None)

        assert claim is not None
        assert len(set(keys)) == 2
        assert recorded_claims() == dict.fromkeys(keys, video.pk)
    finally:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("DROP FUNCTION chaos_claim CASCADE")
            else:
                cursor.execute("DROP TRIGGER chaos_claims")
            cursor.execute("DROP TABLE chaos_claims")


def test_a_job_that_costs_more_than_was_charged_is_wrong_money(finished_run: Run):
    finished_run.jobs[0] = replace(finished_run.jobs[0], price=PRICE + Decimal("0.01"))

    report = finished_run.check()

    assert len(report.wrong_money) == 2, "of its request, and of all"
    assert not report.passed


def test_a_reservation_that_is_left_over_is_wrong_money(finished_run: Run):
    with transaction.atomic():
        lifecycle.reserve([finished_run.videos[0]], transition="retried")

    assert finished_run.check().wrong_money


def test_a_line_that_was_changed_by_a_cent_is_wrong_money(finished_run: Run):
    spoil("spent", finished_run.videos[0].pk)

    assert len(finished_run.check().wrong_money) == 2, "of its request, and of all"


def test_a_charge_that_nobody_billed_is_wrong_money(finished_run: Run):
    with transaction.atomic():
        ledger.charge_surplus(finished_run.videos[0].pk)

    assert len(finished_run.check().wrong_money) == 2


def test_staff_takes_back_what_is_unconfirmed_and_was_never_billed(finished_run: Run):
    """It was submitted again, and nobody learned what became of the first time."""
    video = finished_run.videos[0]
    with transaction.atomic():
        lifecycle.reserve([video], transition="submitted_again")
        ledger.give_up(video.pk, transition="given_up")
    ended = Ledger(finished_run.jobs, lambda job_id: "completed")
    check = Checker(finished_run.users, finished_run.deciders, ended, finished_run.claims)
    assert len(finished_run.check().wrong_money) == 2

    assert check.release_unbilled() == 1

    assert check.check().wrong_money == []
    assert LedgerLine.objects.latest("pk").decided_by == "staff"


def test_staff_takes_nothing_back_that_was_billed(finished_run: Run):
    with transaction.atomic():
        ledger.doubt(finished_run.videos[0].pk, transition="timed_out")
    ended = Ledger(finished_run.jobs, lambda job_id: "completed")
    check = Checker(finished_run.users, finished_run.deciders, ended, finished_run.claims)

    assert check.release_unbilled() == 0

    assert check.check().wrong_money == []


@pytest.mark.parametrize(("budget", "refused", "count"), [("0.79", 1, 1), ("0.80", 1, 0), ("0.80", 0, 1)])
def test_a_budget_that_is_passed_or_never_refuses_is_wrong_money(
    finished_run: Run, budget: str, refused: int, count: int
):
    finished_run.users.budget, finished_run.users.refused = Decimal(budget), refused

    assert len(finished_run.check().wrong_money) == count


def test_a_budget_that_had_been_passed_meanwhile_is_wrong_money(finished_run: Run):
    finished_run.users.budget, finished_run.users.refused = Decimal(9), 1
    finished_run.users.overspent.append("1.60 of a budget of 1.20")

    assert len(finished_run.check().wrong_money) == 1


def test_whoever_is_refused_raises_the_budget_and_goes_on(paid_studio: Users):
    paid_studio.bound_by_budget(10)  # one video of $0.40 fits

    paid_studio.request_videos(3)

    assert len(paid_studio.requested) == 3
    assert paid_studio.refused >= 2
    assert paid_studio.overspent == []


@pytest.fixture
def paid_studio(db: None) -> Users:
    users = Users(random.Random(1), models=["sora-2"])
    users.owners = [UserFactory()]
    VideoModel.objects.get(name="sora-2").backends.set([BackendFactory()])
    VideoModel.objects.update(price_per_second={"*": "0.10"})
    return users
