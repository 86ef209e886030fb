"""The sweep compares ledger and videos a part at a time: it tells staff, and repairs nothing."""

import logging
from decimal import Decimal
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing.models import Discrepancy, LedgerLine
from tests.billing.conftest import paid as paid
from tests.billing.money import make, put_into
from tests.billing.steps import accept
from tests.factories import VideoFactory
from tests.ledger import spoil
from videos import lifecycle
from videos.engine import ledger_check, sweep
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _paid(paid: Backend) -> Backend:
    return paid


def _check() -> list[str]:
    cache.delete("ledger-check")
    ledger_check.check_next_window()
    return list(Discrepancy.objects.values_list("sentence", flat=True))


def _gone(owner: User) -> Video:
    """A video whose row is gone without a word to the ledger."""
    video = make(owner)
    Video.objects.filter(pk=video.pk).delete()
    return video


def test_all_is_well(alice: User):
    make(alice)
    accept(make(alice))

    assert _check() == []


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (State.CANCELED, "is canceled, and something is still reserved for it."),
        (State.COMPLETED, "is completed, and something is still reserved for it."),
        (State.FAILED, "is failed, and something is still reserved for it."),
    ],
)
def test_a_reservation_that_outlives_its_video(alice: User, state: State, sentence: str):
    video = put_into(make(alice), state)

    assert f"{video.public_id}: {sentence}" in _check()


def test_a_reservation_of_a_video_that_is_gone(alice: User):
    video = _gone(alice)

    assert _check() == [f"{video.public_id}: is gone, and something is still reserved for it."]


def test_a_video_that_nothing_is_reserved_for(alice: User, paid: Backend):
    video = VideoFactory(owner=alice, backend=paid, state=State.QUEUED, price=Decimal("0.40"))

    assert _check() == [f"{video.public_id}: is queued, and nothing is reserved for it."]


def test_a_video_that_nothing_is_charged_for(alice: User, paid: Backend):
    fields = {"state": State.COMPLETED, "backend_job_id": "j", "price": Decimal("0.40")}
    video = VideoFactory(owner=alice, backend=paid, **fields)

    (sentence,) = _check()

    assert (
        sentence
        == f"{video.public_id}: was accepted by a backend that charges, and nothing is charged for it."
    )


def test_what_was_made_while_its_backend_was_free_of_charge_needs_no_line(alice: User, paid: Backend):
    Backend.objects.update(costs_nothing=True)
    accept(make(alice))
    Backend.objects.update(costs_nothing=False)

    assert _check() == []


def test_a_line_that_was_changed(alice: User):
    video = accept(make(alice))
    spoil("reserved", video.pk)

    assert any(
        sentence.startswith(f"{video.public_id}, attempt 1: has ended, and $0.01") for sentence in _check()
    )


def test_it_repairs_nothing_and_says_so_in_the_log(alice: User, caplog: pytest.LogCaptureFixture):
    video = _gone(alice)
    lines = list(LedgerLine.objects.values())

    with caplog.at_level(logging.CRITICAL):
        _check()
        _check()

    assert list(LedgerLine.objects.values()) == lines
    told = [record.getMessage() for record in caplog.records]
    sentence = f"{video.public_id}: is gone, and something is still reserved for it."
    assert told == [f"The ledger does not fit the videos: {sentence}"], "once, not each time"


def test_staff_see_it_until_it_fits(alice: User, as_carol: Client):
    video = put_into(make(alice), State.FAILED)
    _check()
    assert "The ledger does not fit the videos." in (page := as_carol.get("/admin/").content.decode())
    assert f"{video.public_id}: is failed, and something is still reserved for it." in page

    put_into(video, State.QUEUED)
    _check()

    assert "The ledger does not fit" not in as_carol.get("/admin/").content.decode()
    assert not Discrepancy.objects.exists()


def test_staff_see_a_few_and_how_many_more(as_carol: Client):
    Discrepancy.objects.bulk_create(Discrepancy(video_id=n, sentence=f"Sentence {n}.") for n in range(12))

    page = as_carol.get("/admin/").content.decode()

    assert "Sentence 4." in page
    assert "Sentence 5." not in page
    assert "And 7 more." in page


def test_the_sweep_checks_once_in_a_while(alice: User):
    _gone(alice)
    sweep.sweep()
    assert Discrepancy.objects.count() == 1
    _gone(alice)

    sweep.sweep()

    assert Discrepancy.objects.count() == 1, "not at each sweep"


def test_every_part_has_its_turn_and_the_newest_each_time(alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger_check, "WINDOW", 2)
    first, *_ = [_gone(alice) for _ in range(7)]
    cache.set("ledger-check-place", first.pk // 2 * 2)
    found = [len(_check()) for _ in range(6)]

    assert found[0] < 7
    assert found == sorted(found)
    assert found[-1] == 7
    assert _check() == list(Discrepancy.objects.values_list("sentence", flat=True)), "and it begins anew"


def test_more_videos_take_no_more_queries(alice: User):
    def count() -> int:
        cache.delete("ledger-check")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ledger_check.check_next_window()
        return len(captured)

    accept(make(alice))
    before = count()
    for number in range(20):
        accept(make(alice), f"job_{number + 2}")
    cache.delete("ledger-check-place")

    assert count() == before


def test_no_more_is_kept_than_staff_can_read(alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger_check, "MAX_KEPT", 3)
    for _ in range(5):
        _gone(alice)

    assert len(_check()) == 3


def test_the_command_names_all_parts_and_fails(alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger_check, "WINDOW", 2)
    videos = [_gone(alice) for _ in range(5)]
    out = StringIO()

    with pytest.raises(CommandError, match=r"5 contradictions\. Nothing was changed"):
        call_command("check_ledger", stdout=out)

    assert [line.partition(":")[0] for line in out.getvalue().splitlines()] == [v.public_id for v in videos]


def test_a_video_that_changes_at_this_moment_is_looked_at_once_more(
    alice: User, monkeypatch: pytest.MonkeyPatch
):
    """Its lines were read before it was canceled, its row after that."""
    video = make(alice)
    group_lines = ledger_check.group_lines

    def late(lines: object) -> object:
        found = group_lines(lines)
        lifecycle.cancel(video.pk)
        return found

    monkeypatch.setattr(ledger_check, "group_lines", late)

    assert _check() == []
