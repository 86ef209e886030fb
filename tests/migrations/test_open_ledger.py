"""A studio that has videos opens its ledger with what is known of them, and the ledger agrees from then on."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from billing.models import LedgerLine
from tests import ledger
from tests.billing.money import assert_consistent, kinds, sums
from tests.factories import BackendFactory, UserFactory, VideoFactory
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db(transaction=True)

PRICE = Decimal("0.4000")


def _migrate(name: str) -> None:
    MigrationExecutor(connection).migrate([("billing", name)])


@pytest.fixture
def before() -> Iterator[None]:
    """The studio as it is before the ledger is opened."""
    _migrate("0002_append_only")
    ledger.allow_emptying()
    yield
    _open()


def _open() -> None:
    """Upgrade the studio, whose ledger has got more columns since, and with them its triggers anew."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("billing"))
    ledger.allow_emptying()


@pytest.fixture
def paid(before) -> Backend:
    return BackendFactory(name="Paid")


def test_what_is_known_is_written_down(paid: Backend):
    queued = VideoFactory(backend=paid, price=PRICE)
    running = VideoFactory(backend=paid, price=PRICE, state=State.IN_PROGRESS)
    told = VideoFactory(backend=paid, price=PRICE, state=State.COMPLETED, charged=Decimal("0.55"))
    failed = VideoFactory(backend=paid, price=PRICE, state=State.FAILED)
    late = VideoFactory(backend=paid, price=PRICE, state=State.FAILED, error_code="timed_out")
    unpriced = VideoFactory(backend=paid, state=State.COMPLETED)
    canceled = VideoFactory(backend=paid, price=PRICE, state=State.CANCELED)

    _open()

    opened = "ledger_opened"
    assert kinds(queued) == [f"1 reserve {opened}"]
    assert kinds(running) == [f"1 reserve {opened}", f"1 charge {opened}"]
    assert kinds(told)[-1] == f"1 adjust {opened}"
    assert kinds(failed)[-1] == f"1 release {opened}"
    assert LedgerLine.objects.get(video_id=late.pk, kind="charge").confirms is False
    assert not LedgerLine.objects.get(video_id=unpriced.pk, kind="charge").is_priced
    assert kinds(canceled) == []
    assert LedgerLine.objects.get(video_id=running.pk, kind="charge").at == running.accepted_at
    assert sums() == (PRICE, 2 * PRICE + Decimal("0.55"))
    assert_consistent()


def test_what_a_simulator_made_costs_nothing(before):
    simulator = BackendFactory(name="Sim", service="simulator")
    VideoFactory(backend=simulator, price=PRICE, state=State.COMPLETED)
    _open()
    assert not LedgerLine.objects.exists()
    assert_consistent()


def test_it_can_be_stopped_and_goes_on(paid: Backend, monkeypatch: pytest.MonkeyPatch):
    owner = UserFactory()
    videos = [VideoFactory(owner=owner, backend=paid, price=PRICE) for _ in range(7)]
    from importlib import import_module

    migration = import_module("billing.migrations.0003_open_ledger")
    monkeypatch.setattr(migration, "BATCH_SIZE", 3)
    _open()
    first = list(LedgerLine.objects.order_by("pk").values_list("pk", flat=True))
    _migrate("0002_append_only")
    ledger.allow_emptying()
    videos.append(VideoFactory(owner=owner, backend=paid, price=PRICE))
    _open()
    assert list(LedgerLine.objects.order_by("pk").values_list("pk", flat=True))[:7] == first
    assert LedgerLine.objects.count() == len(videos) == Video.objects.count()
    call_command("check_ledger")
