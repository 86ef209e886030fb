"""A worker keeps its connection to the database between tasks, as a web process does between requests."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_postrun, task_prerun, worker_init
from django.db import connection

from contentgen.celery import app

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(eq=False)
class _Task:
    request: SimpleNamespace
    name: str = "videos.dispatch"


def _run_task(*, is_eager: bool = False) -> None:
    """Tell Celery's own fixup for Django, and our receivers, of one task."""
    task: Any = _Task(SimpleNamespace(is_eager=is_eager))
    fixup = DjangoWorkerFixup(app)
    for signal, tell in ((task_prerun, fixup.on_task_prerun), (task_postrun, fixup.on_task_postrun)):
        tell(sender=task)
        signal.send(sender=task, task=task, args=())


@pytest.fixture
def opened() -> Any:
    connection.ensure_connection()
    connection.close_at = None  # it may be older than the tests before
    return connection.connection


def test_tasks_share_a_connection(opened: Any):
    _run_task()
    assert connection.connection is opened


@pytest.mark.parametrize("is_eager", [False, True])
def test_one_that_is_too_old_is_closed_but_not_within_a_request(opened: Any, is_eager: bool):
    connection.close_at = 0
    _run_task(is_eager=is_eager)
    assert (connection.connection is opened) == is_eager


def test_the_processes_of_a_pool_inherit_none(opened: Any):
    worker_init.send(sender=None)
    assert connection.connection is None
