"""Two people against one budget, in ten threads and in several processes: never a cent over."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from billing.errors import BudgetExceededError
from billing.models import Budget, LedgerLine, Scope
from billing.targets import Target, set_budget
from tests.billing.money import assert_consistent, dollars, make, put_into, sums
from tests.billing.spend_concurrently import run
from tests.studio import wait_until
from videos import lifecycle
from videos.models import Backend, State, Video
from videos.models.values import Reason

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = Path(__file__).resolve().parents[2]
PRICE = Decimal("0.40")
LIMIT = dollars("5.00")  # 12 videos fit, and 20 cents are left


@pytest.fixture(autouse=True)
def _bounded(paid: Backend, alice: User, bob: User) -> None:
    set_budget(Target(Scope.STUDIO), "month", LIMIT)
    set_budget(Target(Scope.USER, user=alice), "day", dollars("4.00"))


def _assert_bounded(refused: int) -> None:
    reserved, spent = sums()
    assert reserved + spent <= LIMIT
    assert reserved + spent > LIMIT - PRICE, "what was left was too little for one more"
    assert refused > 0
    open_videos = Video.objects.filter(state=State.QUEUED).count()
    assert reserved == open_videos * PRICE, "no reservation is left of what was refused, canceled or failed"
    assert_consistent()


def test_ten_threads_spend_no_cent_too_much():
    refused = run("alice", 4, 5) + run("bob", 6, 5)
    _assert_bounded(refused)


def _database_url() -> str:
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    return (
        f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
    )


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": _database_url(),
        "DJANGO_SETTINGS_MODULE": "contentgen.settings",
        "ENV_FILE": "",
        "DATA_DIR": str(settings.DATA_DIR),
        "SECRET_KEY": "of-a-test-and-no-secret-at-all-0123456789",
    }


def _start_spender(name: str, count: int, threads: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.billing.spend_concurrently", name, str(count), str(threads)],
        env=_environment(),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_several_processes_spend_no_cent_too_much():
    spenders = [_start_spender(name, 6, 3) for name in ("alice", "bob", "bob")]
    outputs = [process.communicate(timeout=200)[0] for process in spenders]
    assert [process.returncode for process in spenders] == [0, 0, 0]
    _assert_bounded(sum(map(int, outputs)))


def test_spenders_that_are_killed_leave_nothing_reserved_once_their_videos_have_ended(
    alice: User, bob: User, carol: User
):
    """Two of three processes are killed while they spend, wherever they are. What they left is ended as
    people and the engine do it: canceled, or given up where a submission was under way.
    """
    set_budget(Target(Scope.STUDIO), "month", dollars("40.00"))
    set_budget(Target(Scope.USER, user=alice), "day", dollars("8.00"))
    spenders = [_start_spender(name, 25, 3) for name in ("alice", "bob", "bob")]
    wait_until(lambda: LedgerLine.objects.count() > 20 or spenders[0].poll() is not None)
    for killed in spenders[:2]:
        killed.kill()
        killed.communicate(timeout=60)
        assert killed.returncode == -9
    spenders[2].communicate(timeout=200)
    assert spenders[2].returncode == 0

    assert sum(sums()) <= dollars("40.00")
    assert_consistent()
    for video in Video.objects.exclude(state__in=[State.CANCELED, State.FAILED, State.IN_PROGRESS]):
        _end(video)
    assert sums()[0] == 0
    assert_consistent()


def _end(video: Video) -> None:
    if video.state == State.SUBMITTING and video.lease_token and video.attempted_at:
        reason = Reason("interrupted", "The worker died.")
        lifecycle.mark_uncertain(video.pk, video.lease_token, reason, due_at=video.attempted_at)
        lifecycle.await_decision(video.pk, reason, attempted_at=video.attempted_at)
    assert lifecycle.cancel(video.pk)


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_process_that_is_killed_leaves_no_reservation_without_a_video(alice: User, is_committed: bool):
    """What it was doing is rolled back with its transaction: video and reservation are one. Killed after
    that, between reserving and submitting, both stay, and whoever is next submits or cancels the video.
    """
    program = (
        "import django; django.setup()\n"
        "import os, signal\n"
        "from videos.engine import enqueue; enqueue.send = lambda *_: None\n"
        "from django.db import transaction\n"
        "from tests.billing.money import make\n"
        "from accounts.models import User\n"
        "with transaction.atomic():\n"
        "    make(User.objects.get(username='alice'))\n"
        f"{'' if is_committed else '    '}os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], env=_environment(), cwd=PROJECT, check=False)
    assert killed.returncode == -9
    assert Video.objects.count() == LedgerLine.objects.count() == int(is_committed)
    assert_consistent()
    for video in Video.objects.all():
        assert sums() == (PRICE, 0)
        assert lifecycle.cancel(video.pk)
    assert sums() == (0, 0)
    assert_consistent()


def test_a_budget_that_is_lowered_meanwhile_loses_nothing(bob: User):
    video = make(bob)
    budget = set_budget(Target(Scope.STUDIO), "month", dollars("0.10"))
    with pytest.raises(BudgetExceededError, match=r"has \$0.00 left"):
        make(bob)
    assert Budget.objects.get(pk=budget.pk).amount == dollars("0.10")
    assert lifecycle.cancel(video.pk), "what is on its way goes on, or is canceled"
    assert sums() == (0, 0)
    assert_consistent()


@pytest.mark.parametrize("is_bounded", [True, False])
def test_two_retries_at_once_are_one(alice: User, is_bounded: bool):
    if not is_bounded:
        Budget.objects.all().delete()
    video = make(alice)
    lifecycle.cancel(video.pk)
    put_into(video, State.FAILED, error_code="timed_out")
    barrier = Barrier(4)

    def retry(_: int) -> bool:
        barrier.wait()
        try:
            return lifecycle.retry(video.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(retry, range(4))) == [False, False, False, True]
    assert sums() == (PRICE, 0)
    assert_consistent()
