"""Two managers decide at the same moment, in transactions of their own: one of them does."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.models import Role, User
from billing.models import LedgerLine
from tests.approvals.conftest import ask
from tests.factories import UserFactory
from videos.models import ApprovalRequest, Video
from videos.services.approvals import DecidedError, approve, decline, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_decisions_at_once_one_counts(alice: User):
    managers = [UserFactory(username=f"manager{number}", role=Role.MANAGER) for number in range(3)]
    approval = ask(alice)
    start = Barrier(4)

    def decide(decision) -> bool:
        start.wait()
        try:
            return decision() is not False
        except DecidedError:
            return False
        finally:
            connection.close()

    decisions = [
        lambda: approve(approval.public_id, managers[0]),
        lambda: approve(approval.public_id, managers[1]),
        lambda: decline(approval.public_id, managers[2], "No"),
        lambda: withdraw(approval),
    ]
    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(decide, decisions))
    assert outcomes.count(True) == 1
    approval.refresh_from_db()
    is_made = approval.state == "approved"
    assert Video.objects.count() == LedgerLine.objects.count() == int(is_made)
    assert is_made == any(outcomes[:2])
    assert ApprovalRequest.objects.count() == 1
